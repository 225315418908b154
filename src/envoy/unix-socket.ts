import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { isMainThread } from "node:worker_threads";

const OWNER_ONLY = 0o600;
const ALL_BUT_OWNERS_READ_AND_WRITE = 0o177;

/**
 * Binds a Unix socket for its owner alone, from its first moment on. One that a killed service left
 * behind is taken away; one on which somebody listens is not.
 */
export async function bindPrivately<T>(path: string, bind: () => Promise<T>): Promise<T> {
  if (isSocket(path) && !(await isServed(path))) unlinkSync(path);
  // A worker may not change the mask; there the mode follows a moment later.
  const before = isMainThread ? process.umask(ALL_BUT_OWNERS_READ_AND_WRITE) : null;
  try {
    const bound = await bind();
    chmodSync(path, OWNER_ONLY);
    return bound;
  } finally {
    if (before !== null) process.umask(before);
  }
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}
