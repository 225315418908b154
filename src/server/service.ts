import type { ManagedAuditSink } from "../audit/sink.ts";
import type { LineTap } from "../audit/tap.ts";
import type { Config } from "../config/config.ts";
import type { DecisionEvent } from "../core/audit.ts";
import type { Firewall } from "../core/exchange.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Tracer } from "../core/trace.ts";
import type { GrpcServer } from "../envoy/grpc-server.ts";
import type { Dependencies } from "../pipeline/dependencies.ts";
import { createDurableFirewall } from "../pipeline/durable.ts";
import { createFirewall } from "../pipeline/firewall.ts";
import { createTracedFirewall } from "../pipeline/traced.ts";
import type { Logger } from "../telemetry/log.ts";
import { createMetrics, type Metrics, type MetricsSnapshot } from "../telemetry/metrics.ts";
import { approvalRouteOf, approvalsOf } from "./approvals.ts";
import { missingForAuthentication } from "./authentication.ts";
import { startDeciding } from "./deciding.ts";
import { dependenciesOf } from "./dependencies.ts";
import type { PolicyInForce } from "./load-policy.ts";
import { logsOf } from "./logs.ts";
import { analystOf } from "./open-log.ts";
import { openShippedLog } from "./open-shipping.ts";
import { packageVersion } from "./package-root.ts";
import { openPorts, type Ports } from "./ports.ts";
import { createPostureRoute } from "./posture/route.ts";
import { followInventory, followPosture, noteStart } from "./reloads.ts";
import { openState } from "./state.ts";
import type { OpenedState } from "./stores.ts";
import { systemClock } from "./system.ts";
import { policyNeedsOneMemory } from "./workers/one-memory.ts";

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
  /** One of several: without an admin port, and its gRPC port is taken over from one before. */
  readonly isWorker?: boolean;
  /** The file system whose /proc and /sys tell of the host; `/` unless told otherwise. */
  readonly hostRoot?: string;
}

/** The running service: gRPC for the proxy, HTTP for the operator. */
export interface Service {
  readonly grpcPort: number;
  /** Null in a worker. */
  readonly admin: { readonly host: string; readonly port: number } | null;
  /** As it was at the start. */
  readonly policy: PolicyInForce;
  /** Settles when the service may not run on: whoever started it stops it. */
  readonly failed: Promise<StartFailure>;
  health(): ServiceHealth;
  /** What was counted. */
  snapshot(): Promise<MetricsSnapshot>;
  /**
   * Lets open exchanges finish until the deadline (that of the configuration if absent), ends the
   * rest closed, writes the log out.
   */
  stop(deadlineMs?: number): Promise<Stopped>;
  /** The same for another process that listens at the address: until then nothing is refused. */
  handOver(): Promise<Stopped>;
}

export interface ServiceHealth {
  readonly isReady: boolean;
  /** Codes of what stands against it. */
  readonly hindrances: readonly string[];
  readonly policyDefault: "deny" | "allow";
}

/** Whether all decisions are in the log. */
export interface Stopped {
  readonly isLogWhole: boolean;
}

/** Why the service does not start: which part of it, and all that stands against it. */
export interface StartFailure {
  readonly part: "audit" | "policy" | "identity" | "posture" | "service";
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
  const { config, log, isWorker = false } = options;
  const undo: (() => unknown)[] = [];
  const giveUp = async (part: StartFailure["part"], errors: readonly string[]) => {
    for (const step of undo.reverse()) await step();
    return err({ part, errors });
  };
  const metrics = createMetrics({ version: packageVersion() });
  let judgeAgain = () => {};
  const notes = { config, metrics, log, sink: () => sink, judgeAgain: () => judgeAgain() };
  const objection = objectionOf(options);
  const deciding = await startDeciding(notes, { hostRoot: options.hostRoot, objection });
  if (!deciding.ok) return giveUp(deciding.error.part, deciding.error.errors);
  undo.push(() => deciding.value.stop());
  const { inventory, posture } = deciding.value;
  const { current } = deciding.value.policy;
  const surroundings = { metrics, log, clock: systemClock, tap: options.tap };
  const opened = await openShippedLog(config, surroundings, options.sink);
  if (!opened.ok) return giveUp("audit", [opened.error]);
  const { sink, tracer, isReady, endWithin } = opened.value;
  undo.push(() => sink.close());
  const analyst = analystOf(config.audit);
  if (!analyst.ok) return giveUp("audit", [analyst.error]);
  const state = await openState(config, systemClock, noteRedis(metrics, log));
  if (!state.ok) return giveUp("service", [state.error]);
  undo.push(() => state.value.close());
  const { rateStore, shared } = state.value;
  const { approvals, desk } = approvalsOf(config, shared, systemClock);
  const own = { approvals, shared, analyst: analyst.value, clock: systemClock };
  const dependencies = dependenciesOf(config, {
    ...own,
    ...listenersOf(metrics, log),
    ...logsOf(sink, metrics, options.onDecision),
    inForce: current,
    rateStore,
    get inventory() {
      return inventory.current();
    },
  });
  let ready = false;
  const isReadyNow = () => ready && sink.healthy && isReady();
  const ports = await openPorts({
    config,
    log,
    metrics,
    firewall: firewallOf(dependencies, config, sink, tracer),
    serves: () => ready,
    ready: isReadyNow,
    policyDefault: () => current().policy.default,
    anyAdminPort: options.anyAdminPort === true,
    isWorker,
    routes: [
      approvalRouteOf(config, desk, sink, dependencies),
      createPostureRoute(config.adminAccess.token, posture),
    ],
  });
  if (!ports.ok) return giveUp("service", ports.error);
  const { grpc, admin } = ports.value;
  judgeAgain = () => grpc.judgeAgain();
  noteStart(notes, inventory, current().policy.engine.revision);
  followInventory(inventory, notes);
  followPosture(posture, notes);
  ready = true;
  log.info("started", { grpc_port: grpc.port, ...(admin && { admin_port: admin.port }) });
  const stopJudging = () => {
    ready = false;
    deciding.value.stop();
  };
  return ok({
    grpcPort: grpc.port,
    admin,
    policy: current().policy,
    failed: posture.failed.then((errors) => ({ part: "posture", errors }) as const),
    health: () => healthOf(isReadyNow(), ports.value.hindrances(), current().policy.default),
    snapshot: metrics.snapshot,
    ...endsOf(options, { ports: ports.value, state: state.value, sink, endWithin, stopJudging }),
  });
}

/** What stands against a policy where there are several workers. */
function objectionOf({ config, isWorker = false }: ServiceOptions) {
  return (policy: PolicyInForce) => (isWorker ? policyNeedsOneMemory(config, policy) : null);
}

function healthOf(
  isReadyNow: boolean,
  hindrances: readonly string[],
  policyDefault: "deny" | "allow",
): ServiceHealth {
  return { isReady: isReadyNow && hindrances.length === 0, hindrances, policyDefault };
}

interface Ending {
  readonly ports: Ports;
  readonly state: OpenedState;
  readonly sink: ManagedAuditSink;
  readonly endWithin: (deadlineMs: number) => void;
  readonly stopJudging: () => void;
}

function endsOf(
  { config, log }: ServiceOptions,
  { ports, state, sink, endWithin, stopJudging }: Ending,
): Pick<Service, "stop" | "handOver"> {
  const leave = async (go: (grpc: GrpcServer) => Promise<void>): Promise<Stopped> => {
    endWithin(config.drainDeadlineMs);
    log.info("draining", { open_streams: ports.grpc.openStreams });
    await go(ports.grpc);
    stopJudging();
    await ports.close();
    state.close();
    return close(sink, log);
  };
  return {
    stop(deadlineMs = config.drainDeadlineMs) {
      stopJudging();
      return leave((grpc) => grpc.drain(deadlineMs));
    },
    // What is still under way is judged by the policy in force, as ever.
    handOver: () => leave((grpc) => grpc.handOver(config.drainDeadlineMs)),
  };
}

/** With `audit.sync`, one whose word stands once the disk has it. */
function firewallOf(
  dependencies: Dependencies,
  { audit }: Config,
  sink: ManagedAuditSink,
  tracer: Tracer | null,
): Firewall {
  const plain = createFirewall(dependencies);
  const firewall = tracer === null ? plain : createTracedFirewall(plain, tracer);
  return audit.sync ? createDurableFirewall(firewall, () => sink.settled()) : firewall;
}

function listenersOf(metrics: Metrics, log: Logger) {
  return {
    telemetry: metrics,
    authTelemetry: metrics.auth,
    onKeysMissing: (issuer: string, reason: string) => log.warn("keys_missing", { issuer, reason }),
  };
}

/** Told once for each change. */
function noteRedis(metrics: Metrics, log: Logger): (isUp: boolean) => void {
  return (isUp) => {
    metrics.redisUp(isUp);
    if (isUp) log.info("redis_up");
    else log.error("redis_down");
  };
}

async function close(sink: ManagedAuditSink, log: Logger): Promise<Stopped> {
  const isLogWhole = await sink.close();
  log.info("stopped");
  await log.flush();
  return { isLogWhole };
}
