import type { ManagedAuditSink } from "../audit/sink.ts";
import type { LineTap } from "../audit/tap.ts";
import type { Config } from "../config/config.ts";
import type { DecisionEvent } from "../core/audit.ts";
import type { AuditSink } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import { createDurableFirewall } from "../pipeline/durable.ts";
import { createFirewall } from "../pipeline/firewall.ts";
import { describeError, type Logger } from "../telemetry/log.ts";
import { createMetrics, type Metrics } from "../telemetry/metrics.ts";
import { approvalRouteOf, approvalsOf } from "./approvals.ts";
import { missingForAuthentication } from "./authentication.ts";
import { dependenciesOf } from "./dependencies.ts";
import { noteConfig, notePolicy } from "./history.ts";
import { type LiveOptions, startLivePolicy } from "./live-policy.ts";
import { loadInventory } from "./load-inventory.ts";
import type { PolicyInForce } from "./load-policy.ts";
import { analystOf } from "./open-log.ts";
import { openShippedLog } from "./open-shipping.ts";
import { packageVersion } from "./package-root.ts";
import { hasPassingAliases } from "./paths.ts";
import { openPorts } from "./ports.ts";
import { systemClock } from "./system.ts";

export interface ServiceOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Where decisions are written, in place of what the configuration says. */
  readonly sink?: ManagedAuditSink;
  /** Sees every decision after the log took it. */
  readonly onDecision?: (event: DecisionEvent) => void;
  /** Sees each line of the log as it was written. */
  readonly tap?: LineTap;
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
  stop(): Promise<Stopped>;
}

/** Whether all decisions are in the log. */
export interface Stopped {
  readonly isLogWhole: boolean;
}

/** Why the service does not start: which part of it, and all that stands against it. */
export interface StartFailure {
  readonly part: "audit" | "policy" | "identity" | "service";
  readonly errors: readonly string[];
}

/** Wires everything together and listens, or says everything that stands against it. */
export async function startService(
  options: ServiceOptions,
): Promise<Result<Service, StartFailure>> {
  const missing = missingForAuthentication(options.config);
  return missing.length > 0 ? err({ part: "identity", errors: missing }) : start(options);
}

async function start(options: ServiceOptions): Promise<Result<Service, StartFailure>> {
  const { config, log } = options;
  const inventory = await loadInventory(config);
  // What a policy may ask of the inventory it cannot decide without it.
  if (!inventory.ok) return err({ part: "policy", errors: inventory.error });
  const metrics = createMetrics({ version: packageVersion() });
  const live = await startLivePolicy({
    config,
    clock: systemClock,
    onGuardFault: (guard, error) => log.error("guard_fault", { guard, ...describeError(error) }),
    onReload: (reload) => {
      noteReload(reload, metrics, log);
      if (reload.kind !== "loaded") return;
      notePolicy(sink, config, reload.to, systemClock, "reload", reload.from);
    },
  });
  if (!live.ok) return err({ part: "policy", errors: live.error });
  const { current } = live.value;
  const surroundings = { metrics, log, clock: systemClock, tap: options.tap };
  const opened = await openShippedLog(config, surroundings, options.sink);
  if (!opened.ok) {
    live.value.stop();
    return err({ part: "audit", errors: [opened.error] });
  }
  const { sink, isReady, endWithin } = opened.value;
  const analyst = analystOf(config.audit);
  if (!analyst.ok) {
    live.value.stop();
    await sink.close();
    return err({ part: "audit", errors: [analyst.error] });
  }
  const approvals = approvalsOf(config, systemClock);
  const own = { approvals, analyst: analyst.value, clock: systemClock };
  const dependencies = dependenciesOf(config, {
    ...own,
    ...listenersOf(metrics, log),
    inForce: current,
    inventory: inventory.value,
    audit: auditOf(sink, metrics, options.onDecision),
  });
  let ready = false;
  const firewall = createFirewall(dependencies);
  const ports = await openPorts({
    config,
    log,
    metrics,
    firewall: config.audit.sync ? createDurableFirewall(firewall, () => sink.settled()) : firewall,
    serves: () => ready,
    ready: () => ready && sink.healthy && isReady(),
    policyDefault: () => current().policy.default,
    anyAdminPort: options.anyAdminPort === true,
    routes: [approvalRouteOf(config, approvals, sink, dependencies)],
  });
  if (!ports.ok) {
    live.value.stop();
    await sink.close();
    return err({ part: "service", errors: ports.error });
  }
  const { grpc, admin } = ports.value;
  noteStart(sink, config, current().policy.engine.revision, log);
  ready = true;
  log.info("started", { grpc_port: grpc.port, admin_port: admin.port });
  return ok({
    grpcPort: grpc.port,
    admin,
    policy: current().policy,
    async stop() {
      ready = false;
      live.value.stop();
      log.info("draining", { open_streams: grpc.openStreams });
      endWithin(config.drainDeadlineMs);
      await grpc.drain(config.drainDeadlineMs);
      await ports.value.close();
      const isLogWhole = await sink.close();
      log.info("stopped");
      await log.flush();
      return { isLogWhole };
    },
  });
}

function listenersOf(metrics: Metrics, log: Logger) {
  return {
    telemetry: metrics,
    authTelemetry: metrics.auth,
    onKeysMissing: (issuer: string, reason: string) => log.warn("keys_missing", { issuer, reason }),
  };
}

/** What holds in this run is on record before its first decision. */
function noteStart(sink: ManagedAuditSink, config: Config, revision: string, log: Logger): void {
  if (hasPassingAliases(config)) {
    log.warn("aliases_pass", { remedy: "set aliases.key: path aliases end with this run" });
  }
  noteConfig(sink, config, systemClock, "start");
  notePolicy(sink, config, revision, systemClock, "start");
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
    omit: () => {
      const accepted = sink.omit();
      if (accepted) metrics.auditOmitted();
      else metrics.auditFailed();
      return accepted;
    },
  };
}
