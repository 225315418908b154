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

/** `soonestMs`: no deadline is likely to be nearer than this. */
export function createDeadlines(exchange: Abortable, soonestMs: number): Deadlines {
  return new ExchangeDeadlines(exchange, soonestMs);
}

interface Abortable {
  abort(cause: AbortCause): void;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * A deadline is armed with each message, and is hardly ever reached: it is a time that is noted, and
 * one timer that looks at it when it fires, and goes on for what is left. It has to be set anew only
 * for a deadline that ends before it fires.
 */
class ExchangeDeadlines implements Deadlines {
  readonly #exchange: Abortable;
  readonly #soonestMs: number;
  #timer: NodeJS.Timeout | undefined;
  #firesAt = NEVER;
  #dueAt = NEVER;
  #cause: AbortCause = "internal";
  #answerDueAt = NEVER;
  #answerMs = 0;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(exchange: Abortable, soonestMs: number) {
    this.#exchange = exchange;
    this.#soonestMs = soonestMs;
  }

  get isBeating(): boolean {
    return this.#heartbeat !== undefined;
  }

  arm(milliseconds: number, cause: AbortCause): void {
    const now = performance.now();
    this.#dueAt = now + milliseconds;
    this.#cause = cause;
    this.#wakeIn(milliseconds, now);
  }

  armPart(milliseconds: number, cause: AbortCause): void {
    this.arm(Math.max(milliseconds, this.#answerMs), cause);
  }

  disarm(): void {
    this.#dueAt = NEVER;
  }

  armAnswer(milliseconds: number | null): void {
    if (milliseconds === null) return;
    const now = performance.now();
    this.#answerMs = milliseconds;
    this.#answerDueAt = now + milliseconds;
    this.#wakeIn(milliseconds, now);
  }

  startHeartbeat(milliseconds: number, beat: () => void): void {
    this.#heartbeat ??= setInterval(beat, milliseconds).unref();
  }

  clear(): void {
    this.#dueAt = NEVER;
    this.#answerDueAt = NEVER;
    this.#stop();
    if (this.#heartbeat !== undefined) clearInterval(this.#heartbeat);
  }

  #wakeIn(milliseconds: number, now: number): void {
    if (this.#firesAt <= now + milliseconds) return;
    this.#stop();
    const soon = Math.min(milliseconds, this.#soonestMs);
    this.#firesAt = now + soon;
    this.#timer = setTimeout(() => this.#look(), soon);
  }

  #stop(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firesAt = NEVER;
  }

  #look(): void {
    this.#stop();
    const now = performance.now();
    // A part that is given as long as the answer ends with it, and for its cause.
    const isAnswer = this.#answerDueAt <= this.#dueAt;
    const dueAt = isAnswer ? this.#answerDueAt : this.#dueAt;
    if (dueAt > now) {
      if (dueAt !== NEVER) this.#wakeIn(Math.ceil(dueAt - now), now);
      return;
    }
    if (isAnswer) this.#answerDueAt = NEVER;
    else this.#dueAt = NEVER;
    this.#exchange.abort(isAnswer ? "tool_deadline" : this.#cause);
  }
}
