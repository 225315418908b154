import type { DecisionEvent } from "../core/audit.ts";
import type { AuditSink } from "../core/ports.ts";
import { encodeLine } from "./line.ts";

/** Why events cannot be written now; `pending` of them wait. */
export interface SinkFailure {
  /** Such as `ENOSPC`. */
  readonly code: string;
  readonly pending: number;
}

/** A sink with a lifetime. */
export interface ManagedAuditSink extends AuditSink {
  /** False from the first failed write to the next that succeeds; no event is accepted then. */
  readonly healthy: boolean;
  /** Waits until what was accepted is written, or until a write has failed (see `healthy`). */
  flush(): Promise<void>;
  /** Flushes, for as long as the deadline lets it, and gives the descriptor back. */
  close(): Promise<void>;
}

/** What bytes are written to. */
export interface Writer {
  /** Writes some of `bytes` and tells how many; rejects with a system error's `code`. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

export interface SinkOptions {
  /** One event as a line with its line break; the log's own JSON line unless a person reads it. */
  readonly encode?: (event: DecisionEvent, seq: number) => string;
  /** Events that may wait, those in the running write included. */
  readonly queueMaxEvents: number;
  /** Called once for each spell of failing, and again when it ends with events unwritten. */
  readonly onFailure: (failure: SinkFailure) => void;
  /** Time between two attempts while the sink fails. */
  readonly retryMs?: number;
  /** How long `close` waits for the last write. */
  readonly closeDeadlineMs?: number;
}

const RETRY_MS = 1_000;
const CLOSE_DEADLINE_MS = 5_000;
/** One write takes the lines that wait, up to about this much. */
const BATCH_MAX_LENGTH = 1024 * 1024;

/** What the writer was opened with, or why it could not be. */
export type Opened =
  | { readonly ok: true; readonly writer: Writer; readonly lastSeq: number }
  | { readonly ok: false; readonly code: string };

/**
 * A bounded queue before a writer. `open` is called until it succeeds once; a failed write is tried
 * again from the byte where it stopped, so that no line is torn or written twice.
 */
export function createQueuedSink(open: () => Opened, options: SinkOptions): ManagedAuditSink {
  return new QueuedSink(open, options);
}

class QueuedSink implements ManagedAuditSink {
  healthy = true;
  readonly #open: () => Opened;
  readonly #options: SinkOptions;
  #writer: Writer | null = null;
  #seq = 0;
  #lines: string[] = [];
  /** The rest of the batch that is being written, and how many events it began with. */
  #batch: Uint8Array = new Uint8Array();
  #batchEvents = 0;
  #running: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(open: () => Opened, options: SinkOptions) {
    this.#open = open;
    this.#options = options;
    this.#openWriter();
  }

  record(event: DecisionEvent): boolean {
    if (!this.healthy || this.#isClosed) return false;
    if (this.#pending() >= this.#options.queueMaxEvents) return false;

    const encode = this.#options.encode ?? encodeLine;
    this.#lines.push(encode(event, this.#seq + 1));
    this.#seq += 1;
    this.#start();
    return true;
  }

  async flush(): Promise<void> {
    if (this.#pending() > 0) this.#start();
    await this.#running;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);

    const deadline = Promise.withResolvers<void>();
    const limit = this.#options.closeDeadlineMs ?? CLOSE_DEADLINE_MS;
    const timer = setTimeout(deadline.resolve, limit);
    await Promise.race([this.flush(), deadline.promise]);
    clearTimeout(timer);

    const pending = this.#pending();
    if (pending > 0) this.#options.onFailure({ code: "CLOSED", pending });
    // A write that hangs still holds the descriptor, whose number must not be used anew.
    if (this.#running === null) this.#writer?.close();
  }

  #pending(): number {
    return this.#batchEvents + this.#lines.length;
  }

  /** Events of one turn of the event loop are written together. */
  #start(): void {
    if (this.#running !== null) return;
    const turn = Promise.withResolvers<void>();
    setImmediate(turn.resolve);
    this.#running = turn.promise.then(() => this.#drain());
  }

  /** Never rejects: a failure is a state of the sink. */
  async #drain(): Promise<void> {
    try {
      while (this.#pending() > 0 && this.#openWriter()) await this.#writeBatch();
      if (this.#pending() === 0 && this.#openWriter()) this.healthy = true;
    } catch (error) {
      this.#fail(codeOf(error));
    } finally {
      this.#running = null;
    }
  }

  async #writeBatch(): Promise<void> {
    if (this.#batch.length === 0) this.#takeBatch();
    while (this.#batch.length > 0 && this.#writer !== null) {
      const written = await this.#writer.write(this.#batch);
      this.#batch = this.#batch.subarray(written);
    }
    this.#batchEvents = 0;
    this.healthy = true;
  }

  #takeBatch(): void {
    let length = 0;
    let count = 0;
    while (count < this.#lines.length && length < BATCH_MAX_LENGTH) {
      length += this.#lines[count]?.length ?? 0;
      count += 1;
    }
    const taken = this.#lines.splice(0, count);
    this.#batch = Buffer.from(taken.join(""));
    this.#batchEvents = count;
  }

  #openWriter(): boolean {
    if (this.#writer !== null) return true;
    const opened = this.#open();
    if (!opened.ok) {
      this.#fail(opened.code);
      return false;
    }
    this.#writer = opened.writer;
    this.#seq = opened.lastSeq;
    return true;
  }

  #fail(code: string): void {
    if (this.healthy) this.#options.onFailure({ code, pending: this.#pending() });
    this.healthy = false;
    if (this.#isClosed) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#start(), this.#options.retryMs ?? RETRY_MS);
    this.#retry.unref();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
}
