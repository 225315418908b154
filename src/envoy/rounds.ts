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
  #isOn = false;

  constructor(afterMs: number) {
    this.afterMs = afterMs;
  }

  /** Takes the place of what was there of it. `now` as `performance.now` tells it. */
  add(one: Watched, now: number): void {
    this.#waiting.delete(one);
    this.#waiting.set(one, now + this.afterMs);
    if (this.#isOn) return;
    this.#isOn = true;
    this.#wakeIn(this.afterMs);
  }

  remove(one: Watched): void {
    this.#waiting.delete(one);
  }

  #wakeIn(milliseconds: number): void {
    setTimeout(this.#round, milliseconds).unref();
  }

  /** Who is added meanwhile, by what is done about the others, is due after all who wait. */
  readonly #round = (): void => {
    try {
      this.#lookAtDue();
    } finally {
      const [next] = this.#waiting.values();
      this.#isOn = next !== undefined;
      if (next !== undefined) this.#wakeIn(Math.max(0, Math.ceil(next - performance.now())));
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
