import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/**
 * Lets go of all that nobody holds. Where V8 was at it already, it keeps what was made meanwhile:
 * that goes in a second collection, which is one from its beginning.
 */
export function collectGarbage(): void {
  collect();
  collect();
}

/** What is held, in bytes, of objects and of buffers: all that nobody holds is let go first. */
export function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
