import type { DecisionEvent } from "../core/audit.ts";
import type { AuditSink } from "../core/ports.ts";
import type { Standing } from "./ledger.ts";
import {
  type AuthRecord,
  type CheckpointReason,
  encodeDecision,
  type HistoryRecord,
} from "./records.ts";

/** Why events cannot be written now; `pending` of them wait. */
export interface SinkFailure {
  /** Such as `ENOSPC`. */
  readonly code: string;
  readonly pending: number;
}

/** A sink with a lifetime. */
export interface ManagedAuditSink extends AuditSink {
  recordLater(draft: () => DecisionEvent): boolean;
  /** False from the first failed write to the next that succeeds; no event is accepted then. */
  readonly healthy: boolean;
  /** Puts a line of the service's own into the log; false as for an event. */
  note(record: HistoryRecord): boolean;
  /** Puts a line of the account of who came into the log; false as for an event. */
  account(record: AuthRecord): boolean;
  /** What the last run said that held, as far as its log still tells. */
  readonly before: Standing;
  /** Waits until what was accepted is written; false if that has failed. */
  settled(): Promise<boolean>;
  /** Flushes, for as long as the deadline lets it; false if something could not be written. */
  close(): Promise<boolean>;
}

/** What records are written to, one call at a time. A rejection carries a system error's `code`. */
export interface LogTarget {
  readonly before: Standing;
  /** Opens what it writes to, if it has not; null, or the code of what stands against it. */
  open(): string | null;
  /** Records that it has taken over and not yet written. */
  readonly pending: number;
  take(records: readonly string[]): void;
  /** One decision that is counted only. */
  omit(): void;
  /** What holds from now on, for the next checkpoint. */
  stand(standing: Partial<Standing>): void;
  /** Writes what it has taken; after a rejection the next call goes on where it stopped. */
  commit(): Promise<void>;
  /** Whether something that was written or counted stands behind the last checkpoint. */
  readonly owesCheckpoint: boolean;
  /** A checkpoint is to stand behind what waits; without lines before it only where it is final. */
  checkpoint(reason: CheckpointReason): void;
  /** Has the next `commit` look whether what is written to is still what was opened. */
  inspect(): void;
  /** Gives the descriptor back; `whole` says that nothing is left to be written. */
  close(whole: boolean): void;
}

export interface QueueOptions {
  /** Events that may wait, those in the running write included. */
  readonly queueMaxEvents: number;
  /** Called once for each spell of failing, and again when it ends with events unwritten. */
  readonly onFailure: (failure: SinkFailure) => void;
  /** Time between two attempts while the sink fails. */
  readonly retryMs?: number;
  /** How long `close` waits for the last write. */
  readonly closeDeadlineMs?: number;
  /** Between two looks at the log while nothing is written. */
  readonly healthIntervalMs?: number;
  /** After something was written, a checkpoint follows at the latest after so long. */
  readonly checkpointMs?: number;
}

const RETRY_MS = 1_000;
const CLOSE_DEADLINE_MS = 5_000;
const HEALTH_INTERVAL_MS = 30_000;
const CHECKPOINT_MS = 60_000;

/**
 * Between two writes while nobody waits for one, and few lines do. To make a line and to write it is
 * much code, and wakes another thread: a hundred decisions a second are fifty writes, a thousand no
 * more, and ten thousand three hundred.
 */
const GATHER_MS = 20;
const GATHER_LINES = 32;

/**
 * Events become text together: one by one, between other work, each takes twice as long. More than so
 * many do not wait for that, as while a write goes on, for an event is larger than its text.
 */
const UNENCODED_MAX = 64;

/** An event, or what makes it. */
type Unwritten = DecisionEvent | (() => DecisionEvent);

/** A bounded queue before a target, which is opened until that succeeds once. */
export function createQueuedSink(target: LogTarget, options: QueueOptions): ManagedAuditSink {
  return new QueuedSink(target, options);
}

class QueuedSink implements ManagedAuditSink {
  healthy = true;
  readonly #target: LogTarget;
  readonly #options: QueueOptions;
  /** Lines that are enough for a write; a small queue is not to fill up meanwhile. */
  readonly #enough: number;
  #records: string[] = [];
  /** Behind the records, and no text yet. */
  #events: Unwritten[] = [];
  #running: Promise<void> | null = null;
  /** Begins the write that is put off. */
  #hurry: () => void = () => undefined;
  #wroteAt = Number.NEGATIVE_INFINITY;
  #retry: NodeJS.Timeout | null = null;
  #checkpointTimer: NodeJS.Timeout | null = null;
  readonly #health: NodeJS.Timeout;
  #isClosed = false;
  /** Records ever; the difference is what waits. */
  #accepted = 0;
  #written = 0;
  #waiting: { readonly accepted: number; readonly resolve: (isWritten: boolean) => void }[] = [];

  constructor(target: LogTarget, options: QueueOptions) {
    this.#target = target;
    this.#options = options;
    this.#enough = Math.min(GATHER_LINES, Math.ceil(options.queueMaxEvents / 2));
    if (this.#isOpen()) this.#start();
    const interval = options.healthIntervalMs ?? HEALTH_INTERVAL_MS;
    this.#health = setInterval(() => this.#look(), interval).unref();
  }

  get before(): Standing {
    return this.#target.before;
  }

  record(event: DecisionEvent): boolean {
    return this.#take(event);
  }

  recordLater(draft: () => DecisionEvent): boolean {
    return this.#take(draft);
  }

  #take(event: Unwritten): boolean {
    if (!this.#accepts()) return false;
    if (this.#events.length >= UNENCODED_MAX && !this.#canEncode()) return false;
    this.#events.push(event);
    this.#accept();
    return true;
  }

  omit(): boolean {
    if (!this.#accepts()) return false;
    this.#target.omit();
    this.#checkpointLater();
    return true;
  }

  note(record: HistoryRecord): boolean {
    if (!this.#accepts() || !this.#canEncode()) return false;
    if (record.kind === "policy_history") this.#target.stand({ policy: record.new });
    if (record.kind === "config_history") this.#target.stand({ config: record.new });
    const { kind, ...rest } = record;
    // The kind comes first in every line.
    this.#add(JSON.stringify({ kind, ...rest }));
    return true;
  }

  account(record: AuthRecord): boolean {
    if (!this.#accepts() || !this.#canEncode()) return false;
    const { kind, timestamp, ...rest } = record;
    // As in every line: these come first.
    this.#add(JSON.stringify({ kind, timestamp, ...rest }));
    return true;
  }

  settled(): Promise<boolean> {
    if (!this.healthy) return Promise.resolve(false);
    if (this.#written === this.#accepted) return Promise.resolve(true);
    const outcome = Promise.withResolvers<boolean>();
    this.#waiting.push({ accepted: this.#accepted, resolve: outcome.resolve });
    this.#startNow();
    return outcome.promise;
  }

  #settle(isWritten: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      if (!isWritten || one.accepted <= this.#written) one.resolve(isWritten);
      else this.#waiting.push(one);
    }
  }

  async close(): Promise<boolean> {
    if (this.#isClosed) return this.healthy;
    this.#isClosed = true;
    clearInterval(this.#health);
    for (const timer of [this.#retry, this.#checkpointTimer])
      if (timer !== null) clearTimeout(timer);

    const limit = this.#options.closeDeadlineMs ?? CLOSE_DEADLINE_MS;
    const isWhole = await before(limit, this.#finish());
    if (!isWhole) this.#options.onFailure({ code: "CLOSED", pending: this.#pending() });
    // A write that hangs still holds the descriptor, whose number must not be used anew.
    if (this.#running === null) this.#target.close(isWhole);
    return isWhole;
  }

  async #finish(): Promise<boolean> {
    this.#hurry();
    await this.#running;
    this.#target.checkpoint("close");
    this.#startNow();
    await this.#running;
    return this.healthy && this.#pending() === 0;
  }

  #accepts(): boolean {
    return this.healthy && !this.#isClosed && this.#pending() < this.#options.queueMaxEvents;
  }

  /** Behind all events: they are records by now. */
  #add(record: string): void {
    this.#records.push(record);
    this.#accept();
  }

  #accept(): void {
    this.#accepted += 1;
    this.#start();
    // While a write runs this does nothing: the next one is not put off then.
    if (this.#gathered >= this.#enough) this.#hurry();
  }

  /** Lines that the target has not taken. */
  get #gathered(): number {
    return this.#records.length + this.#events.length;
  }

  /** FAIL CLOSED: behind an event that nobody can make, none is accepted; whoever asks goes on. */
  #canEncode(): boolean {
    try {
      this.#encode();
      return true;
    } catch (error) {
      this.#fail(codeOf(error));
      return false;
    }
  }

  /** All or none of them: throws where one cannot be made. */
  #encode(): void {
    const texts = this.#events.map((one) =>
      encodeDecision(typeof one === "function" ? one() : one),
    );
    this.#events = [];
    for (const text of texts) this.#records.push(text);
  }

  #pending(): number {
    return this.#target.pending + this.#gathered;
  }

  #checkpointLater(): void {
    if (this.#checkpointTimer !== null || this.#isClosed) return;
    const limit = this.#options.checkpointMs ?? CHECKPOINT_MS;
    this.#checkpointTimer = setTimeout(() => {
      this.#checkpointTimer = null;
      this.#target.checkpoint("time");
      this.#start();
    }, limit).unref();
  }

  /** While it fails, the retry looks. */
  #look(): void {
    if (!this.healthy) return;
    this.#target.inspect();
    this.#start();
  }

  /** Events of one turn of the event loop are written together, and those that come soon after. */
  #start(): void {
    if (this.#running !== null) return;
    const turn = Promise.withResolvers<void>();
    const putOffMs = this.#wroteAt + GATHER_MS - performance.now();
    if (putOffMs > 0 && this.#gathered < this.#enough) setTimeout(turn.resolve, putOffMs);
    else setImmediate(turn.resolve);
    this.#hurry = turn.resolve;
    this.#running = turn.promise.then(() => this.#drain());
  }

  /** For those who wait for the write. */
  #startNow(): void {
    this.#start();
    this.#hurry();
  }

  /** Never rejects: a failure is a state of the sink. */
  async #drain(): Promise<void> {
    try {
      if (!this.#isOpen()) return;
      const accepted = this.#accepted;
      this.#encode();
      this.#target.take(this.#records);
      this.#records = [];
      await this.#target.commit();
      this.healthy = true;
      this.#written = accepted;
      this.#wroteAt = performance.now();
      this.#settle(true);
      if (this.#target.owesCheckpoint) this.#checkpointLater();
    } catch (error) {
      this.#fail(codeOf(error));
    } finally {
      this.#running = null;
      if (this.healthy && this.#gathered > 0) this.#goOn();
    }
  }

  #goOn(): void {
    if (this.#isClosed || this.#waiting.length > 0) this.#startNow();
    else this.#start();
  }

  #isOpen(): boolean {
    const code = this.#target.open();
    if (code !== null) this.#fail(code);
    return code === null;
  }

  #fail(code: string): void {
    if (this.healthy) this.#options.onFailure({ code, pending: this.#pending() });
    this.healthy = false;
    this.#settle(false);
    if (this.#isClosed) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#start(), this.#options.retryMs ?? RETRY_MS);
    this.#retry.unref();
  }
}

/** What the promise says, or false when it says nothing in time. */
async function before(milliseconds: number, outcome: Promise<boolean>): Promise<boolean> {
  const deadline = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => deadline.resolve(false), milliseconds);
  const answer = await Promise.race([outcome, deadline.promise]);
  clearTimeout(timer);
  return answer;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
}
