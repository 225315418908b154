import { closeSync, constants, fstatSync, openSync, readSync, write } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { decodeSeq } from "./line.ts";
import {
  createQueuedSink,
  type ManagedAuditSink,
  type Opened,
  type SinkOptions,
  type Writer,
} from "./sink.ts";

const FILE_MODE = 0o600;
/** The longest last line that is looked for, to go on from its `seq`. */
const TAIL_MAX_BYTES = 4 * 1024 * 1024;
/** A pipe that is full is asked again after this long. */
const FULL_PIPE_WAIT_MS = 10;
const LINE_BREAK = 0x0a;

const APPEND = constants.O_WRONLY | constants.O_APPEND;
const writeAsync = promisify(write);

export interface FileSinkOptions extends SinkOptions {
  readonly path: string;
}

/**
 * Appends to the file at `path`, which is made readable for its owner alone. It goes on from the
 * `seq` of the last line; a last line that a crash has torn is closed, and stays as it is.
 */
export function createFileSink(options: FileSinkOptions): ManagedAuditSink {
  return createQueuedSink(() => openFile(options.path), options);
}

export interface StreamSinkOptions extends SinkOptions {
  /** `process.stdout` or `process.stderr`. */
  readonly stream: { readonly fd: number };
}

/**
 * Writes to standard output or error. Node's own streams write to a pipe synchronously: a reader
 * that stalls would stall every exchange. Here it fills the queue, and then messages are denied.
 */
export function createStreamSink(options: StreamSinkOptions): ManagedAuditSink {
  return createQueuedSink(() => openStandard(options.stream.fd), options);
}

function openFile(path: string): Opened {
  try {
    const descriptor = openSync(path, APPEND | constants.O_CREAT | constants.O_NONBLOCK, FILE_MODE);
    const tail = readTail(path);
    const lastSeq = tail.lastSeq ?? 0;
    return { ok: true, writer: createWriter(descriptor, tail.isTorn, true), lastSeq };
  } catch (error) {
    return { ok: false, code: codeOf(error) };
  }
}

/** Once asked for, Node's streams have made a pipe non-blocking: a full one answers EAGAIN. */
function openStandard(descriptor: number): Opened {
  return { ok: true, writer: createWriter(descriptor, false, false), lastSeq: 0 };
}

function createWriter(descriptor: number, isTorn: boolean, isOwn: boolean): Writer {
  let mustBreakLine = isTorn;

  return {
    async write(bytes) {
      if (mustBreakLine) {
        await writeSome(descriptor, Uint8Array.of(LINE_BREAK));
        mustBreakLine = false;
      }
      return await writeSome(descriptor, bytes);
    },
    close() {
      if (isOwn) closeSync(descriptor);
    },
  };
}

async function writeSome(descriptor: number, bytes: Uint8Array): Promise<number> {
  for (;;) {
    try {
      const { bytesWritten } = await writeAsync(descriptor, bytes);
      return bytesWritten;
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      await sleep(FULL_PIPE_WAIT_MS);
    }
  }
}

interface Tail {
  readonly lastSeq: number | null;
  readonly isTorn: boolean;
}

function readTail(path: string): Tail {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile() || status.size === 0) return { lastSeq: null, isTorn: false };

    const length = Math.min(status.size, TAIL_MAX_BYTES);
    const bytes = Buffer.alloc(length);
    const read = readSync(descriptor, bytes, 0, length, status.size - length);
    const lines = bytes.subarray(0, read).toString("utf8").split("\n");
    return { lastSeq: lastSeqOf(lines), isTorn: lines.at(-1) !== "" };
  } finally {
    closeSync(descriptor);
  }
}

function lastSeqOf(lines: readonly string[]): number | null {
  for (let index = lines.length - 1; index >= 0; index--) {
    const seq = decodeSeq(lines[index] ?? "");
    if (seq !== null) return seq;
  }
  return null;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
}
