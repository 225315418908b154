import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";

/** Looks now and then whether whoever started it is still there. */
const SPIN =
  "const { ppid } = process; while (process.ppid === ppid) for (let i = 1e6; i > 0; i--);";

/**
 * Keeps each core from sleeping, by work that runs where nothing else wants the core
 * (`SCHED_IDLE`, sched(7)). On a virtual machine a core that sleeps is given to others, and to wake it
 * for a message takes longer than to answer: the figures are of the host then. Needs `chrt` of
 * util-linux.
 */
export async function keepAwake(): Promise<AsyncDisposable> {
  const spinners = Array.from({ length: availableParallelism() }, () =>
    spawn("chrt", ["--idle", "0", process.execPath, "-e", SPIN], { stdio: "ignore" }),
  );
  await Promise.all(spinners.map((one) => once(one, "spawn")));
  return {
    async [Symbol.asyncDispose]() {
      const ends = spinners.map((one) => once(one, "exit"));
      for (const one of spinners) one.kill();
      await Promise.all(ends);
    },
  };
}
