import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { credentials, makeGenericClientConstructor } from "@grpc/grpc-js";

import { loadServices } from "../../src/envoy/protocol.ts";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { expectValid } from "./decision-event.ts";
import type { ServicePlace } from "./gateway.ts";
import { ALLOW_TOOLS } from "./service.ts";
import { within } from "./wait.ts";

export interface ServeOptions {
  /** `impedance.yaml`; what it does not say has its default. */
  readonly config?: string;
  /** A portable policy; `ALLOW_TOOLS` if absent. */
  readonly policy?: string;
  /** Where a service was before; any free port if absent. */
  readonly port?: number;
  /** A Unix socket in place of a port. */
  readonly socket?: string;
  /** Several, with a key for aliases; one process without a supervisor if absent. */
  readonly workers?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `impedance serve`, as a process of its own. */
export interface ServeProcess extends AsyncDisposable {
  /** Give it to `startGateway({ service })`. */
  readonly port: number;
  /** Of each worker; give them to `startGateway({ service })`. */
  readonly places: readonly ServicePlace[];
  readonly pid: number;
  readonly adminPort: number;
  /** Its own log: one JSON line each, of standard error. */
  readonly log: readonly string[];
  /** Decisions, as standard output has them. */
  readonly decisions: readonly string[];
  /** Lines of the account of who came. */
  readonly account: readonly string[];
  /** Its exit, with all that it has written read. */
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  /** What `grpc.health.v1.Health/Check` says: 1 is serving, 2 is not serving. */
  health(): Promise<number>;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const KEY = "of-this-test-and-no-other-service";

/** Starts the service and waits until it serves; rejects with what it wrote if it does not. */
export async function startServe(options: ServeOptions = {}): Promise<ServeProcess> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-serve-"));
  const config = join(folder, "impedance.yaml");
  const policy = join(folder, "policy.yaml");
  await writeFile(config, options.config ?? "");
  await writeFile(policy, options.policy ?? ALLOW_TOOLS);
  const { workers = 1 } = options;
  const grpc = options.socket ? `unix:${options.socket}` : `127.0.0.1:${options.port ?? 0}`;
  const addresses = ["--grpc", grpc, "--admin", "127.0.0.1:0", "--workers", `${workers}`];
  const args = [MAIN, "serve", "--config", config, "--policy", policy, ...addresses];
  const child = spawn(process.execPath, args, {
    env: {
      PATH: process.env.PATH,
      ...COMPILE_CACHE,
      ...(workers > 1 ? { IMPEDANCE_ALIASES_KEY: "env:KEY", KEY } : {}),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = endOf(child, "close");
  const gone = endOf(child, "exit");
  const killWithUs = (): boolean => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
    process.off("exit", killWithUs);
    await rm(folder, { recursive: true, force: true });
  };

  const log: string[] = [];
  const decisions: string[] = [];
  const account: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    expectValid(line);
    if (line.includes('"kind":"decision"')) decisions.push(line);
    if (line.includes('"kind":"auth"')) account.push(line);
  });
  const started = Promise.withResolvers<Ports>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    log.push(line);
    const ports = portsIn(line);
    if (ports !== null) started.resolve(ports);
  });
  void exited.then(({ code }) => started.reject(new Error(`exit code ${code}: ${log.join("\n")}`)));
  try {
    const ports = await within("serve to start", started.promise);
    return {
      ...ports,
      pid: child.pid ?? 0,
      log,
      decisions,
      account,
      exited,
      kill: (signal) => {
        child.kill(signal);
      },
      health: () => healthOf(ports.port),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Ports {
  readonly port: number;
  readonly places: readonly ServicePlace[];
  readonly adminPort: number;
}

/** Of the service as a whole: each worker says that it has started, too. */
function portsIn(line: string): Ports | null {
  if (line.includes('"worker":') || !/"code":"(?:workers_)?started"/.test(line)) return null;
  const entry: Entry = JSON.parse(line);
  const places = entry.grpc?.split(" ").map(placeOf) ?? [{ port: entry.grpc_port ?? 0 }];
  return { port: entry.grpc_port ?? 0, places, adminPort: entry.admin_port };
}

interface Entry {
  readonly grpc_port?: number;
  readonly grpc?: string;
  readonly admin_port: number;
}

function placeOf(address: string): ServicePlace {
  if (address.startsWith("unix:")) return { socket: address.slice("unix:".length) };
  return { port: Number(address.slice(address.lastIndexOf(":") + 1)) };
}

function endOf(child: ChildProcess, event: "close" | "exit"): Promise<Exit> {
  return new Promise((resolve) => {
    child.once(event, (code, signal) => resolve({ code, signal }));
  });
}

function healthOf(port: number): Promise<number> {
  const { health } = loadServices();
  const Client = makeGenericClientConstructor(health, "Health");
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const check = Reflect.get(client, "Check") as Check;
  return new Promise<number>((resolve, reject) => {
    check.call(client, {}, (error, answer) => {
      client.close();
      if (error) reject(error);
      else resolve(answer.status);
    });
  });
}

type Check = (
  request: object,
  reply: (error: Error | null, answer: { readonly status: number }) => void,
) => void;
