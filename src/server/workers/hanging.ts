import { readFileSync } from "node:fs";

/** How long a worker has said nothing, and what it has done meanwhile. */
export interface Silence {
  readonly wallMs: number;
  /** CPU time that it used in it; null where the system does not tell. */
  readonly cpuMs: number | null;
}

/** One that waits for something and never turns uses no CPU time: the clock decides in the end. */
const PATIENCE = 5;
/** proc_pid_stat(5): user and system time are fields 14 and 15, in hundredths of a second. */
const TICK_MS = 10;

/**
 * Whether it hangs, and is not merely kept from running: on a machine with too much to do a worker
 * that is ended leaves its work to the others, which then have still more.
 */
export function isHanging({ wallMs, cpuMs }: Silence, deadlineMs: number): boolean {
  if (wallMs < deadlineMs) return false;
  return cpuMs === null || cpuMs >= deadlineMs || wallMs >= PATIENCE * deadlineMs;
}

/** CPU time of a process since its start; null where the system does not tell. */
export function cpuTimeOf(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isFinite(ticks) ? ticks * TICK_MS : null;
  } catch {
    return null;
  }
}
