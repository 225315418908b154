import type { Clock } from "../core/ports.ts";

/** Where the time of one message goes. */
export interface Stopwatch {
  /** Names the time since the last lap. */
  lap(phase: string): void;
  /** Milliseconds by phase. */
  laps(): { readonly [phase: string]: number };
  /** Milliseconds since the start. */
  total(): number;
}

export function createStopwatch(clock: Clock): Stopwatch {
  const started = clock.monotonic();
  const laps: { [phase: string]: number } = {};
  let last = started;
  return {
    lap(phase) {
      const now = clock.monotonic();
      laps[phase] = now - last;
      last = now;
    },
    laps: () => laps,
    total: () => clock.monotonic() - started,
  };
}
