import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../../core/ports.ts";

/** Below this much ahead of its share nobody waits: a timer is not finer. */
const SLACK_MS = 20;

/** Keeps reading to so many bytes a second, over all files that share it. */
export function createPace(
  bytesPerSecond: number,
  clock: Pick<Clock, "monotonic">,
  wait: (ms: number) => Promise<unknown> = (ms) => delay(ms, undefined, { ref: false }),
): (bytes: number) => Promise<void> {
  let freeAtMs = Number.NEGATIVE_INFINITY;
  return async (bytes) => {
    const now = clock.monotonic();
    freeAtMs = Math.max(freeAtMs, now) + (bytes / bytesPerSecond) * 1_000;
    if (freeAtMs - now > SLACK_MS) await wait(freeAtMs - now);
  };
}
