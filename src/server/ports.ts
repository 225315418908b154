import type { Config } from "../config/config.ts";
import type { Endpoint } from "../core/address.ts";
import type { Firewall } from "../core/exchange.ts";
import { err, ok, type Result } from "../core/result.ts";
import { type GrpcServer, startGrpcServer } from "../envoy/grpc-server.ts";
import { type Admin, type AdminOptions, type AdminRoute, startAdmin } from "../telemetry/admin.ts";
import { describeError, type Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { systemClock } from "./system.ts";
import { adminAccessOf, openTransport, type Transport } from "./transport.ts";

export interface PortsOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly firewall: Firewall;
  /** What the gRPC port says of itself. */
  readonly serves: () => boolean;
  /** What the admin port says of the service. */
  readonly ready: () => boolean;
  readonly policyDefault: () => "deny" | "allow";
  /** When the admin port is taken, any free one will do. */
  readonly anyAdminPort: boolean;
  /** One of several: it takes its gRPC port over, and the admin port is its supervisor's. */
  readonly isWorker: boolean;
  /** What else operators can ask for. */
  readonly routes?: readonly AdminRoute[];
}

/** Where the proxy calls, and where operators do. */
export interface Ports {
  readonly grpc: GrpcServer;
  /** Null in a worker. */
  readonly admin: Admin | null;
  /** Codes of what keeps them from being used. */
  hindrances(): readonly string[];
  /** Frees both; what is open on them ends. */
  close(): Promise<void>;
}

/** Listens on both ports, or says everything that stands against it, with neither bound. */
export async function openPorts(options: PortsOptions): Promise<Result<Ports, readonly string[]>> {
  const { config, log, metrics } = options;
  const transport = await openTransport(config, { log, metrics, clock: systemClock });
  if (!transport.ok) return transport;
  const grpc = await bindGrpc(options, transport.value);
  if (grpc === null) {
    transport.value.stop();
    return err([inUse("grpc", config.grpc, "EADDRINUSE")]);
  }
  const { hindrances } = transport.value;
  const admin = options.isWorker ? ok(null) : await bindAdmin(options, transport.value);
  if (!admin.ok) {
    transport.value.stop();
    grpc.close();
    return err([inUse("admin", config.admin, admin.error.code)]);
  }
  return ok({
    grpc,
    admin: admin.value,
    hindrances,
    async close() {
      transport.value.stop();
      grpc.close();
      await admin.value?.close();
    },
  });
}

async function bindGrpc(
  { config, log, metrics, firewall, serves, isWorker }: PortsOptions,
  { grpcTls }: Transport,
): Promise<GrpcServer | null> {
  try {
    return await startGrpcServer({
      firewall,
      limits: config.limits,
      address: grpcAddress(config.grpc),
      tls: grpcTls,
      takesOver: isWorker,
      trust: config.trust,
      ready: serves,
      onFault: (code, error, traceId) =>
        log.error("exchange_failed", { fault: code, trace_id: traceId, ...describeError(error) }),
      onOpen: () => metrics.streamOpened(),
      onClose: () => metrics.streamClosed(),
      onShed: (reason) => metrics.shed(reason),
    });
  } catch {
    return null;
  }
}

async function bindAdmin(options: PortsOptions, { adminTls, hindrances }: Transport) {
  const { config, metrics, ready, policyDefault, routes = [] } = options;
  const settings: Omit<AdminOptions, "port"> = {
    host: config.admin.host,
    ready: () => ready() && hindrances().length === 0,
    hindrances,
    policyDefault,
    metrics,
    access: adminAccessOf(config),
    tls: adminTls,
    routes,
    onRefused: (reason) => metrics.adminRefused(reason),
  };
  const admin = await startAdmin({ ...settings, port: config.admin.port });
  if (admin.ok || !options.anyAdminPort || admin.error.code !== "EADDRINUSE") return admin;
  return startAdmin({ ...settings, port: 0 });
}

export function grpcAddress(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") return `unix:${endpoint.path}`;
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}`;
}

function inUse(
  what: "grpc" | "admin",
  at: { readonly host?: string; readonly port?: number; readonly path?: string },
  code: string,
): string {
  const where = at.path ?? `${at.host}:${at.port}`;
  return `${what}: cannot listen on ${where} (${code}); choose another with --${what} or \`${what}:\``;
}
