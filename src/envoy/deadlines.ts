import type { AbortCause } from "../core/exchange.ts";

/** The times that one exchange has, one after the other; at each end it is given up. */
export interface Deadlines {
  /** Takes the place of the one before. */
  arm(milliseconds: number, cause: AbortCause): void;
  /** For a part of the answer: a tool that is given long for all of it may be silent as long. */
  armPart(milliseconds: number, cause: AbortCause): void;
  disarm(): void;
  /** For the whole answer, beside those for its parts; null where it has no time of its own. */
  armAnswer(milliseconds: number | null): void;
  /** Begins to call `beat` now and then; the first time it is asked to. */
  startHeartbeat(milliseconds: number, beat: () => void): void;
  readonly isBeating: boolean;
  clear(): void;
}

export function createDeadlines(abort: (cause: AbortCause) => void): Deadlines {
  return new ExchangeDeadlines(abort);
}

/** A class, for one is made for each exchange. */
class ExchangeDeadlines implements Deadlines {
  readonly #abort: (cause: AbortCause) => void;
  #timer: NodeJS.Timeout | undefined;
  #answerTimer: NodeJS.Timeout | undefined;
  #answerMs = 0;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(abort: (cause: AbortCause) => void) {
    this.#abort = abort;
  }

  get isBeating(): boolean {
    return this.#heartbeat !== undefined;
  }

  arm(milliseconds: number, cause: AbortCause): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort(cause), milliseconds);
  }

  armPart(milliseconds: number, cause: AbortCause): void {
    this.arm(Math.max(milliseconds, this.#answerMs), cause);
  }

  disarm(): void {
    clearTimeout(this.#timer);
  }

  armAnswer(milliseconds: number | null): void {
    if (milliseconds === null) return;
    this.#answerMs = milliseconds;
    this.#answerTimer = setTimeout(() => this.#abort("tool_deadline"), milliseconds);
  }

  startHeartbeat(milliseconds: number, beat: () => void): void {
    this.#heartbeat ??= setInterval(beat, milliseconds).unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#answerTimer);
    clearInterval(this.#heartbeat);
  }
}
