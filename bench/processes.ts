import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { bootstrapObject } from "../src/cli/envoy/configuration.ts";
import { packagePath } from "../src/server/package-root.ts";
import { TOOL } from "./traffic.ts";

/** A service that answers, and how long it took to. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  readonly socket: string;
  /** Of each worker, where there are several. */
  readonly sockets: readonly string[];
  readonly startMs: number;
}

const START_DEADLINE_MS = 60_000;
const POLL_MS = 10;
const PATIENCE_MS = 30_000;
const FILTER = "envoy.filters.http.ext_proc";
const LOOPBACK = { host: "127.0.0.1", port: 0 };

/** Starts a script of this folder, and waits for its first line; it ends with its standard input. */
export async function startScript(
  name: string,
  args: readonly string[],
  env: { readonly [variable: string]: string } = {},
): Promise<{ readonly child: ChildProcess; readonly firstLine: string }> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, "line", { signal: AbortSignal.timeout(START_DEADLINE_MS) });
  return { child, firstLine: String(line) };
}

/**
 * `impedance serve` on a Unix socket in `folder`: the defaults but for `settings`. Several workers
 * have a socket each.
 */
export async function startService(
  folder: string,
  settings: object,
  workers = 1,
): Promise<ServiceProcess> {
  const socket = join(folder, "grpc.sock");
  const sockets = workers === 1 ? [socket] : socketsOf(folder, workers);
  const config = join(folder, "impedance.yaml");
  const policy = {
    policy_id: "bench",
    version: "1",
    default: "deny",
    allow_rules: [{ tool: TOOL }],
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "policy.yaml"), JSON.stringify(policy));
  await writeFile(
    config,
    JSON.stringify({
      grpc: `unix:${socket}`,
      admin: "127.0.0.1:0",
      policy: { file: "policy.yaml" },
      audit: { sink: "file", file: "decisions.jsonl" },
      log: { level: "warn" },
      // A machine that has much to do is slow, and its answers are right all the same.
      limits: {
        verdict_deadline_ms: PATIENCE_MS,
        guard_budget_ms: PATIENCE_MS,
        policy_budget_ms: PATIENCE_MS,
        queue_delay_ms: PATIENCE_MS,
      },
      workers: { count: workers },
      ...settings,
    }),
  );
  const options = [...process.execArgv, packagePath("src/main.ts"), "serve", "--config", config];
  const started = performance.now();
  const child = spawn(process.execPath, options, { stdio: ["ignore", "ignore", "inherit"] });
  const end = started + START_DEADLINE_MS;
  while (performance.now() < end && child.exitCode === null) {
    if ((await Promise.all(sockets.map(exists))).every((one) => one)) {
      return { child, socket, sockets, startMs: performance.now() - started };
    }
    await delay(POLL_MS);
  }
  await endOf(child);
  throw new Error("impedance serve did not start");
}

/** As `--workers` names them (docs/scaling.md). */
function socketsOf(folder: string, workers: number): string[] {
  return Array.from({ length: workers }, (_, slot) => join(folder, `grpc.${slot}.sock`));
}

/** Of an Envoy in front of `upstream`, with the filter or without. */
export async function configurationOf(
  upstream: string,
  socket: string | readonly string[],
  filtered: boolean,
) {
  const template = await readFile(packagePath("envoy/bootstrap.yaml"), "utf8");
  const bootstrap = bootstrapObject(template, {
    listen: LOOPBACK,
    admin: LOOPBACK,
    service: typeof socket === "string" ? { socket } : socket.map((one) => ({ socket: one })),
    upstreams: [{ id: "bench", url: upstream }],
    accessLog: null,
  });
  const [listener] = bootstrap.static_resources.listeners;
  const manager = listener.filter_chains[0].filters[0].typed_config;
  if (!filtered) manager.http_filters = manager.http_filters.filter(({ name }) => name !== FILTER);
  return JSON.stringify(bootstrap);
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    (error: unknown) => error instanceof Error && "code" in error && error.code !== "ENOENT",
  );
}

/** Ends a process, and waits until it has. */
export async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(force);
}
