import { createFileSink, createStreamSink } from "../audit/descriptor-sink.ts";
import type { ManagedAuditSink } from "../audit/sink.ts";
import type { Config } from "../config/config.ts";
import type { Endpoint } from "../core/address.ts";
import type { DecisionEvent } from "../core/audit.ts";
import type { AuditSink } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import { startGrpcServer } from "../envoy/grpc-server.ts";
import type { Dependencies } from "../pipeline/dependencies.ts";
import { createFirewall } from "../pipeline/firewall.ts";
import { type AdminOptions, startAdmin } from "../telemetry/admin.ts";
import { describeError, type Logger } from "../telemetry/log.ts";
import { createMetrics, type Metrics } from "../telemetry/metrics.ts";
import { dependenciesOf } from "./dependencies.ts";
import { type LiveOptions, startLivePolicy } from "./live-policy.ts";
import { loadInventory } from "./load-inventory.ts";
import type { PolicyInForce } from "./load-policy.ts";
import { packageVersion } from "./package-root.ts";
import { hasPassingAliases } from "./paths.ts";
import { systemClock } from "./system.ts";

export interface ServiceOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Where decisions are written, in place of what the configuration says. */
  readonly sink?: ManagedAuditSink;
  /** Sees every decision after the log took it. */
  readonly onDecision?: (event: DecisionEvent) => void;
  /** When the admin port is taken, any free one will do. */
  readonly anyAdminPort?: boolean;
}

/** The running service: gRPC for the proxy, HTTP for the operator. */
export interface Service {
  readonly grpcPort: number;
  readonly admin: { readonly host: string; readonly port: number };
  /** As it was at the start. */
  readonly policy: PolicyInForce;
  /** Lets open exchanges finish until the deadline, ends the rest closed, writes the log out. */
  stop(): Promise<void>;
}

/** Wires everything together and listens, or says everything that stands against it. */
export async function startService(
  options: ServiceOptions,
): Promise<Result<Service, readonly string[]>> {
  const { config, log } = options;
  const inventory = await loadInventory(config);
  if (!inventory.ok) return inventory;
  const metrics = createMetrics({ version: packageVersion() });
  const live = await startLivePolicy({
    config,
    clock: systemClock,
    onGuardFault: (guard, error) => log.error("guard_fault", { guard, ...describeError(error) }),
    onReload: (reload) => noteReload(reload, metrics, log),
  });
  if (!live.ok) return live;
  const { current } = live.value;
  const sink = options.sink ?? createSink(config, metrics, log);
  const dependencies = dependenciesOf(config, {
    inForce: current,
    inventory: inventory.value,
    audit: auditOf(sink, metrics, options.onDecision),
    telemetry: metrics,
    clock: systemClock,
  });

  let ready = false;
  const grpc = await bindGrpc(config, dependencies, log, metrics, () => ready);
  if (!grpc.ok) return grpc;
  const admin = await bindAdmin(options, {
    ready: () => ready && sink.healthy,
    policyDefault: () => current().policy.default,
    metrics,
  });
  if (!admin.ok) {
    grpc.value.close();
    return err([inUse("admin", config.admin, admin.error.code)]);
  }
  if (hasPassingAliases(config)) {
    log.warn("aliases_pass", { remedy: "set aliases.key: path aliases end with this run" });
  }
  ready = true;
  log.info("started", { grpc_port: grpc.value.port, admin_port: admin.value.port });
  return ok({
    grpcPort: grpc.value.port,
    admin: admin.value,
    policy: current().policy,
    async stop() {
      ready = false;
      live.value.stop();
      log.info("draining", { open_streams: grpc.value.openStreams });
      await grpc.value.drain(config.drainDeadlineMs);
      grpc.value.close();
      await admin.value.close();
      await sink.close();
      log.info("stopped");
      await log.flush();
    },
  });
}

/** A reload is on record whether it succeeded or not. */
function noteReload(reload: Parameters<LiveOptions["onReload"]>[0], metrics: Metrics, log: Logger) {
  metrics.policyReloaded(reload.kind);
  if (reload.kind === "loaded") {
    log.info("policy_reloaded", { from: reload.from, to: reload.to });
  } else {
    // The policy before it stays in force.
    for (const error of reload.errors) log.error("policy_refused", { error: error.slice(0, 256) });
  }
}

/** The decision log, counted where it fails and watched where it does not. */
function auditOf(
  sink: AuditSink,
  metrics: Metrics,
  onDecision: ServiceOptions["onDecision"],
): AuditSink {
  return {
    record: (event) => {
      const accepted = sink.record(event);
      if (accepted) onDecision?.(event);
      else metrics.auditFailed();
      return accepted;
    },
  };
}

function createSink(config: Config, metrics: Metrics, log: Logger): ManagedAuditSink {
  const { sink, file, queueMaxEvents } = config.audit;
  const onFailure = ({ code, pending }: { code: string; pending: number }) => {
    metrics.auditFailed();
    log.error("audit_failed", { system_code: code, pending });
  };
  if (sink === "file" && file !== null)
    return createFileSink({ path: file, queueMaxEvents, onFailure });
  const stream = sink === "stderr" ? process.stderr : process.stdout;
  return createStreamSink({ stream, queueMaxEvents, onFailure });
}

async function bindAdmin(
  { config, anyAdminPort }: ServiceOptions,
  rest: Omit<AdminOptions, "host" | "port">,
) {
  const admin = await startAdmin({ ...config.admin, ...rest });
  if (admin.ok || anyAdminPort !== true || admin.error.code !== "EADDRINUSE") return admin;
  return startAdmin({ host: config.admin.host, port: 0, ...rest });
}

async function bindGrpc(
  config: Config,
  dependencies: Dependencies,
  log: Logger,
  metrics: Metrics,
  ready: () => boolean,
) {
  try {
    const server = await startGrpcServer({
      firewall: createFirewall(dependencies),
      limits: config.limits,
      address: grpcAddress(config.grpc),
      ready,
      onFault: (code, error) =>
        log.error("exchange_failed", { fault: code, ...describeError(error) }),
      onOpen: () => metrics.streamOpened(),
      onClose: () => metrics.streamClosed(),
    });
    return ok(server);
  } catch {
    return err([inUse("grpc", config.grpc, "EADDRINUSE")]);
  }
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
