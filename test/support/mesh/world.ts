import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { locateEnvoy } from "../../../src/cli/envoy/locate.ts";
import { startEnvoy } from "../../../src/cli/envoy/process.ts";
import type { Address } from "../../../src/core/address.ts";
import type { LiveTls } from "../../../src/core/tls.ts";
import { createAuthority, type TestAuthority } from "../authority.ts";
import type { Target } from "../client.ts";
import { breakStreams, type StreamFault } from "../faulty-firewall.ts";
import { startTestService, type TestService, type TestServiceOptions } from "../service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../upstream.ts";
import { bootstrapFrom, type Json, type Places, type Sent } from "./sent.ts";

/** How Impedance and Envoy are called in the certificates of `k8s/components/cert-manager`. */
const IMPEDANCE = "impedance.impedance.svc";
const GATEWAY = "spiffe://cluster.local/ns/gateway/sa/gateway";

/** Who calls, where the mesh gives its workloads certificates. */
const AGENT = "spiffe://cluster.local/ns/agents/sa/agent";

const POLICY = `
policy_id: mesh
version: "1.0"
default: deny
allow_rules: [{ server: files, tool: "*" }, { server: everything, tool: "*" }]
deny_rules: [{ tool: get-env, reason: The environment is nobody's business }]
`;

/** A mesh, as its own files have it. */
export interface Mesh {
  /** The bootstrap of an Envoy that runs what the mesh would have it run. */
  readonly configure: (own: Surroundings) => Json;
  /** Where clients call the server, and which path the server sees. */
  readonly path: string;
  readonly serverPath: string;
  /** The server's id. */
  readonly server: string;
  /** Towards clients: `mutual` asks them for a certificate of the mesh. */
  readonly tls: "none" | "server" | "mutual";
  /** The way to Impedance: mutual TLS as `components/cert-manager` has it, a port, or a socket. */
  readonly link: "mutual" | "port" | "socket";
  /** Answers for Impedance as long as it is away: null where the mesh has a body of its own. */
  readonly refusal: { readonly status: number; readonly body: object | null };
}

/** Where a test's own things are. */
export interface Surroundings {
  readonly certificates: OwnCertificates;
  readonly servicePort: number;
  /** Where Impedance listens if the mesh has `link: "socket"`. */
  readonly serviceSocket: string;
  readonly serverPort: number;
  readonly accessLog: string;
  /** Of this run alone; removed with it. */
  readonly folder: string;
}

/** What the bootstrap answers while Impedance is away. */
export const UNAVAILABLE = {
  status: 503,
  body: { jsonrpc: "2.0", id: null, error: { code: -31900 } },
} as const;

/** A mesh whose control plane sent this. */
export function sentMesh(
  sent: Sent,
  places: (own: Surroundings) => Omit<Places, "accessLog">,
): Mesh["configure"] {
  return (own) => bootstrapFrom(sent, { ...places(own), accessLog: own.accessLog });
}

export interface OwnCertificates {
  readonly caFile: string;
  /** What clients are shown, for `localhost`. */
  readonly listener: { readonly certFile: string; readonly keyFile: string };
  /** What Impedance is shown. */
  readonly gateway: { readonly certFile: string; readonly keyFile: string };
}

/** A mesh that runs, with a service and a server behind it. */
export interface World extends AsyncDisposable {
  readonly target: Target;
  readonly url: string;
  readonly caFile: string;
  readonly service: TestService;
  readonly upstream: Upstream;
  accessLog(): string;
  /** Listeners that Envoy was sent, and refused. */
  refusedUpdates(): Promise<number>;
  /** What the server answers from now on. */
  answer(handler: UpstreamHandler): void;
}

export interface WorldOptions {
  /** The port of a server that is there already; one that records if absent. */
  readonly serverPort?: number;
  readonly limits?: TestServiceOptions["limits"];
  /** What goes wrong between Envoy and Impedance. */
  readonly fault?: StreamFault;
}

export async function startWorld(mesh: Mesh, options: WorldOptions = {}): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(createAuthority());
  const folder = mkdtempSync(join(tmpdir(), "impedance-mesh-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const serviceSocket = join(folder, "grpc.sock");
  let handler: UpstreamHandler = (exchange) => exchange.json({});
  const upstream = stack.use(await startUpstream((exchange) => handler(exchange)));
  const service = stack.use(
    await startTestService({
      policy: POLICY,
      ...(options.limits ? { limits: options.limits } : {}),
      wrapProcess: (process) => breakStreams(process, () => options.fault ?? null),
      ...(mesh.link === "mutual" ? tlsOf(authority) : {}),
      ...(mesh.link === "socket" ? { socket: serviceSocket } : {}),
    }),
  );
  const log = join(folder, "access.log");
  const bootstrap = mesh.configure({
    certificates: certificatesOf(authority),
    servicePort: service.port,
    serviceSocket,
    serverPort: options.serverPort ?? upstream.port,
    accessLog: log,
    folder,
  });
  const envoy = await startEnvoy({
    binary: locateEnvoy(),
    configuration: JSON.stringify(bootstrap),
    folder,
    log: () => undefined,
    concurrency: 1,
  });
  stack.defer(() => envoy.stop());
  const { port } = envoy.listener;
  const kept = stack.move();
  return {
    target: { host: "localhost", port, ...shownTo(mesh, authority) },
    url: `${mesh.tls === "none" ? "http" : "https"}://localhost:${port}${mesh.path}`,
    caFile: authority.file,
    service,
    upstream,
    accessLog: () => readFileSync(log, "utf8"),
    refusedUpdates: () => refusedBy(envoy.admin),
    answer: (next) => {
      handler = next;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function certificatesOf(authority: TestAuthority): OwnCertificates {
  return {
    caFile: authority.file,
    listener: authority.issue({ names: ["DNS:localhost"] }),
    gateway: authority.issue({ names: [`URI:${GATEWAY}`] }),
  };
}

async function refusedBy({ host, port }: Address): Promise<number> {
  const url = `http://${host}:${port}/stats?filter=listener_manager.lds.update_rejected`;
  return Number((await (await fetch(url)).text()).split(": ")[1]);
}

function shownTo({ tls }: Mesh, authority: TestAuthority): Partial<Target> {
  if (tls === "none") return {};
  if (tls === "server") return { ca: authority.pem };
  const { cert, key } = authority.issue({ names: [`URI:${AGENT}`] });
  return { ca: authority.pem, cert, key };
}

/** As `components/cert-manager` sets it up. */
function tlsOf(authority: TestAuthority) {
  const { cert, key } = authority.issue({ names: [`DNS:${IMPEDANCE}`] });
  const material = { certificate: cert, key, clientAuthority: authority.pem };
  const live: LiveTls = { current: () => material, onChange: () => undefined };
  return { tls: { live, allowedIdentities: [GATEWAY], onRefused: () => undefined } };
}
