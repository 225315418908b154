import { fdatasync, write } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { codeOf } from "./sink.ts";

/** A pipe that is full is asked again after this long. */
const FULL_PIPE_WAIT_MS = 10;

const writeAsync = promisify(write);

/** Waits until the disk has what was written. */
export const syncData = promisify(fdatasync);

/** Writes some of `bytes` and tells how many; rejects with the system's error. */
export async function writeSome(descriptor: number, bytes: Uint8Array): Promise<number> {
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
