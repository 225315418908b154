import { isTrustworthyUrl } from "../core/address.ts";
import { entriesAt, isRecord, textAt, valueAt } from "./access.ts";
import type { Fault, Path } from "./config-error.ts";
import { checkMtls } from "./proxy-identity.ts";

const ROOT: Path = ["authentication"];
const ISSUERS: Path = [...ROOT, "tokens", "issuers"];
/** Ways to show who one is. */
const METHODS = ["tokens", "api_keys", "mtls", "proxy_jwt"] as const;
/** Stand before ids of principals that no issuer named. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  "key",
  "spiffe",
  "mtls",
  "proxy",
  "anonymous",
]);
/** Carry something else, or are written by others on the way. */
const TAKEN_HEADER =
  /^(?:authorization|cookie|host|connection|te|trailer|upgrade|keep-alive|expect|accept|accept-encoding|origin|last-event-id|transfer-encoding|content-.*|mcp-.*|x-zta-.*|x-envoy-.*|x-forwarded-.*|x-request-id|proxy-.*)$/i;

/** What the schema cannot say of `authentication`, and of what servers are shown. */
export function checkAuthentication(root: unknown, servers: readonly string[]): readonly Fault[] {
  return [
    ...checkAnonymous(root),
    ...entriesAt(root, ISSUERS).flatMap(([name, issuer]) => checkIssuer(name, issuer)),
    ...checkIssuersDiffer(root),
    ...checkApiKeys(root),
    ...checkMtls(root),
    ...servers.flatMap((id) => checkUpstream(root, id)),
  ];
}

function checkAnonymous(root: unknown): Fault[] {
  if (textAt(root, [...ROOT, "anonymous"]) !== "deny") return [];
  if (METHODS.some((name) => valueAt(root, [...ROOT, name]) !== undefined)) return [];
  const remedy = `add ${METHODS.map((name) => `authentication.${name}`).join(" or ")}`;
  return [wrong([...ROOT, "anonymous"], "would let nobody in", remedy)];
}

function checkIssuer(name: string, issuer: unknown): Fault[] {
  if (!isRecord(issuer)) return [];
  const at: Path = [...ISSUERS, name];
  const faults: Fault[] = [];
  if (RESERVED_NAMES.has(name)) {
    faults.push({ ...wrong(at, "is taken", "choose another name"), target: "key" });
  }
  for (const setting of ["issuer", "jwks_uri"]) {
    const url = issuer[setting];
    if (typeof url !== "string" || isTrustworthyUrl(url)) continue;
    faults.push(wrong([...at, setting], "can be changed on the way", "use https"));
  }
  if (issuer.jwks_file === undefined) return faults;
  for (const setting of ["jwks_uri", "ca_file", "jwks_token_file"]) {
    if (issuer[setting] === undefined) continue;
    faults.push(wrong([...at, setting], "has no effect beside jwks_file", "remove one of them"));
  }
  return faults;
}

function checkIssuersDiffer(root: unknown): Fault[] {
  const issuers = entriesAt(root, ISSUERS).map(([name]) => {
    return [[...ISSUERS, name, "issuer"], textAt(root, [...ISSUERS, name, "issuer"])] as const;
  });
  return checkDiffer(issuers, "is an issuer that has another name already");
}

function checkApiKeys(root: unknown): Fault[] {
  const at: Path = [...ROOT, "api_keys"];
  const header = textAt(root, [...at, "header"]);
  const faults: Fault[] = [];
  if (header !== undefined && TAKEN_HEADER.test(header)) {
    faults.push(wrong([...at, "header"], "is used for something else", "use x-api-key"));
  }
  const keys = valueAt(root, [...at, "keys"]);
  if (!Array.isArray(keys)) return faults;
  const entries = keys.map((key: unknown, index) => {
    return [[...at, "keys", String(index)] as Path, isRecord(key) ? key : {}] as const;
  });
  const texts = (name: string) =>
    entries.map(([path, key]) => [[...path, name], key[name]] as const);
  const ends = texts("expires").filter(
    ([, end]) => typeof end === "string" && Number.isNaN(Date.parse(end)),
  );
  faults.push(...ends.map(([path]) => wrong(path, "is no time", "write 2027-01-01T00:00:00Z")));
  faults.push(...checkDiffer(texts("id"), "is the id of another key"));
  faults.push(...checkDiffer(texts("hash"), "is the hash of another key"));
  return faults;
}

function checkDiffer(texts: readonly (readonly [Path, unknown])[], problem: string): Fault[] {
  const seen = new Set<unknown>();
  return texts.flatMap(([path, text]) => {
    if (typeof text !== "string" || !seen.has(text)) {
      seen.add(text);
      return [];
    }
    return [wrong(path, problem, "give each its own")];
  });
}

function checkUpstream(root: unknown, id: string): Fault[] {
  const at: Path = ["servers", id, "upstream_credentials"];
  const told = textAt(root, [...at, "header"]);
  const header = told?.toLowerCase();
  if (header === undefined) return [];
  const isUsual = header === "authorization" || header === "cookie";
  if (!isUsual && TAKEN_HEADER.test(header)) {
    return [wrong([...at, "header"], "is used for something else", "use authorization")];
  }
  const forwarded = valueAt(root, ["servers", id, "forward_credentials"]);
  if (!Array.isArray(forwarded) || !forwarded.includes(header)) return [];
  return [wrong([...at, "header"], "is forwarded from the caller too", "choose one of the two")];
}

function wrong(path: Path, problem: string, remedy: string): Fault {
  return { path, target: "value", problem, remedy };
}
