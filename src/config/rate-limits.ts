import type { LimitPart, RateLimit } from "../core/rate-limit.ts";
import { isRecord, valueAt } from "./access.ts";
import type { Fault, Path } from "./config-error.ts";

/** An entry of `rate_limits` once the schema has found its shape right and filled in defaults. */
export interface RawRateLimit {
  readonly name: string;
  readonly key: readonly LimitPart[];
  readonly servers?: readonly string[];
  readonly tools?: readonly string[];
  readonly methods?: readonly string[];
  readonly per_minute?: number;
  readonly points?: number;
  readonly seconds?: number;
  readonly burst?: number;
  readonly cost: RateLimit["cost"];
  readonly concurrency?: number;
  readonly on_exceed: RateLimit["onExceed"];
}

const LIST: Path = ["rate_limits"];
const MINUTE_S = 60;

/** What the schema cannot say of `rate_limits`: a limit that limits nothing is a mistake. */
export function checkRateLimits(root: unknown): readonly Fault[] {
  const list = valueAt(root, LIST);
  const entries = Array.isArray(list) ? list : [];
  const names = new Set<unknown>();
  return entries.flatMap((entry: unknown, index) => {
    if (!isRecord(entry)) return [];
    const path = [...LIST, String(index)];
    const isTwin = names.has(entry.name);
    names.add(entry.name);
    return [
      ...(isTwin
        ? [wrong([...path, "name"], "is the name of another limit", "give each its own")]
        : []),
      ...checkRate(path, entry),
      ...checkKey(path, entry),
    ];
  });
}

function checkRate(path: Path, entry: Record<string, unknown>): readonly Fault[] {
  const { per_minute: perMinute, points, seconds, burst, concurrency } = entry;
  if (perMinute !== undefined && (points !== undefined || seconds !== undefined)) {
    return [wrong([...path, "per_minute"], "is a rate beside another", "remove one of the two")];
  }
  if ((points === undefined) !== (seconds === undefined)) {
    return [wrong(path, "lacks one of points and seconds", "give both, or per_minute")];
  }
  const hasRate = perMinute !== undefined || points !== undefined;
  if (!hasRate && concurrency === undefined) {
    return [wrong(path, "limits nothing", "add per_minute, points and seconds, or concurrency")];
  }
  if (!hasRate && (burst !== undefined || entry.cost === "bytes")) {
    const name = burst === undefined ? "cost" : "burst";
    return [wrong([...path, name], "has no effect without a rate", "add per_minute, or remove it")];
  }
  return [];
}

/** What is only about calls of tools is not about another method. */
function checkKey(path: Path, { key, methods }: Record<string, unknown>): readonly Fault[] {
  const parts: readonly unknown[] = Array.isArray(key) ? key : [];
  if (parts.includes("global") && parts.length > 1) {
    return [wrong([...path, "key"], "counts together and apart", "use global by itself")];
  }
  const isAboutCalls = parts.includes("tool") || parts.includes("arguments");
  if (isAboutCalls && Array.isArray(methods)) {
    const remedy = "remove it: a key with tool or arguments is about tools/call alone";
    return [wrong([...path, "methods"], "has no effect", remedy)];
  }
  return [];
}

/** Nothing can go wrong here: everything was checked. */
export function buildRateLimit(raw: RawRateLimit): RateLimit {
  const { servers = null, tools = null, methods = null, concurrency = null } = raw;
  const points = raw.per_minute ?? raw.points;
  const seconds = raw.seconds ?? MINUTE_S;
  const burst = raw.burst ?? Math.max(1, Math.ceil(points ?? 1));
  return {
    name: raw.name,
    key: raw.key,
    ...{ servers, tools, methods, concurrency },
    rate: points === undefined ? null : { points, seconds, burst },
    cost: raw.cost,
    onExceed: raw.on_exceed,
  };
}

function wrong(path: Path, problem: string, remedy: string): Fault {
  return { path, target: "value", problem, remedy };
}
