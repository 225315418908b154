import type { IssuerSettings, RemoteSettings } from "../../core/authentication.ts";
import { readBounded } from "../followed-file.ts";
import { fetchJson } from "./fetch-json.ts";
import { readKeySet } from "./key-set.ts";

/** Where an issuer's keys come from. Rejects, saying why, when they cannot be had. */
export type KeySource = () => Promise<unknown>;

const JWKS_MAX_BYTES = 512 * 1024;
const FILE_MAX_BYTES = 1024 * 1024;

export function createKeySource({ issuer, keys }: Pick<IssuerSettings, "issuer" | "keys">) {
  return async (): Promise<unknown> => {
    if (keys.kind === "file") return JSON.parse(readOrThrow(keys.path));
    const get = getter(keys);
    return get(keys.kind === "uri" ? keys.uri : await discover(issuer, get));
  };
}

type Get = (url: string) => Promise<unknown>;

function getter({ timeoutMs, caFile, tokenFile }: RemoteSettings): Get {
  // Read anew each time: both are replaced before they end.
  const ca = caFile === null ? null : readOrThrow(caFile);
  const token = tokenFile === null ? null : readOrThrow(tokenFile).trim();
  return (url) => fetchJson({ url, timeoutMs, maxBytes: JWKS_MAX_BYTES, ca, token });
}

/** OpenID Connect Discovery 1.0 section 4, and RFC 8414 section 3 where there is no such thing. */
async function discover(issuer: string, get: Get): Promise<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const places = [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
  let failure: unknown = null;
  for (const place of places) {
    const metadata = await get(place).catch((error: unknown) => {
      failure ??= error;
      return null;
    });
    if (metadata !== null) return jwksUriOf(metadata, issuer);
  }
  throw failure;
}

/** RFC 8414 section 3.3: metadata of another issuer must not be used. */
function jwksUriOf(metadata: unknown, issuer: string): string {
  if (typeof metadata !== "object" || metadata === null) throw new Error("has no metadata");
  const found = metadata as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
  if (found.issuer !== issuer) throw new Error("has the metadata of another issuer");
  if (typeof found.jwks_uri !== "string") throw new Error("names no jwks_uri");
  return found.jwks_uri;
}

function readOrThrow(path: string): string {
  const text = readBounded(path, FILE_MAX_BYTES);
  if (text === null) throw new Error("a file cannot be read");
  return text;
}

/** Whether a file of keys can be read as it is now. */
export function canReadKeys(path: string): boolean {
  try {
    return readKeySet(JSON.parse(readOrThrow(path))) !== null;
  } catch {
    return false;
  }
}
