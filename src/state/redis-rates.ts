import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RateStore } from "../core/ports.ts";
import type { Bucket, Rate, RateAnswer, RateAsk } from "../core/rate-limit.ts";
import type { RedisConnection } from "./redis.ts";

export interface RedisRatesOptions {
  readonly connection: RedisConnection;
  readonly keyPrefix: string;
  /** What counts while Redis does not; null: then nobody can tell. */
  readonly fallback: RateStore | null;
  /** Names of callers, which Redis does not see. */
  readonly digest: (text: string) => string;
}

/**
 * `token-buckets.ts`, in Redis and by its clock, so that the clocks of the replicas do not matter.
 * The library calls it with the points to take, a time that does not matter here, the size of the
 * bucket and the seconds that an empty one needs to be full. Points below zero are taken by force.
 * More than the size in the answer is the library's word for a refusal.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local cost, burst = tonumber(ARGV[1]), tonumber(ARGV[3])
local point = ARGV[4] * 1000 / burst
local full_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local left = burst - (full_at - now) / point
if cost > 0 and left < 1 - 1e-6 then
  return { burst + 1, math.ceil((1 - left) * point) }
end
full_at = full_at + math.abs(cost) * point
redis.call('SET', KEYS[1], string.format('%.3f', full_at), 'PX', math.ceil(full_at - now) + 1)
return { math.min(burst, math.max(0, math.ceil(burst - left + math.abs(cost)))), 0 }
`;

/** The library takes another way for keys that do not end; ours end by the script. */
const ANY_DURATION = { customDuration: 1 };

/** Buckets that all replicas share. One round trip for all that a message asks. */
export function createRedisRates(options: RedisRatesOptions): RateStore {
  const { connection, fallback, digest } = options;
  const limiters = new Map<string, { readonly rate: Rate; readonly limiter: RateLimiterRedis }>();

  function limiterOf({ limit, rate }: Bucket): RateLimiterRedis {
    const known = limiters.get(limit);
    if (known !== undefined && isSame(known.rate, rate)) return known.limiter;
    const limiter = new RateLimiterRedis({
      storeClient: connection.client,
      keyPrefix: `${options.keyPrefix}rate:${limit}`,
      points: rate.burst,
      duration: (rate.burst * rate.seconds) / rate.points,
      customIncrTtlLuaScript: TAKE,
      rejectIfRedisNotReady: true,
    });
    limiters.set(limit, { rate, limiter });
    return limiter;
  }

  async function pay({ bucket, cost }: RateAsk): Promise<number> {
    try {
      await limiterOf(bucket).consume(digest(bucket.key), Math.ceil(cost), ANY_DURATION);
      return 0;
    } catch (refusal) {
      // Redis's own failure is an error, and its word against a caller is none.
      if (refusal instanceof RateLimiterRes) return Math.max(1, refusal.msBeforeNext);
      throw refusal;
    }
  }

  async function ask(asks: readonly RateAsk[]): Promise<RateAnswer> {
    try {
      const answer = await Promise.all(asks.map(pay));
      connection.note(true);
      return answer;
    } catch {
      connection.note(false);
      return without(asks);
    }
  }

  /** FAIL CLOSED: null, and the messages do not pass, unless it was asked for to count here. */
  function without(asks: readonly RateAsk[]): RateAnswer | Promise<RateAnswer> {
    return fallback === null ? null : fallback.take(asks);
  }

  return {
    take: (asks) => (connection.isUp() ? ask(asks) : without(asks)),
    charge(bucket, cost) {
      if (!connection.isUp()) return fallback?.charge(bucket, cost);
      limiterOf(bucket)
        .penalty(digest(bucket.key), -Math.ceil(cost), ANY_DURATION)
        .then(
          () => connection.note(true),
          () => {
            connection.note(false);
            fallback?.charge(bucket, cost);
          },
        );
    },
  };
}

function isSame(one: Rate, other: Rate): boolean {
  return one.points === other.points && one.seconds === other.seconds && one.burst === other.burst;
}
