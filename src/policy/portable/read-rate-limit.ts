import type { LimitPart, RateLimit } from "../../core/rate-limit.ts";
import type { Place, Reader } from "./reader.ts";

const KEYS = ["limit_per_minute", "burst", "scope"];
const LIMITS_MAX = 256;
const MINUTE_S = 60;

const SCOPES = ["actor", "session", "tool", "server"] as const;
const KEY_OF: { readonly [scope in (typeof SCOPES)[number]]: readonly LimitPart[] } = {
  actor: ["principal"],
  session: ["session"],
  tool: ["tool"],
  server: ["server"],
};

/** What a policy counts: what its rules are about, and not the handshake and listings before it. */
const METHODS = [
  "tools/call",
  "resources/read",
  "resources/subscribe",
  "prompts/get",
  "completion/complete",
];

/** Reads `rate_limit` and `rate_limits`: the limits of a policy, under names of their own. */
export function readRateLimits(
  one: Place | undefined,
  several: Place | undefined,
  reader: Reader,
): readonly RateLimit[] {
  return [...readOne(one, reader), ...readSeveral(several, reader)];
}

function readOne(place: Place | undefined, reader: Reader): readonly RateLimit[] {
  if (place === undefined) return [];
  const found = reader.mapping(place, ["enabled", ...KEYS]);
  const enabledAt = found.get("enabled");
  if (enabledAt === undefined) {
    reader.mistake(place, "rate_limit says enabled: true or enabled: false");
    return [];
  }
  const isEnabled = reader.boolean(enabledAt) === true;
  if (!isEnabled && !found.has("limit_per_minute")) return [];
  const limit = readLimit("policy/rate_limit", place, found, reader);
  return isEnabled && limit !== null ? [limit] : [];
}

function readSeveral(place: Place | undefined, reader: Reader): readonly RateLimit[] {
  if (place === undefined) return [];
  const items = reader.sequence(place);
  if (items.length > LIMITS_MAX) reader.mistake(place, `there may be ${LIMITS_MAX} of them`);
  return items.slice(0, LIMITS_MAX).flatMap((item, index) => {
    const found = reader.mapping(item, [...KEYS, "server", "tool"]);
    const limit = readLimit(`policy/rate_limits/${index}`, item, found, reader);
    if (limit === null) return [];
    const globs = (key: string) => {
      const at = found.get(key);
      const glob = at === undefined ? null : reader.text(at);
      return glob === null ? null : [glob];
    };
    return [{ ...limit, servers: globs("server"), tools: globs("tool") }];
  });
}

function readLimit(
  name: string,
  place: Place,
  found: ReadonlyMap<string, Place>,
  reader: Reader,
): RateLimit | null {
  const limitAt = found.get("limit_per_minute");
  if (limitAt === undefined) {
    reader.mistake(place, "limit_per_minute is missing: how much is allowed");
    return null;
  }
  const points = positive(limitAt, reader);
  const burstAt = found.get("burst");
  const burst = burstAt === undefined ? Math.max(1, Math.ceil(points)) : reader.size(burstAt);
  if (burst === 0 && burstAt !== undefined) {
    reader.mistake(burstAt, "a burst of 0 would let nothing pass: use at least 1");
  }
  const scopeAt = found.get("scope");
  const scope = scopeAt === undefined ? "actor" : (reader.choice(scopeAt, SCOPES) ?? "actor");
  return {
    name,
    key: KEY_OF[scope],
    servers: null,
    tools: null,
    methods: METHODS,
    rate: { points, seconds: MINUTE_S, burst: Math.max(1, burst ?? 1) },
    cost: "calls",
    concurrency: null,
    onExceed: "deny",
  };
}

function positive(place: Place, reader: Reader): number {
  const value = reader.number(place);
  if (value !== null && value > 0) return value;
  if (value !== null) reader.mistake(place, "this should be more than 0");
  return 1;
}
