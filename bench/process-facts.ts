import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** What the system says of a process and all its threads; null where nobody tells. */
export interface Facts {
  readonly cpuUs: number;
  readonly rssKib: number;
  /** The most that it had since `forgetPeak`. */
  readonly peakKib: number;
}

/** proc_pid_stat(5): fields 14 and 15 are CPU time, in hundredths of a second. */
export function factsOf(pid: number): Facts | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
    return {
      cpuUs: (Number(fields[11]) + Number(fields[12])) * 10_000,
      rssKib: kib("VmRSS"),
      peakKib: kib("VmHWM"),
    };
  } catch {
    return null;
  }
}

/** proc_pid_clear_refs(5). Where it cannot be done, the peak is that of the process's whole life. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {}
}

/** Files and sockets that a process holds; 0 where nobody tells. */
export function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
