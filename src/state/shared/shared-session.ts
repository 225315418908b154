import { hash } from "node:crypto";
import type { AuthLog, SessionEnd } from "../../core/auth-log.ts";
import type { SessionFacts } from "../../core/policy.ts";
import type { Clock } from "../../core/ports.ts";
import type { Happening, Session, Visitor } from "../../core/session.ts";
import { contextOf } from "../held-session.ts";
import { SessionTally } from "../tally.ts";
import { TRUST_STEPS } from "../trust.ts";
import { type RedisBatch, run } from "./batch.ts";
import type { KeptSession, SessionKeeper } from "./session-keeper.ts";
import type { Entered } from "./session-records.ts";
import { NOTE } from "./session-scripts.ts";

export interface SharedSessionOptions {
  /** In Redis. */
  readonly name: string;
  readonly key: string;
  readonly entered: Entered;
  readonly visitor: Visitor;
  readonly batch: RedisBatch;
  readonly log: AuthLog;
  readonly clock: Pick<Clock, "monotonic">;
  readonly maxAgeMs: number;
  readonly keeper: SessionKeeper;
  /** Has it end for all. */
  readonly end: (cause: SessionEnd) => void;
}

/** A session as one exchange came to it; what it does to it is told, and not waited for. */
export class SharedSession implements Session, KeptSession {
  readonly name: string;
  readonly #options: SharedSessionOptions;
  readonly #enteredAt: number;
  readonly #tally: SessionTally;
  #ended: SessionEnd | null = null;
  #streams = 0;
  /** What happened since it was told last. */
  #untold: Happening[] = [];

  constructor(options: SharedSessionOptions) {
    const { name, entered, clock } = options;
    this.name = name;
    this.#options = options;
    this.#enteredAt = clock.monotonic();
    this.#tally = new SessionTally(entered);
  }

  get key(): string {
    return hash("sha256", this.#options.key, "base64url");
  }

  facts(): Omit<SessionFacts, "id"> {
    return this.#tally.facts(this.#ageMs());
  }

  note(happening: Happening): void {
    this.#tally.note(happening);
    // Told together, once whoever judges is done.
    if (this.#untold.length === 0) queueMicrotask(() => this.#tell());
    this.#untold.push(happening);
  }

  over(): SessionEnd | null {
    if (this.#ended !== null) return this.#ended;
    if (this.#ageMs() >= this.#options.maxAgeMs) this.end("max_age");
    else if (this.#options.visitor.credential.isRevoked()) this.end("revoked");
    return this.#ended;
  }

  end(cause: SessionEnd): void {
    if (this.#ended !== null) return;
    this.#ended = cause;
    const { log, visitor, end } = this.#options;
    // It is over whether the log can take it or not.
    const context = { ...contextOf(visitor), sourceIp: null, requestId: null };
    log.record({ kind: "session_ended", cause, ...context });
    end(cause);
  }

  endedElsewhere(cause: SessionEnd): void {
    this.#ended ??= cause;
  }

  keep(): () => void {
    const { keeper } = this.#options;
    this.#streams += 1;
    keeper.add(this);
    let isKept = true;
    return () => {
      if (!isKept) return;
      isKept = false;
      this.#streams -= 1;
      if (this.#streams === 0) keeper.remove(this);
    };
  }

  #tell(): void {
    const untold = this.#untold;
    this.#untold = [];
    const counted = untold.filter((happening) => happening !== "attack");
    const denied = counted.filter((happening) => happening !== "allowed").length;
    const steps = untold.map((happening) => TRUST_STEPS[happening]);
    const { batch } = this.#options;
    void batch.send([run(NOTE, [this.name], counted.length, denied, ...steps)]);
  }

  #ageMs(): number {
    const { clock, entered } = this.#options;
    return entered.ageMs + clock.monotonic() - this.#enteredAt;
  }
}
