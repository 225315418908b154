import type { Readable } from "node:stream";
import { writeSome } from "../../audit/descriptor.ts";

/** Whole lines of several workers, in one stream. */
export interface LineJoiner {
  /** Until the worker has closed its end; resolves to the bytes of a last line without an end. */
  follow(from: Readable): Promise<number>;
}

const LINE_BREAK = 0x0a;
/** Between two attempts to write where it fails: the workers wait, and then deny. */
const RETRY_MS = 1_000;

/**
 * Passes on what workers write, line by line: what two processes write to one pipe by themselves
 * runs together. As long as the reader stalls nothing more is read: the pipe fills, then the
 * worker's queue, and then it denies. A line that a worker could not end is left out.
 */
export function createLineJoiner(descriptor: number): LineJoiner {
  let last: Promise<void> = Promise.resolve();
  const write = (bytes: Uint8Array): Promise<void> => {
    last = last.then(() => writeAll(descriptor, bytes));
    return last;
  };
  return {
    async follow(from) {
      let rest: Buffer[] = [];
      for await (const chunk of from as AsyncIterable<Buffer>) {
        const end = chunk.lastIndexOf(LINE_BREAK) + 1;
        if (end > 0) {
          await write(Buffer.concat([...rest, chunk.subarray(0, end)]));
          rest = [];
        }
        if (end < chunk.length) rest.push(chunk.subarray(end));
      }
      return rest.reduce((sum, { length }) => sum + length, 0);
    },
  };
}

async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(await writeSome(descriptor, rest));
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
