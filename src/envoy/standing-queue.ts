/**
 * Tells a queue that stands from one that comes and goes: CoDel (RFC 8289) as services use it. Where
 * even the least wait of a whole interval was over the target, work comes in faster than it is done,
 * and those that have waited too long go without being served. After that they wait no longer than
 * that, however much comes.
 */
export interface StandingQueue {
  /** Told of each that has its turn: whether, having waited so long, it is to go unserved. */
  isTooLate(waitedMs: number, nowMs: number, patience: Patience): boolean;
}

/** Those who go on with what is open are served for longer than those who begin. */
export type Patience = "begins" | "goes_on";

/** Of the target: long enough for a burst to be worked off. */
const INTERVAL_TARGETS = 4;
/** Of the target, too. */
const WAIT_TARGETS = { begins: 2, goes_on: 4 } as const;

export function createStandingQueue(targetMs: number): StandingQueue {
  const intervalMs = targetMs * INTERVAL_TARGETS;
  let endsAtMs = Number.NEGATIVE_INFINITY;
  let leastMs = Number.POSITIVE_INFINITY;
  let stands = false;
  return {
    isTooLate(waitedMs, nowMs, patience) {
      if (nowMs >= endsAtMs) {
        // Where nobody came for a whole interval, nobody waited.
        stands = leastMs > targetMs && nowMs < endsAtMs + intervalMs;
        endsAtMs = nowMs + intervalMs;
        leastMs = waitedMs;
      } else if (waitedMs < leastMs) leastMs = waitedMs;
      return stands && waitedMs > targetMs * WAIT_TARGETS[patience];
    },
  };
}
