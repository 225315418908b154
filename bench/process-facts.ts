import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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

/** CPU time of a process so far, in microseconds; NaN where nobody tells. */
export function cpuUsOf(pid: number | null | undefined): number {
  return factsOf(pid ?? 0)?.cpuUs ?? Number.NaN;
}

/** proc_pid_clear_refs(5). Where it cannot be done, the peak is that of the process's whole life. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {}
}

/** proc_pid_limits(5): of this process, and of those it starts. Node raises it as far as it may. */
export function openFilesMax(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Files and sockets that a process holds; 0 where nobody tells. */
export function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Processes that it has started and that are there still. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** CPU time of those that this process has started and that have ended: fields 16 and 17. */
export function childrenCpuUs(): number {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[13]) + Number(fields[14])) * 10_000;
  } catch {
    return Number.NaN;
  }
}

/** Of all files in a folder whose names end so. */
export function sizeOfFiles(folder: string, end: string): number {
  const names = readdirSync(folder).filter((name) => name.endsWith(end));
  return names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
