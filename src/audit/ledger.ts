import { randomBytes } from "node:crypto";
import type { Clock } from "../core/ports.ts";
import { GENESIS, linkLine, type Position } from "./chain.ts";
import { type CheckpointReason, encodeRecord } from "./records.ts";
import type { Signer } from "./signing.ts";

export interface LedgerOptions {
  readonly clock: Pick<Clock, "now">;
  /** Null: checkpoints count and chain, but nobody vouches for them. */
  readonly signer: Signer | null;
  /** A checkpoint follows at the latest after so many lines. */
  readonly checkpointEvents: number;
}

/** Lines that belong together: either records, or one checkpoint. */
export interface Segment {
  readonly lines: readonly string[];
  /** Of a checkpoint; null for records. */
  readonly reason: CheckpointReason | null;
  readonly last: Position;
  /** Of the decisions that are only counted, how many this checkpoint tells. */
  readonly unlogged: number;
}

/** What each checkpoint repeats, so that the next run finds it at the end of the log. */
export interface Standing {
  readonly policy: string | null;
  readonly config: string | null;
}

/** One write takes the lines that wait, up to about this much. */
const SEGMENT_MAX_LENGTH = 1024 * 1024;

/**
 * The chain as it grows. A segment is a proposal: the chain moves on only by what `advance` is
 * told to be written, so that what failed is linked anew, in another place.
 */
export class Ledger {
  #position: Position;
  #sinceCheckpoint = 0;
  #unlogged = 0;
  #due: CheckpointReason | null = null;
  #standing: Standing = { policy: null, config: null };
  readonly #options: LedgerOptions;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#position = { lane: randomBytes(8).toString("hex"), seq: 0, hash: GENESIS };
  }

  get position(): Position {
    return this.#position;
  }

  /** Whether lines stand behind the last checkpoint. */
  get isOpen(): boolean {
    return this.#sinceCheckpoint > 0 || this.#unlogged > 0;
  }

  /** Goes on where another run has stopped. */
  resume(position: Position): void {
    this.#position = position;
  }

  stand(standing: Partial<Standing>): void {
    this.#standing = { ...this.#standing, ...standing };
  }

  omit(): void {
    this.#unlogged += 1;
  }

  /** A checkpoint is to follow what is already waiting; without lines before it only the last one. */
  ask(reason: CheckpointReason): void {
    if (reason !== "close" && !this.isOpen) return;
    if (this.#due !== "close") this.#due = reason;
  }

  /** The next lines to write: of the records that wait, or a checkpoint; null for nothing. */
  propose(records: readonly string[]): Segment | null {
    const room = this.#options.checkpointEvents - this.#sinceCheckpoint;
    if (room <= 0 || (records.length === 0 && this.#due !== null)) {
      return this.checkpoint(records.length > 0 ? "events" : (this.#due ?? "events"));
    }
    return records.length === 0 ? null : this.#link(records, room);
  }

  /** A checkpoint, now. */
  checkpoint(reason: CheckpointReason): Segment {
    const { clock, signer, checkpointEvents } = this.#options;
    const unlogged = this.#unlogged;
    const record = encodeRecord({
      kind: "checkpoint",
      timestamp: new Date(clock.now()).toISOString(),
      reason,
      every: checkpointEvents,
      unlogged,
      ...this.#standing,
      key: signer?.keyId ?? null,
    });
    const sign = signer === null ? undefined : signer.sign;
    const { line, position } = linkLine(this.#position, record, sign);
    return { lines: [line], reason, last: position, unlogged };
  }

  /** The chain goes on behind the first `count` lines of the segment. */
  advance(segment: Segment, count: number): void {
    if (count === 0) return;
    if (segment.reason !== null) {
      this.#position = segment.last;
      this.#sinceCheckpoint = 0;
      this.#unlogged -= segment.unlogged;
      if (this.#due !== "close" || segment.reason === "close") this.#due = null;
      return;
    }
    const line = segment.lines[count - 1] ?? "";
    const seq = this.#position.seq + count;
    this.#position = { lane: this.#position.lane, seq, hash: line.slice(-66, -2) };
    this.#sinceCheckpoint += count;
  }

  #link(records: readonly string[], room: number): Segment {
    const lines: string[] = [];
    let last = this.#position;
    let length = 0;
    for (const record of records) {
      if (lines.length >= room || length >= SEGMENT_MAX_LENGTH) break;
      const { line, position } = linkLine(last, record);
      lines.push(line);
      last = position;
      length += line.length;
    }
    return { lines, reason: null, last, unlogged: 0 };
  }
}
