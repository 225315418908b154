/**
 * A part of the set-up is `{ name, find, install }`: `find` says at once what is there, `install`
 * brings it. Two set-ups at the same time take turns, and the second one finds the work done.
 */

import { step } from "./failure.mjs";
import { withLock } from "./lock.mjs";

export async function ensure(part) {
  const found = part.find();
  if (found !== undefined) return found;

  return withLock(async () => {
    const foundMeanwhile = part.find();
    if (foundMeanwhile !== undefined) return foundMeanwhile;

    const startedAt = performance.now();
    const installed = await part.install();
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    step(`${part.name}: ready (${seconds} s)`);
    return installed;
  });
}
