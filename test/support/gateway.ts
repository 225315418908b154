import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServiceAddress, UpstreamServer } from "../../src/cli/envoy/clusters.ts";
import {
  type Bootstrap,
  type BootstrapOptions,
  bootstrapObject,
} from "../../src/cli/envoy/configuration.ts";
import { locateEnvoy } from "../../src/cli/envoy/locate.ts";
import { type EnvoyProcess, startEnvoy } from "../../src/cli/envoy/process.ts";
import type { Address } from "../../src/core/address.ts";
import { waitFor } from "./wait.ts";

const BOOTSTRAP_FOLDER = new URL("../../envoy/", import.meta.url);
const GRACEFUL_CLOSE = "envoy.reloadable_features.ext_proc_graceful_grpc_close";

/** `{ port }` on the loopback interface, or `{ socket }`. */
export type ServicePlace = { readonly port: number } | { readonly socket: string };

/** The bootstrap files that we ship. */
export type TemplateName = "bootstrap.yaml" | "ext-authz.yaml";

export interface GatewayOptions {
  readonly upstreams: readonly UpstreamServer[];
  /** Where Impedance serves gRPC; with several workers, each of them. */
  readonly service: ServicePlace | readonly ServicePlace[];
  readonly template?: TemplateName;
  /** Changes the configuration just before it is used. */
  readonly override?: (configuration: Bootstrap) => void;
  /** Worker threads; 1 if absent. */
  readonly concurrency?: number;
  /** `false` takes the runtime flag out, as in a mesh that we do not configure. */
  readonly gracefulClose?: boolean;
  readonly operatorPort?: number;
  readonly downstreamTls?: BootstrapOptions["downstreamTls"];
  readonly serviceTls?: BootstrapOptions["serviceTls"];
}

/** One line of the access log; its names are those of `envoy/bootstrap.yaml`. */
export interface AccessLine {
  readonly request_id: string | null;
  readonly server: string | null;
  readonly status: number;
  readonly details: string | null;
  readonly path: string;
  readonly impedance: { readonly [name: string]: unknown } | null;
  readonly [name: string]: unknown;
}

/** A real Envoy with our bootstrap. */
export interface Gateway extends AsyncDisposable {
  readonly envoy: EnvoyProcess;
  readonly host: string;
  readonly port: number;
  url(path: string): string;
  /** A counter or gauge by its full name; 0 when Envoy does not know it yet. */
  stat(name: string): Promise<number>;
  /** All counters and gauges whose names match. */
  stats(pattern: RegExp): Promise<ReadonlyMap<string, number>>;
  /** Waits until the access log has `count` lines (1 if absent) and returns all of them. */
  accessLog(count?: number): Promise<readonly AccessLine[]>;
  /** What Envoy wrote to its own log. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/** The text of a bootstrap file as shipped. */
export function readTemplate(name: TemplateName = "bootstrap.yaml"): Promise<string> {
  return readFile(new URL(name, BOOTSTRAP_FOLDER), "utf8");
}

/** Starts Envoy on free ports, in front of `upstreams`, with the service at `service`. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const binary = locateEnvoy();
  const folder = await mkdtemp(join(tmpdir(), "impedance-gateway-"));
  const accessLogFile = join(folder, "access.log");
  const log: string[] = [];
  const start = async (): Promise<EnvoyProcess> =>
    startEnvoy({
      binary,
      configuration: JSON.stringify(await configurationFor(options, accessLogFile)),
      folder,
      log: (line) => log.push(line),
      concurrency: options.concurrency ?? 1,
    });
  const envoy = await start().catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const { host, port } = envoy.listener;
  const scheme = options.downstreamTls ? "https" : "http";
  const stop = async (): Promise<void> => {
    await envoy.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    envoy,
    host,
    port,
    url: (path) => `${scheme}://${host}:${port}${path}`,
    stats: async (pattern) => {
      const all = await readStats(envoy.admin);
      return new Map([...all].filter(([name]) => pattern.test(name)));
    },
    stat: async (name) => (await readStats(envoy.admin)).get(name) ?? 0,
    accessLog: (count = 1) =>
      waitFor(`${count} lines in the access log`, async () => {
        const lines = await readAccessLog(accessLogFile);
        return lines.length >= count && lines;
      }),
    log,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A port of the loopback interface that nobody listens on just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("no TCP port"));
        else resolve(address.port);
      });
    });
  });
}

async function configurationFor(options: GatewayOptions, accessLog: string): Promise<Bootstrap> {
  const anyPort: Address = { host: "127.0.0.1", port: 0 };
  const service =
    "length" in options.service ? options.service.map(addressOf) : addressOf(options.service);
  const configuration = bootstrapObject(await readTemplate(options.template), {
    listen: anyPort,
    admin: anyPort,
    service,
    upstreams: options.upstreams,
    accessLog,
    ...(options.operatorPort === undefined
      ? {}
      : { operator: { host: "127.0.0.1", port: options.operatorPort } }),
    ...(options.downstreamTls ? { downstreamTls: options.downstreamTls } : {}),
    ...(options.serviceTls ? { serviceTls: options.serviceTls } : {}),
  });
  const flags = configuration.layered_runtime?.layers[0].static_layer;
  if (flags) flags[GRACEFUL_CLOSE] = options.gracefulClose ?? true;
  options.override?.(configuration);
  return configuration;
}

function addressOf(place: ServicePlace): ServiceAddress {
  return "socket" in place ? place : { host: "127.0.0.1", port: place.port };
}

async function readStats(admin: Address): Promise<Map<string, number>> {
  const answer = await fetch(`http://${admin.host}:${admin.port}/stats`);
  const found = new Map<string, number>();
  for (const line of (await answer.text()).split("\n")) {
    const at = line.lastIndexOf(": ");
    const name = line.slice(0, at);
    if (at > 0) found.set(name, Number(line.slice(at + 2)));
  }
  return found;
}

async function readAccessLog(file: string): Promise<AccessLine[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const complete = text.split("\n").slice(0, -1);
  return complete.map((line) => JSON.parse(line) as AccessLine);
}

/** The first of `count` ports in a row that nobody listens on just now. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    const others = Array.from({ length: count - 1 }, (_, index) => first + index + 1);
    const free = await Promise.all(others.map(isFree));
    if (free.every((one) => one)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
