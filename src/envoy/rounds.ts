/** What is to be looked at. */
export interface Watched {
  look(): void;
}

/**
 * Has each of many looked at once some time has passed since it was added, the same for all: who came
 * first is due first, so that one timer does for all of them. A timer for each exchange, set and taken
 * back again, costs more than all that is noted of its deadlines.
 */
export class Rounds {
  readonly afterMs: number;
  /** When each is due; the first is the next. */
  readonly #waiting = new Map<Watched, number>();
  /** Goes on where nobody waits any more: the next one is likely to come before it fires. */
  #timer: NodeJS.Timeout | null = null;

  constructor(afterMs: number) {
    this.afterMs = afterMs;
  }

  /** `now` as `performance.now` tells it. */
  add(one: Watched, now: number): void {
    this.#waiting.delete(one);
    this.#waiting.set(one, now + this.afterMs);
    if (this.#timer === null) this.#wakeIn(this.afterMs);
  }

  remove(one: Watched): void {
    this.#waiting.delete(one);
  }

  #wakeIn(milliseconds: number): void {
    this.#timer = setTimeout(this.#round, milliseconds).unref();
  }

  readonly #round = (): void => {
    this.#timer = null;
    try {
      this.#lookAtDue();
    } finally {
      // FAIL CLOSED: whatever becomes of one of them, the others are looked at in time.
      const [next] = this.#waiting.values();
      if (next !== undefined && this.#timer === null) {
        this.#wakeIn(Math.max(0, Math.ceil(next - performance.now())));
      }
    }
  };

  #lookAtDue(): void {
    const now = performance.now();
    for (const [one, dueAt] of this.#waiting) {
      if (dueAt > now) return;
      this.#waiting.delete(one);
      one.look();
    }
  }
}
