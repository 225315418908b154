import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

import { locateEnvoy } from "../src/cli/envoy/locate.ts";
import { packageVersion } from "../src/server/package-root.ts";

/** On what a figure was measured: without it, it says nothing. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly system: string;
  readonly node: string;
  readonly envoy: string;
  readonly impedance: string;
}

export function describeMachine(): Machine {
  const all = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    envoy: envoyVersion(),
    impedance: packageVersion(),
  };
}

/** `bench:micro` runs without one. */
function envoyVersion(): string {
  try {
    const text = execFileSync(locateEnvoy(), ["--version"], { encoding: "utf8" });
    return /\/(\d+\.\d+\.\d+)[^/]*\//.exec(text)?.[1] ?? "unknown";
  } catch {
    return "none";
  }
}

export function machineLine(machine: Machine): string {
  const { date, cpu, cores, memory_gib, system, node, envoy, impedance } = machine;
  return (
    `${date}, ${cores} × ${cpu}, ${memory_gib} GiB, ${system}\n` +
    `Node ${node}, Envoy ${envoy}, Impedance ${impedance}`
  );
}
