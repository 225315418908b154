import { createReadStream } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type RawLine, readLines } from "../read-lines.ts";
import type { Destination } from "./destination.ts";
import { readHead } from "./line-head.ts";

export interface ReshipOptions {
  readonly destination: Destination;
  /** Lines before and behind these are left out. */
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly batchMaxEvents: number;
  readonly batchMaxBytes: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** After so many failures of one batch it is given up. */
  readonly attemptsMax: number;
}

/** How far it came. */
export interface Reshipped {
  readonly lines: number;
  /** Of the last line that was taken; 0 for none. */
  readonly lastSeq: number;
  /** What stood against the rest; null when all are there. */
  readonly failure: string | null;
}

/** A longer line is none of ours: the longest that is written is half of this. */
const LINE_MAX_BYTES = 32 * 1024 * 1024;

/** Sends what stands in these files, in their order. Rejects when a file cannot be read. */
export async function reship(files: readonly string[], options: ReshipOptions): Promise<Reshipped> {
  let lines = 0;
  let lastSeq = 0;
  for await (const batch of batchesOf(files, options)) {
    const failure = await deliver(batch, options);
    if (failure !== null) return { lines, lastSeq, failure };
    lines += batch.length;
    lastSeq = readHead(batch.at(-1) ?? "").seq;
  }
  return { lines, lastSeq, failure: null };
}

/** Null, or the code of the last failure. */
async function deliver(batch: readonly string[], options: ReshipOptions): Promise<string | null> {
  const never = new AbortController().signal;
  let waitMs = options.retryMinMs;
  for (let attempt = 1; ; attempt++) {
    const delivery = await options.destination.send(batch, never);
    if (delivery.kind === "taken") return delivery.rejected === 0 ? null : "REJECTED";
    if (delivery.kind === "refused" || attempt >= options.attemptsMax) return delivery.code;
    await delay(Math.min(delivery.afterMs ?? waitMs, options.retryMaxMs));
    waitMs *= 2;
  }
}

async function* batchesOf(
  files: readonly string[],
  { fromSeq, toSeq, batchMaxEvents, batchMaxBytes }: ReshipOptions,
): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  let length = 0;
  for await (const { bytes, isEnded, isTooLong } of linesOf(files)) {
    // A last line without its end is still being written, or was torn: the next run sets it aside.
    if (!isEnded || isTooLong) continue;
    const line = bytes.toString("utf8");
    const { seq } = readHead(line);
    if (seq < fromSeq || seq > toSeq) continue;
    if (batch.length >= batchMaxEvents || (length > 0 && length + line.length > batchMaxBytes)) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(line);
    length += line.length;
  }
  if (batch.length > 0) yield batch;
}

async function* linesOf(files: readonly string[]): AsyncGenerator<RawLine> {
  for (const file of files) yield* readLines(createReadStream(file), LINE_MAX_BYTES);
}
