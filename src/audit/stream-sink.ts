import { writeSome } from "./descriptor.ts";
import { Ledger, type LedgerOptions, type Segment, type Standing } from "./ledger.ts";
import { type CheckpointReason, encodeRecord, type StartRecord } from "./records.ts";
import {
  createQueuedSink,
  type LogTarget,
  type ManagedAuditSink,
  type QueueOptions,
} from "./sink.ts";
import { type LineTap, tell } from "./tap.ts";

export interface StreamSinkOptions extends QueueOptions {
  /** `process.stdout` or `process.stderr`. */
  readonly stream: { readonly fd: number };
  /** Or what a person reads of each record, and null of those that nobody is shown: unchained. */
  readonly lines: StreamChain | ((record: string) => string | null);
}

export interface StreamChain extends LedgerOptions {
  readonly version: string;
  readonly tap?: LineTap;
}

/**
 * Writes to standard output or error. Node's own streams write to a pipe synchronously: a reader
 * that stalls would stall every exchange. Here it fills the queue, and then messages are denied.
 * Each run is a lane of its own: what an earlier one has written is nowhere to be seen.
 */
export function createStreamSink(options: StreamSinkOptions): ManagedAuditSink {
  // Once asked for, Node's streams have made a pipe non-blocking: a full one answers EAGAIN.
  const write = (bytes: Uint8Array) => writeSome(options.stream.fd, bytes);
  const { lines } = options;
  const isShown = typeof lines === "function";
  const target = isShown ? new TextTarget(write, lines) : createChainedTarget(write, lines);
  return createQueuedSink(target, options);
}

/** Writes some of `bytes` and tells how many; rejects with a system error's `code`. */
export type Write = (bytes: Uint8Array) => Promise<number>;

/** Lines of a chain, into something that cannot take back what it was given. */
export function createChainedTarget(write: Write, chain: StreamChain): LogTarget {
  return new ChainedTarget(write, chain);
}

/** What has begun is brought to its end: a failed write goes on at the byte where it stopped. */
class TextTarget implements LogTarget {
  readonly before: Standing = { policy: null, config: null };
  /** Of lines for people there is nothing to vouch for. */
  readonly owesCheckpoint = false;
  readonly #write: Write;
  readonly #show: (record: string) => string | null;
  #records: string[] = [];
  #rest: Uint8Array = new Uint8Array();
  #restRecords = 0;

  constructor(write: Write, show: (record: string) => string | null) {
    this.#write = write;
    this.#show = show;
  }

  get pending(): number {
    return this.#records.length + this.#restRecords;
  }

  open(): null {
    return null;
  }

  take(records: readonly string[]): void {
    // All or none of them: what throws is tried again with those before it.
    const shown = records.map((record) => this.#show(record));
    for (const text of shown) if (text !== null) this.#records.push(`${text}\n`);
  }

  async commit(): Promise<void> {
    await this.#writeRest();
    const records = this.#records;
    this.#records = [];
    this.#rest = Buffer.from(records.join(""));
    this.#restRecords = records.length;
    await this.#writeRest();
  }

  async #writeRest(): Promise<void> {
    while (this.#rest.length > 0) this.#rest = this.#rest.subarray(await this.#write(this.#rest));
    this.#restRecords = 0;
  }

  omit(): void {}
  stand(): void {}
  checkpoint(): void {}
  inspect(): void {}
  close(): void {}
}

class ChainedTarget implements LogTarget {
  readonly before: Standing = { policy: null, config: null };
  readonly #write: Write;
  readonly #ledger: Ledger;
  readonly #tap: LineTap | undefined;
  #start: string | null;
  #records: string[] = [];
  #rest: Uint8Array = new Uint8Array();
  #segment: Segment | null = null;

  constructor(write: Write, chain: StreamChain) {
    this.#write = write;
    this.#ledger = new Ledger(chain);
    this.#tap = chain.tap;
    this.#start = encodeRecord(startOf(chain));
  }

  get pending(): number {
    return this.#records.length;
  }

  open(): null {
    return null;
  }

  take(records: readonly string[]): void {
    for (const record of records) this.#records.push(record);
  }

  omit(): void {
    this.#ledger.omit();
  }

  stand(standing: Partial<Standing>): void {
    this.#ledger.stand(standing);
  }

  get owesCheckpoint(): boolean {
    return this.#ledger.isOpen;
  }

  checkpoint(reason: CheckpointReason): void {
    this.#ledger.ask(reason);
  }

  async commit(): Promise<void> {
    for (;;) {
      this.#segment ??= this.#next();
      const segment = this.#segment;
      if (segment === null) return;
      while (this.#rest.length > 0) this.#rest = this.#rest.subarray(await this.#write(this.#rest));
      this.#segment = null;
      this.#ledger.advance(segment, segment.lines.length);
      this.#settle(segment);
      tell(this.#tap, segment.lines);
    }
  }

  /** The first line of all is no event, and takes no room from those that wait. */
  #settle({ reason, lines }: Segment): void {
    if (reason !== null) return;
    if (this.#start === null) this.#records.splice(0, lines.length);
    this.#start = null;
  }

  #next(): Segment | null {
    const segment = this.#ledger.propose(this.#start === null ? this.#records : [this.#start]);
    if (segment !== null) this.#rest = Buffer.from(`${segment.lines.join("\n")}\n`);
    return segment;
  }

  inspect(): void {}
  close(): void {}
}

function startOf({ clock, version }: StreamChain): StartRecord {
  const timestamp = new Date(clock.now()).toISOString();
  return { kind: "start", timestamp, version, previous: "none", torn: null, crash: null };
}
