import type { Clock, RateStore } from "../core/ports.ts";
import type { Bucket, RateAsk } from "../core/rate-limit.ts";

export interface TokenBucketOptions {
  readonly clock: Pick<Clock, "monotonic">;
  /** Buckets of one limit; beyond it, full ones are forgotten, then those that were used least recently. */
  readonly keysMax: number;
}

export const BUCKETS_MAX = 65_536;

/** Buckets in this process, which answer at once. */
export interface TokenBuckets extends RateStore {
  take(asks: readonly RateAsk[]): readonly number[];
  /** As `take`, without taking anything. */
  peek(bucket: Bucket): number;
}

/** How many of the oldest buckets are looked at when there is no room: bounds the work of one call. */
const SWEPT_AT_ONCE = 16;
/** Of a point: sums of doubles are not exact. */
const TOLERANCE = 1e-6;

/**
 * Token buckets as GCRA keeps them (ITU-T I.371): for each key the time at which its bucket is full
 * again, and nothing else. In any span of `t` seconds at most `burst + t × points / seconds` single
 * points are paid. A bucket that has a point left pays a larger cost too and is in debt afterwards,
 * so that no message is too large to ever pass.
 */
export function createTokenBuckets({ clock, keysMax }: TokenBucketOptions): TokenBuckets {
  const limits = new Map<string, Map<string, number>>();

  function fullAtByKey(limit: string): Map<string, number> {
    const known = limits.get(limit) ?? new Map<string, number>();
    limits.set(limit, known);
    return known;
  }

  function pay({ limit, key, rate }: Bucket, cost: number, isForced: boolean): number {
    const now = clock.monotonic();
    const buckets = fullAtByKey(limit);
    const fullAt = Math.max(buckets.get(key) ?? now, now);
    const waitMs = waitOf(fullAt - now, rate);
    if (waitMs > 0 && !isForced) return waitMs;
    // What was used last stands last.
    buckets.delete(key);
    buckets.set(key, fullAt + cost * pointMs(rate));
    if (buckets.size > keysMax) makeRoom(buckets, now);
    return 0;
  }

  return {
    take: (asks) => asks.map(({ bucket, cost }) => pay(bucket, cost, false)),
    charge(bucket, cost) {
      pay(bucket, cost, true);
    },
    peek({ limit, key, rate }) {
      const now = clock.monotonic();
      const fullAt = limits.get(limit)?.get(key) ?? now;
      return waitOf(fullAt - now, rate);
    },
  };
}

/** Milliseconds until a bucket that will be full in `toFullMs` has a point; 0 if it has one. */
function waitOf(toFullMs: number, rate: Bucket["rate"]): number {
  const left = rate.burst - toFullMs / pointMs(rate);
  return left >= 1 - TOLERANCE ? 0 : Math.ceil((1 - left) * pointMs(rate));
}

function pointMs({ points, seconds }: Bucket["rate"]): number {
  return (seconds * 1000) / points;
}

/** A full bucket says nothing that a new one would not. */
function makeRoom(buckets: Map<string, number>, now: number): void {
  const before = buckets.size;
  let looked = 0;
  for (const [key, fullAt] of buckets) {
    if (fullAt <= now) buckets.delete(key);
    looked += 1;
    if (looked >= SWEPT_AT_ONCE) break;
  }
  if (buckets.size < before) return;
  const [oldest] = buckets.keys();
  if (oldest !== undefined) buckets.delete(oldest);
}
