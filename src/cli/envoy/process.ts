import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

import { type Address, decodeAddress, encodeAddress } from "../../core/address.ts";
import { locateOnPath } from "./locate.ts";
import { portOwner } from "./port-owner.ts";

/** How an Envoy is to be started. */
export interface EnvoyOptions {
  readonly binary: string;
  /** The bootstrap, as `bootstrapFor` makes it. */
  readonly configuration: string;
  /** Where the private folder of this run is made; the system's temporary folder if absent. */
  readonly folder?: string;
  /** Each line that Envoy writes, of both outputs. */
  readonly log: (line: string) => void;
  /** Worker threads; one for each core if absent. */
  readonly concurrency?: number;
  readonly logLevel?: "debug" | "info" | "warn" | "error";
  readonly extraArgs?: readonly string[];
  readonly startDeadlineMs?: number;
}

/** What became of the process. */
export interface EnvoyExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An Envoy that serves. */
export interface EnvoyProcess {
  readonly pid: number;
  /** Where clients connect, with the real port when 0 was asked for. */
  readonly listener: Address;
  readonly admin: Address;
  /** Settles when the process has ended, for whatever cause. */
  readonly exited: Promise<EnvoyExit>;
  /** Ends the process, by force after a deadline, and removes its folder. */
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 5_000;
const ADMIN_DEADLINE_MS = 2_000;
const POLL_MS = 20;
const LOG_LINES_KEPT = 20;

/**
 * Starts Envoy and waits until its listener accepts calls. Rejects with what went wrong (a busy
 * port is named with its owner) and leaves nothing behind then.
 */
export async function startEnvoy(options: EnvoyOptions): Promise<EnvoyProcess> {
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), "impedance-envoy-"));
  await chmod(folder, 0o700);
  const configuration = join(folder, "bootstrap.json");
  await writeFile(configuration, options.configuration, { mode: 0o600 });

  const adminFile = join(folder, "admin-address");
  const lastLines: string[] = [];
  let stopping = false;
  const child = spawnEnvoy(options, configuration, adminFile);
  const logEnded = followLog(child, (line) => {
    lastLines.push(line);
    if (lastLines.length > LOG_LINES_KEPT) lastLines.shift();
    // That it "caught SIGTERM" when we ended it is a warning to nobody.
    if (!stopping) options.log(line);
  });
  const exited = exitOf(child);
  const stop = async (): Promise<void> => {
    stopping = true;
    await endProcess(child, exited);
    await rm(folder, { recursive: true, force: true });
  };

  const over = new AbortController();
  try {
    const deadlineMs = options.startDeadlineMs ?? START_DEADLINE_MS;
    const started = await Promise.race([whenReady(adminFile, deadlineMs, over.signal), exited]);
    if (!("listener" in started)) throw new Error(describeExit(started));
    return { pid: child.pid ?? 0, ...started, exited, stop };
  } catch (error) {
    await stop();
    await Promise.race([logEnded, delay(1_000, undefined, { ref: false })]);
    throw await startFailure(error, lastLines);
  } finally {
    over.abort();
  }
}

function spawnEnvoy(options: EnvoyOptions, configuration: string, adminFile: string): ChildProcess {
  const envoyArguments = [
    ...["-c", configuration, "--admin-address-path", adminFile],
    // Two Envoys on one machine with the same base id: the second does not start.
    "--use-dynamic-base-id",
    ...["--file-flush-interval-msec", "50", "-l", options.logLevel ?? "warn"],
    ...(options.concurrency === undefined ? [] : ["--concurrency", String(options.concurrency)]),
    ...(options.extraArgs ?? []),
  ];
  // With setpriv, Linux ends Envoy when we die, even by SIGKILL.
  const setpriv = process.platform === "linux" ? locateOnPath("setpriv") : undefined;
  const [command, args] =
    setpriv === undefined
      ? [options.binary, envoyArguments]
      : [setpriv, ["--pdeathsig", "TERM", "--", options.binary, ...envoyArguments]];
  // Ctrl-C in a terminal reaches the whole process group: Envoy's end is ours to decide.
  return spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
}

function exitOf(child: ChildProcess): Promise<EnvoyExit> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.once("error", (error) => {
      if (child.pid === undefined) reject(new Error("Envoy could not be run", { cause: error }));
    });
  });
}

async function followLog(child: ChildProcess, take: (line: string) => void): Promise<void> {
  const outputs = [child.stdout, child.stderr].filter((output) => output !== null);
  await Promise.all(
    outputs.map((input) => {
      const lines = createInterface({ input });
      lines.on("line", take);
      return once(lines, "close");
    }),
  );
}

async function endProcess(child: ChildProcess, exited: Promise<EnvoyExit>): Promise<void> {
  if (child.pid === undefined) return;
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(force);
}

interface Addresses {
  readonly listener: Address;
  readonly admin: Address;
}

async function whenReady(
  adminFile: string,
  deadlineMs: number,
  over: AbortSignal,
): Promise<Addresses> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end && !over.aborted) {
    const admin = await adminAddress(adminFile);
    if (admin !== null && (await isLive(admin))) {
      return { admin, listener: await listenerAddress(admin) };
    }
    await delay(POLL_MS);
  }
  throw new Error(`Envoy was not ready within ${deadlineMs} ms`);
}

/** Envoy writes the file once its admin interface listens. */
async function adminAddress(adminFile: string): Promise<Address | null> {
  const text = await readFile(adminFile, "utf8").catch(() => "");
  return decodeAddress(text.trim());
}

async function isLive(admin: Address): Promise<boolean> {
  try {
    const answer = await askAdmin(admin, "/ready");
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

async function listenerAddress(admin: Address): Promise<Address> {
  const listeners: unknown = await (await askAdmin(admin, "/listeners?format=json")).json();
  const match = /"address":"([^"]+)","port_value":(\d+)/.exec(JSON.stringify(listeners));
  if (match?.[1] === undefined) throw new Error("Envoy names no listener");
  return { host: match[1], port: Number(match[2]) };
}

function askAdmin(admin: Address, path: string): Promise<Response> {
  const signal = AbortSignal.timeout(ADMIN_DEADLINE_MS);
  return fetch(`http://${encodeAddress(admin)}${path}`, { signal });
}

function describeExit({ code, signal }: EnvoyExit): string {
  return `Envoy ended at its start, with ${code === null ? `signal ${signal}` : `code ${code}`}`;
}

async function startFailure(error: unknown, lastLines: readonly string[]): Promise<Error> {
  const log = lastLines.join("\n");
  const bind = /cannot bind '([^']+)': Address already in use/i.exec(log)?.[1];
  const busy = bind === undefined ? null : decodeAddress(bind);
  if (busy !== null) {
    const owner = await portOwner(busy.host, busy.port);
    return new Error(`address in use: ${bind} belongs to ${owner ?? "another process"}`);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Error(log === "" ? message : `${message}; its last words:\n${log}`, { cause: error });
}
