import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { locateOnPath } from "../src/cli/envoy/locate.ts";
import { EVERYTHING_SCRIPT } from "./servers.ts";

/** The official server of examples, as a process of its own. */
export interface Everything {
  readonly url: string;
  /** Settles when it has ended, for whatever cause. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 3_000;
const PRELOAD = fileURLToPath(new URL("loopback-only.ts", import.meta.url));

/** Starts server-everything over streamable HTTP, on a free port of the loopback interface. */
export async function startEverything(): Promise<Everything> {
  const args = ["--import", PRELOAD, EVERYTHING_SCRIPT, "streamableHttp"];
  // With setpriv, Linux ends it when we die, even by SIGKILL.
  const setpriv = process.platform === "linux" ? locateOnPath("setpriv") : undefined;
  const [command, rest] =
    setpriv === undefined
      ? [process.execPath, args]
      : [setpriv, ["--pdeathsig", "KILL", "--", process.execPath, ...args]];
  const child = spawn(command, rest, {
    // One of its tools prints its environment.
    env: { PATH: process.env.PATH, PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C in a terminal reaches the whole process group: its end is ours to decide.
    detached: true,
  });
  const exited = once(child, "exit").then(() => undefined);
  const stop = () => end(child, exited);
  try {
    const port = await portOf(child, exited);
    return { url: `http://127.0.0.1:${port}/mcp`, exited, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function portOf(child: ChildProcess, exited: Promise<void>): Promise<number> {
  const over = new AbortController();
  const late = delay(START_DEADLINE_MS, "it did not listen in time", { signal: over.signal });
  const early = exited.then(() => "it ended at its start");
  const port = new Promise<number>((resolve) => {
    for (const input of [child.stdout, child.stderr]) {
      // Read to the end: a pipe that nobody empties would stop it.
      if (input === null) continue;
      createInterface({ input }).on("line", (line) => {
        const told = /^port (\d+)$/.exec(line)?.[1];
        if (told !== undefined) resolve(Number(told));
      });
    }
  });
  const outcome = await Promise.race([port, early, late.catch(() => "")]);
  over.abort();
  if (typeof outcome === "string") throw new Error(`server-everything: ${outcome}`);
  return outcome;
}

async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(force);
}
