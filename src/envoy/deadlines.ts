import type { AbortCause } from "../core/exchange.ts";
import type { Rounds, Watched } from "./rounds.ts";

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

/** `rounds`: as long as the nearest deadline that is likely. */
export function createDeadlines(exchange: Abortable, rounds: RoundsLike): Deadlines {
  return new ExchangeDeadlines(exchange, rounds);
}

type RoundsLike = Pick<Rounds, "afterMs" | "add" | "remove">;

interface Abortable {
  abort(cause: AbortCause): void;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * A deadline is armed with each message, and is hardly ever reached: it is a time that is noted, and
 * looked at in the next round. Where less than a round is left, a timer is set.
 */
class ExchangeDeadlines implements Deadlines, Watched {
  readonly #exchange: Abortable;
  readonly #rounds: RoundsLike;
  #timer: NodeJS.Timeout | undefined;
  /** When it is looked at next. */
  #looksAt = NEVER;
  #dueAt = NEVER;
  #cause: AbortCause = "internal";
  #answerDueAt = NEVER;
  #answerMs = 0;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(exchange: Abortable, rounds: RoundsLike) {
    this.#exchange = exchange;
    this.#rounds = rounds;
  }

  get isBeating(): boolean {
    return this.#heartbeat !== undefined;
  }

  arm(milliseconds: number, cause: AbortCause): void {
    const now = performance.now();
    this.#dueAt = now + milliseconds;
    this.#cause = cause;
    this.#lookIn(milliseconds, now);
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
    this.#lookIn(milliseconds, now);
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

  #lookIn(milliseconds: number, now: number): void {
    if (this.#looksAt <= now + milliseconds) return;
    this.#stop();
    const { afterMs } = this.#rounds;
    if (milliseconds < afterMs) this.#timer = setTimeout(() => this.look(), milliseconds);
    else this.#rounds.add(this, now);
    this.#looksAt = now + Math.min(milliseconds, afterMs);
  }

  #stop(): void {
    if (this.#looksAt === NEVER) return;
    this.#looksAt = NEVER;
    this.#rounds.remove(this);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  look(): void {
    this.#stop();
    const now = performance.now();
    // A part that is given as long as the answer ends with it, and for its cause.
    const isAnswer = this.#answerDueAt <= this.#dueAt;
    const dueAt = isAnswer ? this.#answerDueAt : this.#dueAt;
    if (dueAt > now) {
      if (dueAt !== NEVER) this.#lookIn(Math.ceil(dueAt - now), now);
      return;
    }
    if (isAnswer) this.#answerDueAt = NEVER;
    else this.#dueAt = NEVER;
    this.#exchange.abort(isAnswer ? "tool_deadline" : this.#cause);
  }
}
