import { resolve } from "node:path";
import { type Address, decodeAddress, isLoopbackHost } from "../core/address.ts";
import { isRecord, valueAt } from "./access.ts";
import type {
  Environment,
  Secret,
  ShipConfig,
  ShipReceiver,
  SyslogFacility,
  SyslogSeverity,
} from "./config.ts";
import type { Fault, Path } from "./config-error.ts";
import { resolveSecret } from "./secret.ts";

/** An entry of `audit.ship` once the schema has found its shape right and filled in defaults. */
export interface RawShip {
  readonly kind: "otlp" | "syslog" | "http";
  readonly url: string;
  readonly name?: string;
  readonly ca_file?: string;
  readonly cert_file?: string;
  readonly required: "on" | "off";
  readonly on_full: "drop" | "deny";
  readonly batch_max_events: number;
  readonly batch_max_bytes: number;
  readonly batch_max_ms: number;
  readonly buffer_max_events: number;
  readonly buffer_max_bytes: number;
  readonly deadline_ms: number;
  readonly retry_min_ms: number;
  readonly retry_max_ms: number;
  readonly include_line?: "on" | "off";
  readonly facility?: SyslogFacility;
  readonly severity?: SyslogSeverity;
  readonly app_name?: string;
  readonly enterprise_number?: number;
}

/** The secrets of one entry. */
export interface ShipSecrets {
  readonly token: Secret | null;
  readonly key: Secret | null;
}

const SHIP: Path = ["audit", "ship"];
/** What is added to the address (OTLP 1.x, "OTLP/HTTP Request"; OPA, "Decision Log Service API"). */
const ENDPOINTS = { otlp: "v1/logs", http: "logs" } as const;
/** RFC 5612: for examples and documentation. */
const EXAMPLE_ENTERPRISE = 32_473;
/** RFC 6750 section 2.1, and no more: it becomes a part of a header. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** A receiver of ours and where it stands, whatever else is wrong with it. */
export type ReceiverEntry = readonly [Path, Record<string, unknown>];

/** Entries of `audit.ship` that are maps. */
export function shipEntries(root: unknown): readonly ReceiverEntry[] {
  const list = valueAt(root, SHIP);
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown, index) =>
    isRecord(entry) ? [[[...SHIP, String(index)], entry] as const] : [],
  );
}

/** What the schema cannot say of `audit.ship`. */
export function checkShipping(root: unknown): readonly Fault[] {
  const entries = shipEntries(root);
  return [...entries.flatMap(([path, entry]) => checkEntry(path, entry)), ...checkNames(entries)];
}

/** Follows the references of every entry; a fault tells nothing of what they lead to. */
export function loadReceiverSecrets(
  entries: readonly ReceiverEntry[],
  folder: string,
  environment: Environment,
): { readonly secrets: readonly ShipSecrets[]; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const load = (path: Path, entry: Record<string, unknown>, name: string): Secret | null => {
    const reference = entry[name];
    if (typeof reference !== "string") return null;
    const at = [...path, name];
    const secret = resolveSecret(reference, folder, environment);
    if (!secret.ok) {
      faults.push({ path: at, target: "value", ...secret.error });
      return null;
    }
    if (name === "token" && !TOKEN.test(Buffer.from(secret.value.reveal()).toString("latin1"))) {
      faults.push(wrong(at, "leads to what is no bearer token", "let it hold the token alone"));
    }
    return secret.value;
  };
  const secrets = entries.map(([path, entry]) => {
    return { token: load(path, entry, "token"), key: load(path, entry, "key") };
  });
  return { secrets, faults };
}

/** Nothing can go wrong here: everything was checked. */
export function buildShipping(
  raw: readonly RawShip[],
  secrets: readonly ShipSecrets[],
  folder: string,
): readonly ShipConfig[] {
  return raw.map((entry, index) => {
    const { token = null, key = null } = secrets[index] ?? {};
    const { ca_file: ca, cert_file: certificate } = entry;
    return {
      name: nameOf(entry),
      receiver: receiverOf(entry, token),
      caFile: ca === undefined ? null : resolve(folder, ca),
      certificate:
        certificate === undefined || key === null
          ? null
          : { file: resolve(folder, certificate), key },
      required: entry.required === "on",
      onFull: entry.on_full,
      batchMaxEvents: entry.batch_max_events,
      batchMaxBytes: entry.batch_max_bytes,
      batchMaxMs: entry.batch_max_ms,
      bufferMaxEvents: entry.buffer_max_events,
      bufferMaxBytes: entry.buffer_max_bytes,
      deadlineMs: entry.deadline_ms,
      retryMinMs: entry.retry_min_ms,
      retryMaxMs: entry.retry_max_ms,
    };
  });
}

function receiverOf(entry: RawShip, token: Secret | null): ShipReceiver {
  if (entry.kind !== "syslog") {
    const url = `${entry.url.replace(/\/+$/, "")}/${ENDPOINTS[entry.kind]}`;
    return {
      kind: entry.kind,
      url: new URL(url).href,
      token,
      includesLine: entry.include_line !== "off",
    };
  }
  const address = syslogAddress(entry.url);
  if (address === null) throw new Error("an address was not checked");
  return {
    kind: "syslog",
    host: address.host,
    port: address.port,
    tls: entry.url.startsWith("tls:"),
    facility: entry.facility ?? "audit",
    severity: entry.severity ?? "informational",
    appName: entry.app_name ?? "impedance",
    enterprise: entry.enterprise_number ?? EXAMPLE_ENTERPRISE,
  };
}

const SYSLOG_SETTINGS = ["facility", "severity", "app_name", "enterprise_number"] as const;
const TLS_SETTINGS = ["ca_file", "cert_file", "key"] as const;

function checkEntry(path: Path, entry: Record<string, unknown>): readonly Fault[] {
  const { kind, url } = entry;
  const foreign: readonly string[] =
    kind === "syslog"
      ? ["token", "include_line"]
      : [...SYSLOG_SETTINGS, ...(kind === "otlp" ? ["include_line"] : [])];
  const faults = foreign
    .filter((name) => entry[name] !== undefined)
    .map((name) => wrong([...path, name], `has no effect on ${kind}`, "remove it"));
  if (typeof url === "string") {
    faults.push(...(kind === "syslog" ? checkSyslogUrl(path, url) : checkHttpUrl(path, url)));
    faults.push(...checkTls(path, entry, url));
  }
  if (smaller(entry.retry_max_ms, entry.retry_min_ms)) {
    const remedy = "make it at least retry_min_ms";
    faults.push(wrong([...path, "retry_max_ms"], "is less than the first wait", remedy));
  }
  return faults;
}

/** Of a receiver that speaks HTTP or syslog. */
export function checkTls(path: Path, entry: Record<string, unknown>, url: string): Fault[] {
  const { cert_file: certificate, key, token } = entry;
  if (/^(?:https|tls):/.test(url)) {
    if ((certificate === undefined) === (key === undefined)) return [];
    const lacking = key === undefined ? "key" : "cert_file";
    return [wrong(path, `lacks ${lacking}`, "give cert_file and key, or neither")];
  }
  const faults = TLS_SETTINGS.filter((name) => entry[name] !== undefined).map((name) =>
    wrong([...path, name], "has no effect without TLS", "use https or tls, or remove it"),
  );
  if (token !== undefined && !isLoopbackHost(URL.parse(url)?.hostname ?? "")) {
    faults.push(wrong([...path, "token"], "would travel in the clear", "use https"));
  }
  return faults;
}

export function checkHttpUrl(path: Path, text: string): Fault[] {
  const at = [...path, "url"];
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    return [wrong(at, "is no http or https address", "write it as in https://HOST:4318")];
  }
  if (url.username !== "" || url.password !== "") {
    return [wrong(at, "holds credentials", "use token: env:NAME or file:PATH")];
  }
  if (/[?#]/.test(text)) return [wrong(at, "has a query or a fragment", "end it at the path")];
  return [];
}

function checkSyslogUrl(path: Path, text: string): Fault[] {
  if (syslogAddress(text) !== null) return [];
  const remedy = "write tcp://HOST:PORT or tls://HOST:PORT";
  return [wrong([...path, "url"], "is no address of a syslog receiver", remedy)];
}

function syslogAddress(url: string): Address | null {
  const address = decodeAddress(url.replace(/^(?:tcp|tls):\/\//, ""));
  return /^(?:tcp|tls):\/\//.test(url) && address?.port !== 0 ? address : null;
}

function checkNames(entries: readonly ReceiverEntry[]): Fault[] {
  const seen = new Set<string>();
  return entries.flatMap(([path, entry]) => {
    const name = nameOf(entry);
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const at = entry.name === undefined ? path : [...path, "name"];
    return [wrong(at, "has the name of another destination", "give each a name of its own")];
  });
}

function nameOf({ name, kind }: { readonly name?: unknown; readonly kind?: unknown }): string {
  return String(name ?? kind);
}

function smaller(one: unknown, other: unknown): boolean {
  return typeof one === "number" && typeof other === "number" && one < other;
}

function wrong(path: Path, problem: string, remedy: string): Fault {
  return { path, target: "value", problem, remedy };
}
