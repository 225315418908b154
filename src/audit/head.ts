import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Position, readLink } from "./chain.ts";

/**
 * The last checkpoint of a log once more, byte for byte, in a file of its own: what is cut off the
 * log, or that it is gone as a whole, shows when the two are held together. It is as good as its
 * place; its signature is the checkpoint's.
 */
export interface Head extends Position {
  /** Without its line break. */
  readonly line: Uint8Array;
}

const PRIVATE = { mode: 0o600 };

/** Null where there is none. Throws the system's errors but that one. */
export function readHead(path: string): Head | "malformed" | null {
  const text = readIfThere(path);
  if (text === null) return null;
  const line = text.subarray(0, text.at(-1) === 0x0a ? -1 : text.length);
  const link = readLink(line);
  if (link === null || !link.isIntact || link.kind !== "checkpoint") return "malformed";
  return { lane: link.lane, seq: link.seq, hash: link.hash, line };
}

/** Never leaves half of one. Throws the system's errors. */
export function writeHead(path: string, line: string): void {
  const draft = `${path}.new`;
  writeFileSync(draft, `${line}\n`, PRIVATE);
  renameSync(draft, path);
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** A line that a log must hold, by its number and hash. */
export interface ExpectedHead {
  /** What it is known from. */
  readonly file: string;
  /** Null for any lane. */
  readonly lane: string | null;
  readonly seq: number;
  readonly hash: string;
  /** The checkpoint as it was kept; null where only its hash is known. */
  readonly line: Uint8Array | null;
}
