import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { type Position, readLink } from "./chain.ts";
import type { Standing } from "./ledger.ts";

/** The end of a log file, as the next run needs to know it. */
export interface Tail {
  /** Of the last line that is a link of a chain; null where there is none. */
  readonly position: Position | null;
  /** The last line is what we wrote; true of an empty file too. */
  readonly isIntact: boolean;
  /** The last line is the checkpoint with which a run ends. */
  readonly isClosed: boolean;
  /** From the last checkpoint within reach. */
  readonly standing: Standing;
  readonly torn: Torn | null;
}

/** A last line without its end, set aside. */
export interface Torn {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** How far back the last whole line, and the last checkpoint, are looked for. */
const TAIL_MAX_BYTES = 16 * 1024 * 1024;
const LINE_BREAK = 0x0a;
const PRIVATE = 0o600;

const NOTHING: Tail = {
  position: null,
  isIntact: true,
  isClosed: false,
  standing: { policy: null, config: null },
  torn: null,
};

/**
 * Reads the end of the file; a line that a crash has torn is moved into a file of its own, so that
 * the next line does not run into it. Throws the system's errors.
 */
export function recoverTail(path: string): Tail {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile() || status.size === 0) return NOTHING;
    const start = Math.max(0, status.size - TAIL_MAX_BYTES);
    const bytes = Buffer.alloc(status.size - start);
    const read = bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, start));

    const end = read.lastIndexOf(LINE_BREAK) + 1;
    const torn = end === read.length ? null : setAside(path, read.subarray(end));
    if (torn !== null) ftruncateSync(descriptor, start + end);
    return { ...readLines(read.subarray(0, end)), torn };
  } finally {
    closeSync(descriptor);
  }
}

function setAside(path: string, bytes: Uint8Array): Torn {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const aside = `${path}.torn-${sha256.slice(0, 8)}`;
  writeFileSync(aside, bytes, { mode: PRIVATE });
  return { file: aside, bytes: bytes.length, sha256 };
}

/** Backwards, until what is to be known is known. */
function readLines(bytes: Buffer): Omit<Tail, "torn"> {
  let position: Position | null = null;
  let isIntact = true;
  let isClosed = false;
  for (let end = bytes.length - 1; end > 0; ) {
    const start = bytes.lastIndexOf(LINE_BREAK, end - 1) + 1;
    const line = bytes.subarray(start, end);
    const link = readLink(line);
    const isLast = end === bytes.length - 1;
    const checkpoint = link?.kind === "checkpoint" ? readCheckpoint(line) : null;
    if (isLast) {
      isIntact = link?.isIntact === true;
      isClosed = isIntact && checkpoint?.reason === "close";
    }
    if (link !== null) position ??= { lane: link.lane, seq: link.seq, hash: link.hash };
    if (checkpoint !== null) return { position, isIntact, isClosed, standing: checkpoint };
    end = start - 1;
  }
  return { position, isIntact, isClosed, standing: NOTHING.standing };
}

interface Checkpoint extends Standing {
  readonly reason: string;
}

/** What a checkpoint says of what held; null for a line that is none. */
export function readCheckpoint(line: Buffer): Checkpoint | null {
  try {
    const { reason, policy, config }: { [member: string]: unknown } = JSON.parse(line.toString());
    const text = (value: unknown) => (typeof value === "string" ? value : null);
    return { reason: String(reason), policy: text(policy), config: text(config) };
  } catch {
    return null;
  }
}
