import { resolve } from "node:path";
import { type OnFailure, SHARED_KINDS, type SharedKind } from "../core/shared.ts";
import { textAt, valueAt } from "./access.ts";
import type { AliasesConfig, Config, RedisAddress, RedisConfig, Secret } from "./config.ts";
import type { Fault, Path } from "./config-error.ts";

/** `state.redis` once the schema has found its shape right and filled in defaults. */
export interface RawRedis {
  readonly url: string;
  readonly username?: string;
  readonly ca_file?: string;
  readonly key_prefix: string;
  readonly command_deadline_ms: number;
  readonly on_failure: OnFailure;
  readonly on_failure_of: { readonly [kind in SharedKind]?: OnFailure };
  readonly share: readonly SharedKind[];
  readonly key?: string;
  readonly alias_ttl_s: number;
}

const AT: Path = ["state", "redis"];
const DEFAULT_PORT = 6379;

/** What the schema cannot say of `state.redis`. */
export function checkRedis(root: unknown): readonly Fault[] {
  return [...checkAliasStore(root), ...checkKey(root), ...checkServer(root)];
}

/** Aliases are the same at all replicas only where they are made with the same key. */
function checkAliasStore(root: unknown): readonly Fault[] {
  const at: Path = ["aliases", "store"];
  if (textAt(root, at) !== "redis") return [];
  if (valueAt(root, AT) === undefined) {
    return [wrong(at, "needs a Redis", "add state.redis")];
  }
  const key = textAt(root, ["aliases", "key"]);
  return key === undefined
    ? [wrong(at, "needs a key that all replicas have", "add aliases.key: env:NAME")]
    : [];
}

function checkKey(root: unknown): readonly Fault[] {
  const told = valueAt(root, [...AT, "share"]);
  const share: readonly unknown[] = Array.isArray(told) ? told : [];
  const isSealed = share.some((kind) => kind !== "limits");
  const holdsAliases = textAt(root, ["aliases", "store"]) === "redis";
  const isNeeded = valueAt(root, AT) !== undefined && (isSealed || holdsAliases);
  if (!isNeeded || textAt(root, [...AT, "key"]) !== undefined) return [];
  const remedy = "add state.redis.key: env:NAME, the same at all replicas";
  return [wrong(AT, "lacks the key that what is kept is encrypted with", remedy)];
}

function checkServer(root: unknown): readonly Fault[] {
  const url = textAt(root, [...AT, "url"]);
  if (url === undefined) return [];
  const address = addressOf(url, "/");
  if (address === null) {
    const remedy = "write redis://HOST:PORT, rediss://HOST:PORT or unix:/PATH; name secrets apart";
    return [wrong([...AT, "url"], "is no address of a Redis server", remedy)];
  }
  const isTls = address.kind === "tcp" && address.tls;
  const given = (name: string) => valueAt(root, [...AT, name]) !== undefined;
  const faults: Fault[] = [];
  if (given("ca_file") && !isTls) {
    faults.push(wrong([...AT, "ca_file"], "has no effect without TLS", "use rediss, or remove it"));
  }
  if (given("username") && !given("password")) {
    faults.push(wrong([...AT, "username"], "has no password", "add password: env:NAME"));
  }
  if (given("password") && address.kind === "tcp" && !isTls && !isLoopbackHost(address.host)) {
    faults.push(wrong([...AT, "password"], "would travel in the clear", "use rediss"));
  }
  return faults;
}

/** Nothing can go wrong here: everything was checked. */
export function buildRedis(
  raw: RawRedis | undefined,
  aliasStore: AliasesConfig["store"],
  secrets: { readonly redisPassword: Secret | null; readonly stateKey: Secret | null },
  folder: string,
): RedisConfig | null {
  if (raw === undefined) return null;
  const address = addressOf(raw.url, folder);
  if (address === null) throw new Error("an address was not checked");
  return {
    address,
    username: raw.username ?? null,
    password: secrets.redisPassword,
    caFile: raw.ca_file === undefined ? null : resolve(folder, raw.ca_file),
    keyPrefix: raw.key_prefix,
    commandDeadlineMs: raw.command_deadline_ms,
    share: new Set<SharedKind>([...raw.share, ...(aliasStore === "redis" ? ALIASES : [])]),
    onFailure: failuresOf(raw),
    key: secrets.stateKey,
    aliasTtlMs: raw.alias_ttl_s * SECOND_MS,
  };
}

/** Whether all processes with this configuration have it in common, on whichever machine. */
export function isShared({ redis }: Pick<Config, "redis">, kind: SharedKind): boolean {
  return redis?.share.has(kind) ?? false;
}

const SECOND_MS = 1_000;
const ALIASES: readonly SharedKind[] = ["aliases"];

function failuresOf({ on_failure, on_failure_of: of }: RawRedis): RedisConfig["onFailure"] {
  const kinds = SHARED_KINDS.map((kind) => [kind, of[kind] ?? on_failure] as const);
  // The list has every kind.
  return Object.fromEntries(kinds) as RedisConfig["onFailure"];
}

function addressOf(text: string, folder: string): RedisAddress | null {
  if (text.startsWith("unix:")) {
    return { kind: "unix", path: resolve(folder, text.slice("unix:".length)) };
  }
  const url = URL.parse(text);
  const database = /^\/?(\d{0,4})$/.exec(url?.pathname ?? "")?.[1];
  if (url === null || database === undefined || url.hostname === "") return null;
  if (url.username !== "" || url.password !== "" || /[?#]/.test(text)) return null;
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { kind: "tcp", host, port, tls: url.protocol === "rediss:", database: Number(database) };
}

function wrong(path: Path, problem: string, remedy: string): Fault {
  return { path, target: "value", problem, remedy };
}

import { isLoopbackHost } from "../core/address.ts";
