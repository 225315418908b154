/**
 * Tells a queue that stands from one that comes and goes: CoDel (RFC 8289) as services use it. Where
 * even the least wait of a whole interval was over the target, more comes in than can be done. Then
 * no more are let wait than can be served in time, and those that are late all the same go unserved.
 */
export interface StandingQueue {
  /** Told of each that has its turn: whether, having waited so long, it is to go unserved. */
  isTooLate(waitedMs: number, waiting: number, nowMs: number, patience: Patience): boolean;
  /** Whether as many wait as are served in time, so that one more would be late. */
  isFull(waiting: number, nowMs: number): boolean;
  /** As many are served in that time: so many wait where one waits so long (Little's law). */
  servedIn(milliseconds: number): number;
}

/** Those who go on with what is open are served for longer than those who begin. */
export type Patience = "begins" | "goes_on";

/** Of the target: long enough for a burst to be worked off. */
const INTERVAL_TARGETS = 4;
/** Of the target, too. */
const LATE_TARGETS = { begins: 2, goes_on: 4 } as const;
const FULL_TARGETS = 1.5;
/** Fewer that wait are worked off in no time, whatever a busy machine makes of it. */
const WAITING_MIN = 64;
/** What was known of the rate, an interval later. */
const STILL_KNOWN = 0.9;

export function createStandingQueue(targetMs: number): StandingQueue {
  const intervalMs = targetMs * INTERVAL_TARGETS;
  let beganMs = Number.NEGATIVE_INFINITY;
  let leastMs = Number.POSITIVE_INFINITY;
  let served = 0;
  let refused = 0;
  let servedPerMs = 0;
  let stands = false;
  let waitingMax = WAITING_MIN;

  function beginInterval(nowMs: number): void {
    const tookMs = nowMs - beganMs;
    // Where nobody came for a whole interval, nobody waited.
    stands = leastMs > targetMs && tookMs < 2 * intervalMs;
    // Where some were refused, little that was served does not tell that no more can be.
    servedPerMs = Math.max(served / tookMs, refused > 0 ? servedPerMs * STILL_KNOWN : 0);
    waitingMax = Math.max(WAITING_MIN, servedPerMs * targetMs * FULL_TARGETS);
    beganMs = nowMs;
    leastMs = Number.POSITIVE_INFINITY;
    served = 0;
    refused = 0;
  }

  return {
    isTooLate(waitedMs, waiting, nowMs, patience) {
      if (nowMs - beganMs >= intervalMs) beginInterval(nowMs);
      if (waitedMs < leastMs) leastMs = waitedMs;
      const isLate =
        stands && waiting > WAITING_MIN && waitedMs > targetMs * LATE_TARGETS[patience];
      if (isLate) refused += 1;
      else served += 1;
      return isLate;
    },
    isFull(waiting, nowMs) {
      const isFull = stands && waiting >= waitingMax && nowMs - beganMs < 2 * intervalMs;
      if (isFull) refused += 1;
      return isFull;
    },
    servedIn: (milliseconds) => servedPerMs * milliseconds,
  };
}
