import { isIP } from "node:net";
import { decodeAddress, decodeEndpoint } from "../core/address.ts";
import { entriesAt, isRecord, textAt, valueAt } from "./access.ts";
import { checkAuthentication } from "./authentication-meaning.ts";
import type { Fault, Path } from "./config-error.ts";
import { checkPosture } from "./posture.ts";
import { checkRateLimits } from "./rate-limits.ts";
import { checkRedis } from "./redis.ts";
import { checkShipping } from "./shipping.ts";
import { checkTelemetry } from "./telemetry.ts";
import { checkTransport } from "./transport.ts";

/** `sun_path` of a Unix socket's address, without its final NUL. */
const SOCKET_PATH_MAX_BYTES = 107;

/**
 * What the schema cannot say. Reads a document whose shape may be wrong elsewhere, so that all
 * that is wrong is reported at once; what is not of its shape is passed over.
 */
export function validateMeaning(root: unknown): readonly Fault[] {
  const servers = entriesAt(root, ["servers"]).map(([id]) => id);
  return [
    ...checkAddress(root, ["listen"]),
    ...checkAddress(root, ["admin"]),
    ...checkEndpoint(root, ["grpc"]),
    ...servers.flatMap((id) => checkServer(root, id)),
    ...checkListeningPaths(root, servers),
    ...checkAuthentication(root, servers),
    ...checkJitter(root, servers),
    ...checkPiiServers(root, servers),
    ...checkInventory(root, servers),
    ...checkAllowedValues(root),
    ...checkAuditFile(root),
    ...checkShipping(root),
    ...checkTelemetry(root),
    ...checkTransport(root),
    ...checkRateLimits(root),
    ...checkRedis(root),
    ...checkPosture(root),
    ...checkNameServers(root),
  ];
}

/** The path a server is reached by, told or not. */
export function listeningPath(id: string, told: string | undefined): string {
  return told ?? `/${id}/mcp`;
}

function checkAddress(root: unknown, path: Path): Fault[] {
  const text = textAt(root, path);
  if (text === undefined || decodeAddress(text) !== null) return [];
  return [wrong(path, "is no address", "write HOST:PORT, with a port up to 65535")];
}

function checkEndpoint(root: unknown, path: Path): Fault[] {
  const text = textAt(root, path);
  if (text === undefined) return [];
  const endpoint = decodeEndpoint(text);
  if (endpoint === null) {
    return [
      wrong(path, "is no address", "write HOST:PORT, with a port up to 65535, or unix:/PATH"),
    ];
  }
  const isLong =
    endpoint.kind === "unix" && Buffer.byteLength(endpoint.path) > SOCKET_PATH_MAX_BYTES;
  return isLong ? [wrong(path, "is too long for a socket", "keep it below 108 bytes")] : [];
}

/** What `node:dns` would not take: addresses alone, for who would resolve the names of others. */
function checkNameServers(root: unknown): Fault[] {
  const at: Path = ["attacks", "resolver_servers"];
  const told = valueAt(root, at);
  return (Array.isArray(told) ? told : []).flatMap((text: unknown, index) => {
    const address = typeof text === "string" ? decodeAddress(text) : null;
    const isUsable = address !== null && isIP(address.host) !== 0 && address.port > 0;
    if (typeof text !== "string" || isUsable) return [];
    const hint = "write IP:PORT, such as 10.0.0.53:53";
    return [wrong([...at, String(index)], "is no address of a name server", hint)];
  });
}

function checkServer(root: unknown, id: string): Fault[] {
  const at: Path = ["servers", id];
  const faults = checkUrl(root, [...at, "url"]);

  const isPlain = textAt(root, [...at, "url"])?.startsWith("http:") === true;
  if (isPlain && valueAt(root, [...at, "ca_file"]) !== undefined) {
    const place = [...at, "ca_file"];
    faults.push(wrong(place, "has no effect on an http server", "use https, or remove it"));
  }
  const path = textAt(root, [...at, "path"]);
  if (/\/(?:\.{0,2}\/|\.{1,2}$)/.test(listeningPath(id, path))) {
    const place = path === undefined ? at : [...at, "path"];
    faults.push(wrong(place, "has a path with . or .. or // in it", "add path: /… without them"));
  }
  return [...faults, ...checkRoots(root, [...at, "roots"])];
}

function checkUrl(root: unknown, path: Path): Fault[] {
  const text = textAt(root, path);
  if (text === undefined) return [];
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    return [wrong(path, "is no http or https address", "write it as in http://127.0.0.1:3000/mcp")];
  }
  if (url.username !== "" || url.password !== "") {
    return [wrong(path, "holds credentials", "let the client send them in a header")];
  }
  if (url.search !== "" || url.hash !== "" || /[?#]/.test(text)) {
    return [wrong(path, "has a query or a fragment", "end it at the path")];
  }
  return [];
}

function checkRoots(root: unknown, path: Path): Fault[] {
  const faults: Fault[] = [];
  const nameByFolder = new Map<string, string>();

  for (const [name, folder] of entriesAt(root, path)) {
    if (typeof folder !== "string") continue;
    const segments = folder.split("/");
    if (segments.includes("..") || segments.includes(".")) {
      faults.push(wrong([...path, name], "is not normalised", "write it without . and .."));
    }
    const clean = normaliseRoot(folder);
    const twin = nameByFolder.get(clean);
    if (twin !== undefined) {
      faults.push(wrong([...path, name], `is the same folder as ${twin}`, "remove one of the two"));
    }
    nameByFolder.set(clean, name);
  }
  return faults;
}

/** Without doubled and trailing slashes. */
export function normaliseRoot(folder: string): string {
  const clean = folder.replace(/\/+/g, "/").replace(/\/$/, "");
  return clean === "" ? "/" : clean;
}

function checkListeningPaths(root: unknown, servers: readonly string[]): Fault[] {
  const faults: Fault[] = [];
  const serverByPath = new Map<string, string>();

  for (const id of servers) {
    const told = valueAt(root, ["servers", id, "path"]);
    if (told !== undefined && typeof told !== "string") continue;
    const path = listeningPath(id, told).replace(/\/+$/, "");
    const twin = serverByPath.get(path);
    if (twin !== undefined) {
      const at = ["servers", id, ...(told === undefined ? [] : ["path"])];
      faults.push(wrong(at, `listens on the path of ${twin}`, "give each server its own path"));
    }
    serverByPath.set(path, id);
  }
  return faults;
}

/** The wait is a part of the time to the verdict, which may need the other half. */
function checkJitter(root: unknown, servers: readonly string[]): Fault[] {
  const deadlineMs = valueAt(root, ["limits", "verdict_deadline_ms"]);
  const places: Path[] = [["padding"], ...servers.map((id) => ["servers", id, "padding"])];
  return places.flatMap((place) => {
    const at = [...place, "jitter_ms_max"];
    const jitterMs = valueAt(root, at);
    if (typeof jitterMs !== "number" || typeof deadlineMs !== "number") return [];
    if (jitterMs * 2 <= deadlineMs) return [];
    const remedy = `use at most ${Math.floor(deadlineMs / 2)}, or raise limits.verdict_deadline_ms`;
    return [wrong(at, "is more than half of the time to a verdict", remedy)];
  });
}

/** A server that is not there is a misspelt one, and would go without its settings. */
function checkPiiServers(root: unknown, servers: readonly string[]): Fault[] {
  const path = ["pii", "servers"];
  return entriesAt(root, path)
    .filter(([id]) => !servers.includes(id))
    .map(([id]) => ({
      path: [...path, id],
      target: "key",
      problem: "is no server of this configuration",
      remedy: "use the id of one of `servers`",
    }));
}

/** What is to be enforced must be written somewhere. */
function checkInventory(root: unknown, servers: readonly string[]): Fault[] {
  if (valueAt(root, ["inventory", "file"]) !== undefined) return [];
  const places: Path[] = [
    ["inventory", "mode"],
    ...servers.map((id) => ["servers", id, "inventory_mode"]),
  ];
  return places
    .filter((place) => textAt(root, place) === "enforce")
    .map((place) => {
      return wrong(place, "has no inventory to hold tools against", "add inventory.file: …");
    });
}

/** A hash that nothing can be compared with would leave the false alarm as it is. */
function checkAllowedValues(root: unknown): Fault[] {
  const entries = valueAt(root, ["allow"]);
  if (!Array.isArray(entries) || valueAt(root, ["audit", "subject_key"]) !== undefined) return [];
  return entries.flatMap((entry: unknown, index) => {
    if (!isRecord(entry) || entry.value === undefined) return [];
    const remedy = "set audit.subject_key to the key that the hash was made with";
    return [wrong(["allow", String(index), "value"], "cannot be compared without a key", remedy)];
  });
}

/** What only a file can do. */
const FILE_SETTINGS = ["head_file", "fallback_files", "keep_files", "keep_days"] as const;

function checkAuditFile(root: unknown): Fault[] {
  const sink = textAt(root, ["audit", "sink"]);
  const file = valueAt(root, ["audit", "file"]);
  if (sink !== undefined && sink !== "file") {
    const given = FILE_SETTINGS.filter((name) => hasEffect(valueAt(root, ["audit", name])));
    const waits = textAt(root, ["audit", "sync"]) === "on" ? ["sync"] : [];
    const faults = [...given, ...waits].map((name) =>
      wrong(["audit", name], "has no effect", "set audit.sink: file, or remove it"),
    );
    if (faults.length > 0) return faults;
  }
  if (sink === "file" && file === undefined) {
    return [wrong(["audit", "sink"], "needs a file to write to", "add audit.file: …")];
  }
  if (sink !== undefined && sink !== "file" && file !== undefined) {
    return [wrong(["audit", "file"], "has no effect", "set audit.sink: file, or remove it")];
  }
  return [];
}

function hasEffect(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

function wrong(path: Path, problem: string, remedy: string): Fault {
  return { path, target: "value", problem, remedy };
}
