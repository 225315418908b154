import { expect } from "vitest";

const TIMES = 8;
/** What is linear takes 8 times as long for 8 times as much, what bears a square 64 times. */
const MOST = 24;
const ROUNDS = 5;
/** Below it the clock, a collection of garbage and a compilation are all that is measured. */
const LEAST_MS = 1;

/**
 * Expects that `work` takes time in proportion to `length`. What it takes of an eighth is measured
 * beside it, in CPU time of this thread: a machine that is slow, or busy, is so for both.
 */
export function expectLinear(work: (length: number) => void, length: number): void {
  const ratios: number[] = [];
  work(length / TIMES);
  for (let round = 0; round < ROUNDS; round += 1) {
    const part = Math.max(
      cpuMsOf(() => work(length / TIMES)),
      LEAST_MS,
    );
    const ratio = cpuMsOf(() => work(length)) / part;
    if (ratio < MOST) return;
    ratios.push(Math.round(ratio));
  }
  expect.fail(`${TIMES} times as much takes ${ratios.join(", ")} times as long`);
}

function cpuMsOf(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
