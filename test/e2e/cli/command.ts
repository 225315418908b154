import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { waitFor, within } from "../../support/wait.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Variables beside those that every command has. */
export interface Environment {
  readonly [name: string]: string;
}

/** A command that runs. */
export interface RunningCommand extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** The URL of the line that says `ready`. */
  ready(): Promise<URL>;
  /** How it ended, with all that it has written. */
  readonly ended: Promise<Ended>;
  /** Processes that it has started and that still run. */
  children(): Promise<readonly number[]>;
}

/** Runs `impedance …` to its end. */
export async function impedance(
  args: readonly string[],
  input: string | Uint8Array = "",
  environment: Environment = {},
): Promise<Ended> {
  await using command = startImpedance(args, environment);
  command.child.stdin?.end(input);
  return await within(`the end of impedance ${args.join(" ")}`, command.ended);
}

/** Starts `impedance …`; whatever is left of it at the end of the test is killed. */
export function startImpedance(
  args: readonly string[],
  environment: Environment = {},
): RunningCommand {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NO_COLOR: "1",
      ...COMPILE_CACHE,
      ...environment,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  child.stdin.on("error", () => undefined);
  const pid = child.pid ?? 0;
  const ended = once(child, "close").then(([code]): Ended => ({ code, ...output }));
  return {
    child,
    pid,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    ready: async () => {
      const line = await waitFor("the line that says ready", () => {
        if (child.exitCode !== null) throw new Error(`it ended: ${output.stderr}`);
        return /^ready (\S+)\n/m.exec(output.stdout);
      });
      return new URL(line[1] ?? "");
    },
    children: () => childrenOf(pid),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const children = await childrenOf(pid);
      child.kill("SIGKILL");
      for (const one of children) killQuietly(one);
      await ended;
    },
  };
}

/** A zombie has ended: it only waits to be reaped. */
export async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return status !== "" && !/^State:\s+Z/m.test(status);
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const path = `/proc/${pid}/task/${pid}/children`;
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split(" ").filter(Boolean).map(Number);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended in the meantime.
  }
}
