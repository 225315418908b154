import type { Clock, FailureBrake } from "../../core/ports.ts";
import { type RedisBatch, run, scriptOf } from "./batch.ts";
import type { StateSeal } from "./seal.ts";

export interface RedisBrakeOptions {
  /** Counts here, whatever the others count. */
  readonly local: FailureBrake;
  readonly batch: RedisBatch;
  readonly seal: StateSeal;
  readonly clock: Pick<Clock, "monotonic">;
  readonly max: number;
  readonly seconds: number;
  readonly addressesMax: number;
}

/** The bucket of `token-buckets.ts`, by Redis's clock: how long until there is a point again. */
const FAIL = scriptOf(`
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local burst, point = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
if burst - (full_at - now) / point >= 1 - 1e-6 then
  full_at = full_at + point
  redis.call('SET', KEYS[1], string.format('%.3f', full_at), 'PX', math.ceil(full_at - now) + 1)
end
local left = burst - (full_at - now) / point
return math.max(0, math.ceil((1 - left) * point))
`);

/**
 * Failures of all replicas together, without a round trip before anybody is let in: each failure is
 * told, and its answer says whether the address is to wait here too. An address has at most one
 * more guess at each replica than it would have at one.
 */
export function createRedisBrake(options: RedisBrakeOptions): FailureBrake {
  const { local, batch, seal, clock, max, seconds, addressesMax } = options;
  const waitsUntil = new Map<string, number>();

  function waitHereMs(source: string): number {
    const until = waitsUntil.get(source);
    if (until === undefined) return 0;
    const waitMs = until - clock.monotonic();
    if (waitMs <= 0) waitsUntil.delete(source);
    return Math.max(0, waitMs);
  }

  async function tell(source: string): Promise<void> {
    const point = (seconds * 1_000) / max;
    const replies = await batch.send([run(FAIL, [seal.name("failures", source)], max, point)]);
    const waitMs = Number(replies?.[0] ?? 0);
    if (waitMs <= 0) return;
    waitsUntil.delete(source);
    waitsUntil.set(source, clock.monotonic() + waitMs);
    if (waitsUntil.size > addressesMax) waitsUntil.delete(waitsUntil.keys().next().value ?? "");
  }

  return {
    waitMs: (source) => Math.max(local.waitMs(source), waitHereMs(source)),
    failed(source) {
      local.failed(source);
      void tell(source);
    },
  };
}
