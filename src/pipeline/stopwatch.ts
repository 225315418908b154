import type { Clock } from "../core/ports.ts";

/** Where the time of the messages of one body went, in milliseconds and in this order. */
export type Laps = { readonly [phase in Phase]: number };

export type Phase = "read" | "guard" | "policy" | "enforce";

/** Names the time since the last lap, phase by phase. A class, for one is made for each body. */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #started: number;
  #last: number;
  readonly #laps = { read: 0, guard: 0, policy: 0, enforce: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#started = clock.monotonic();
    this.#last = this.#started;
  }

  lap(phase: Phase): void {
    const now = this.#clock.monotonic();
    const laps = this.#laps;
    // Named one by one: a store by a name that changes is a slow one.
    if (phase === "read") laps.read = now - this.#last;
    else if (phase === "guard") laps.guard = now - this.#last;
    else if (phase === "policy") laps.policy = now - this.#last;
    else laps.enforce = now - this.#last;
    this.#last = now;
  }

  laps(): Laps {
    return this.#laps;
  }

  /** Milliseconds since the start. */
  total(): number {
    return this.#clock.monotonic() - this.#started;
  }
}
