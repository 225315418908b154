import type { Clock } from "../../core/ports.ts";

/** When a worker that has ended is replaced. */
export interface Brake {
  /** One has ended by itself: how long to wait, or to give it up. */
  ended(livedMs: number): { readonly waitMs: number } | "give_up";
}

/** So many ends in such a time are no accident. */
const ENDS_MAX = 5;
const SPAN_MS = 60_000;
/** Whoever has lived so long has started well: what ended it is another matter. */
const WELL_MS = 10_000;
const WAIT_MIN_MS = 100;
const WAIT_MAX_MS = 5_000;

/**
 * The first replacement is made at once, each that follows soon after later than the one before.
 * Where they keep ending shortly after their start, somebody has to look.
 */
export function createBrake(clock: Pick<Clock, "monotonic">): Brake {
  let early: number[] = [];
  return {
    ended(livedMs) {
      const now = clock.monotonic();
      if (livedMs >= WELL_MS) early = [];
      early = [...early.filter((at) => now - at < SPAN_MS), now];
      if (early.length >= ENDS_MAX) return "give_up";
      const waitMs = early.length === 1 ? 0 : WAIT_MIN_MS * 4 ** (early.length - 2);
      return { waitMs: Math.min(waitMs, WAIT_MAX_MS) };
    },
  };
}
