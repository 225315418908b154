import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { bootstrapObject } from "../src/cli/envoy/configuration.ts";
import { locateEnvoy } from "../src/cli/envoy/locate.ts";
import { type EnvoyProcess, startEnvoy } from "../src/cli/envoy/process.ts";
import { packagePath } from "../src/server/package-root.ts";
import { TOOL } from "./traffic.ts";

/** Both ways to the same server, each through an Envoy of its own. */
export interface Ways {
  readonly direct: string;
  readonly firewall: string;
  /** CPU time that the service has used so far, in microseconds; null where nobody tells. */
  serviceCpu(): number | null;
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 20_000;
const FILTER = "envoy.filters.http.ext_proc";
const LOOPBACK = { host: "127.0.0.1", port: 0 };

/** Starts the upstream, `impedance serve`, and two Envoys that differ in ext_proc alone. */
export async function startWays(response: string, concurrency: number): Promise<Ways> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-bench-"));
  const children: ChildProcess[] = [];
  const envoys: EnvoyProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(envoys.map((envoy) => envoy.stop()));
    await Promise.all(children.map(endOf));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const upstream = await startUpstream(response, children);
    const socket = join(folder, "grpc.sock");
    const service = await startService(folder, socket, children);
    for (const filtered of [false, true]) {
      const configuration = await configurationOf(upstream, socket, filtered);
      const log = () => undefined;
      envoys.push(await startEnvoy({ binary: locateEnvoy(), configuration, concurrency, log }));
    }
    const [direct = "", firewall = ""] = envoys.map(
      ({ listener }) => `http://${listener.host}:${listener.port}/mcp`,
    );
    return { direct, firewall, serviceCpu: () => cpuOf(service), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startUpstream(response: string, children: ChildProcess[]): Promise<string> {
  const { child, firstLine } = await startScript("upstream.ts", [], { BENCH_RESPONSE: response });
  children.push(child);
  return `http://127.0.0.1:${firstLine}/mcp`;
}

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

/** The defaults, a policy that allows the tool, and a decision log on disk. */
async function startService(
  folder: string,
  socket: string,
  children: ChildProcess[],
): Promise<ChildProcess> {
  const config = join(folder, "impedance.yaml");
  const policy = {
    policy_id: "bench",
    version: "1",
    default: "deny",
    allow_rules: [{ tool: TOOL }],
  };
  await writeFile(join(folder, "policy.yaml"), JSON.stringify(policy));
  await writeFile(
    config,
    JSON.stringify({
      grpc: `unix:${socket}`,
      admin: "127.0.0.1:0",
      policy: { file: "policy.yaml" },
      audit: { sink: "file", file: "decisions.jsonl" },
      log: { level: "warn" },
    }),
  );
  const child = spawn(process.execPath, [packagePath("src/main.ts"), "serve", "--config", config], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.push(child);
  const end = performance.now() + START_DEADLINE_MS;
  while (performance.now() < end && child.exitCode === null) {
    if (await exists(socket)) return child;
    await delay(50);
  }
  throw new Error("impedance serve did not start");
}

/** Of an Envoy in front of `upstream`, with the filter or without. */
export async function configurationOf(upstream: string, socket: string, filtered: boolean) {
  const template = await readFile(packagePath("envoy/bootstrap.yaml"), "utf8");
  const bootstrap = bootstrapObject(template, {
    listen: LOOPBACK,
    admin: LOOPBACK,
    service: { socket },
    upstreams: [{ id: "bench", url: upstream }],
    accessLog: null,
  });
  const [listener] = bootstrap.static_resources.listeners;
  const manager = listener.filter_chains[0].filters[0].typed_config;
  if (!filtered) manager.http_filters = manager.http_filters.filter(({ name }) => name !== FILTER);
  return JSON.stringify(bootstrap);
}

/** Microseconds of CPU time so far. proc_pid_stat(5): fields 14 and 15, in hundredths of a second. */
export function cpuOf({ pid }: ChildProcess): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return null;
  }
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
