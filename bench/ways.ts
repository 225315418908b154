import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { bootstrapObject } from "../src/cli/envoy/configuration.ts";
import { locateEnvoy } from "../src/cli/envoy/locate.ts";
import { startEnvoy } from "../src/cli/envoy/process.ts";
import { packagePath } from "../src/server/package-root.ts";
import { configurationOf, endOf, startScript, startService } from "./processes.ts";

/** A program that answers ext_authz over gRPC with the request's body, from `--peer`. */
export interface Peer {
  readonly name: string;
  readonly command: string;
  readonly port: number;
}

/** What stands between client and server; each way has processes of its own. */
export interface Way {
  readonly name: string;
  readonly url: string;
  /** Whether answers are padded, as they are by default. */
  readonly isPadded: boolean;
  readonly envoy: number;
  /** Null where nobody is asked. */
  readonly service: number | null;
  /** From the start of the service to its first answer; null for those that are not ours. */
  readonly startMs: number | null;
}

export interface Ways extends AsyncDisposable {
  readonly started: readonly Way[];
  /** Those that would not start, and why: their rows stay empty. */
  readonly absent: readonly { readonly name: string; readonly why: string }[];
  readonly upstream: number;
}

export interface WaysOptions {
  /** The MCP server: a script of this folder, and its environment. */
  readonly upstream: { readonly script: string; readonly env: { readonly [name: string]: string } };
  readonly names: readonly string[];
  readonly peers: readonly Peer[];
  /** Of each Envoy. */
  readonly concurrency: number;
  /** Of the service's configuration, what is neither a default nor patience with a busy machine. */
  readonly settings?: object;
}

export const OWN_WAYS: readonly string[] = [
  "direct",
  "wire",
  "bare",
  "policy-only",
  "impedance",
  "ext_authz",
];

/** What the rows are called. */
export const LABELS: { readonly [way: string]: string } = {
  direct: "Envoy alone",
  wire: "Envoy + our gRPC server, everything off",
  bare: "Envoy + Impedance, guards, padding and policy off",
  "policy-only": "Envoy + Impedance, guards and padding off",
  impedance: "Envoy + Impedance, the defaults",
  ext_authz: "Envoy + Impedance by ext_authz (request only)",
};

const PEER_DEADLINE_MS = 20_000;
const LOOPBACK = { host: "127.0.0.1", port: 0 };

/** What each way has in it: a service, a door to it, and what came of it. */
interface Behind {
  readonly configuration: string;
  readonly isPadded: boolean;
  readonly child: ChildProcess | null;
  readonly startMs: number | null;
}

/** `name=command,port`. */
export function peerOf(text: string): Peer {
  const [, name, command, port] = /^([^=]+)=(.+),(\d+)$/.exec(text) ?? [];
  if (name === undefined || command === undefined) {
    throw new Error(`--peer is name=command,port, not ${JSON.stringify(text)}`);
  }
  return { name, command, port: Number(port) };
}

/** Fresh processes for each way, all in front of one server; nothing is left after disposal. */
export async function startWays(options: WaysOptions): Promise<Ways> {
  await using building = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "impedance-bench-"));
  building.defer(() => rm(folder, { recursive: true, force: true }));
  const { script, env } = options.upstream;
  const { child, firstLine } = await startScript(script, [], env);
  building.defer(() => endOf(child));
  const upstream = `http://127.0.0.1:${firstLine}/mcp`;

  const started: Way[] = [];
  const absent: { name: string; why: string }[] = [];
  for (const name of options.names) {
    const peer = options.peers.find((each) => each.name === name);
    const place = join(folder, name);
    await mkdir(place);
    try {
      started.push(await startWay(name, { peer, place, upstream, building, options }));
    } catch (error) {
      // Ours must start; a peer may be missing.
      if (peer === undefined) throw error;
      absent.push({ name, why: error instanceof Error ? error.message : String(error) });
    }
  }
  const running = building.move();
  return {
    ...{ started, absent, upstream: child.pid ?? 0 },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface Surroundings {
  readonly peer: Peer | undefined;
  readonly place: string;
  readonly upstream: string;
  readonly building: AsyncDisposableStack;
  readonly options: WaysOptions;
}

async function startWay(name: string, around: Surroundings): Promise<Way> {
  const behind = await startBehind(name, around);
  const envoy = await startEnvoy({
    ...{ binary: locateEnvoy(), configuration: behind.configuration, log: () => undefined },
    concurrency: around.options.concurrency,
  });
  around.building.defer(() => envoy.stop());
  return {
    name,
    url: `http://${envoy.listener.host}:${envoy.listener.port}/mcp`,
    isPadded: behind.isPadded,
    envoy: envoy.pid,
    service: behind.child?.pid ?? null,
    startMs: behind.startMs,
  };
}

async function startBehind(name: string, around: Surroundings): Promise<Behind> {
  const { peer, place, upstream, building } = around;
  if (peer !== undefined) return startPeer(peer, around);
  if (name === "direct") {
    const configuration = await configurationOf(upstream, join(place, "none.sock"), false);
    return { configuration, isPadded: false, child: null, startMs: null };
  }
  if (name === "wire" || name === "bare") {
    const socket = join(place, "grpc.sock");
    const { child } = await startScript(`${name}-service.ts`, [socket, join(place, "log.jsonl")]);
    building.defer(() => endOf(child));
    const configuration = await configurationOf(upstream, socket, true);
    return { configuration, isPadded: false, child, startMs: null };
  }
  const isBare = name === "policy-only";
  const settings = { ...around.options.settings, ...(isBare && { guards: [], padding: "off" }) };
  const { child, socket, startMs } = await startService(place, settings);
  building.defer(() => endOf(child));
  const configuration =
    name === "ext_authz"
      ? await authzConfiguration(upstream, { socket }, true)
      : await configurationOf(upstream, socket, true);
  return { configuration, isPadded: name === "impedance", child, startMs };
}

async function startPeer(peer: Peer, { upstream, building }: Surroundings): Promise<Behind> {
  const child = spawn("sh", ["-c", `exec ${peer.command}`], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  building.defer(() => endOf(child));
  const end = performance.now() + PEER_DEADLINE_MS;
  while (!(await isOpen(peer.port))) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (performance.now() > end) throw new Error(`nobody listens on its port ${peer.port}`);
    await delay(20);
  }
  // It reads the body as text.
  const address = { host: "127.0.0.1", port: peer.port };
  const configuration = await authzConfiguration(upstream, address, false);
  return { configuration, isPadded: false, child, startMs: null };
}

type Service = Parameters<typeof bootstrapObject>[1]["service"];

/** As `envoy/ext-authz.yaml` has it, request bodies up to 1 MiB included. */
async function authzConfiguration(upstream: string, service: Service, asBytes: boolean) {
  const template = await readFile(packagePath("envoy/ext-authz.yaml"), "utf8");
  const bootstrap = bootstrapObject(template, {
    listen: LOOPBACK,
    admin: LOOPBACK,
    service,
    upstreams: [{ id: "bench", url: upstream }],
    accessLog: null,
  });
  const text = JSON.stringify(bootstrap);
  return asBytes ? text : text.replace('"pack_as_bytes":true', '"pack_as_bytes":false');
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
