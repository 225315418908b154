import type { Config } from "../config/config.ts";
import type { Clock } from "../core/ports.ts";
import { ok, type Result } from "../core/result.ts";
import { BUCKETS_MAX, createTokenBuckets } from "../state/token-buckets.ts";
import type { OpenedState } from "./stores.ts";

/** In this process, or in Redis, whose changes `onRedis` is told once each. */
export async function openState(
  config: Config,
  clock: Clock,
  onRedis: (isUp: boolean) => void,
): Promise<Result<OpenedState, string>> {
  const local = createTokenBuckets({ clock, keysMax: BUCKETS_MAX });
  const { redis } = config;
  if (redis === null) return ok({ rateStore: local, shared: null, close() {} });
  // Only who uses Redis pays for its client at the start.
  const { openRedisState } = await import("./redis-state.ts");
  return openRedisState(config, redis, { local, clock, onRedis });
}
