import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";

import type { Clock } from "../core/ports.ts";

/** What a file holds now. */
export interface FollowedFile<Value> {
  /** Null: the file cannot be read, is too large, or holds what cannot be understood. */
  current(): Value | null;
}

export interface FollowedFileOptions<Value> {
  readonly path: string;
  readonly maxBytes: number;
  readonly clock: Pick<Clock, "monotonic">;
  /** Null for what cannot be understood. Never throws. */
  readonly decode: (text: string) => Value | null;
}

/** How long a change may go unseen. */
const LOOK_EVERY_MS = 1_000;

/**
 * Follows a file, also through a link that is set anew (as Kubernetes does with secrets). FAIL
 * CLOSED: once it cannot be read, what it held before no longer counts.
 */
export function createFollowedFile<Value>(
  options: FollowedFileOptions<Value>,
): FollowedFile<Value> {
  const { path, clock } = options;
  let value: Value | null = null;
  let seen = "";
  let lookedAt = Number.NEGATIVE_INFINITY;

  return {
    current() {
      const now = clock.monotonic();
      if (now - lookedAt < LOOK_EVERY_MS) return value;
      lookedAt = now;
      const mark = markOf(path);
      if (mark === seen && mark !== null) return value;
      seen = mark ?? "";
      value = mark === null ? null : read(options);
      return value;
    },
  };
}

/** Differs whenever the file may; null where there is none. */
function markOf(path: string): string | null {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs }: Stats = statSync(path);
    return [dev, ino, size, mtimeMs, ctimeMs].join(":");
  } catch {
    return null;
  }
}

function read<Value>({ path, maxBytes, decode }: FollowedFileOptions<Value>): Value | null {
  const text = readBounded(path, maxBytes);
  return text === null ? null : decode(text);
}

/** Null for what is no file, is larger than `maxBytes`, or is no UTF-8. */
export function readBounded(path: string, maxBytes: number): string | null {
  let descriptor: number | null = null;
  try {
    // To open a pipe would wait for somebody to write to it.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(descriptor).isFile()) return null;
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, buffer, length, buffer.length - length, null);
      if (count === 0) break;
      length += count;
      if (length > maxBytes) return null;
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, length));
  } catch {
    return null;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
