import type { ChildProcess } from "node:child_process";
import type { Config } from "../../config/config.ts";
import { type Endpoint, encodeAddress } from "../../core/address.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { type Admin, startAdmin } from "../../telemetry/admin.ts";
import type { Logger } from "../../telemetry/log.ts";
import { createWorkerMetrics, type WorkerMetrics } from "../../telemetry/worker-metrics.ts";
import { createApprovalRoute } from "../approvals-http.ts";
import { grpcAddress } from "../ports.ts";
import type { StartFailure, Stopped } from "../service.ts";
import { systemClock } from "../system.ts";
import { adminAccessOf, openAdminTransport } from "../transport.ts";
import { createLineJoiner } from "./lines.ts";
import { workerEndpoints } from "./places.ts";
import { type Supervisor, startSupervisor } from "./supervisor.ts";

export interface ServeWorkersOptions {
  readonly config: Config;
  readonly count: number;
  readonly log: Logger;
  readonly spawn: (slot: number, lane: number, endpoint: Endpoint) => ChildProcess;
}

/** Several workers as one service. */
export interface WorkerService {
  readonly gaveUp: Promise<StartFailure | null>;
  restart(): Promise<void>;
  stop(): Promise<Stopped>;
}

const STDOUT = 1;
const STDERR = 2;
/** Who asks for metrics waits no longer for a worker. */
const MEASURE_DEADLINE_MS = 1_000;

/** Starts the workers, and the admin port that speaks for all of them. */
export async function serveWorkers(
  options: ServeWorkersOptions,
): Promise<Result<WorkerService, StartFailure>> {
  const { config, count, log, spawn } = options;
  const endpoints = workerEndpoints(config, count);
  if (!endpoints.ok) return err({ part: "service", errors: [endpoints.error] });
  let supervisor: Supervisor | null = null;
  const healths = () => supervisor?.health() ?? [];
  const metrics = createWorkerMetrics({
    configured: count,
    ready: () => healths().filter(({ isReady }) => isReady).length,
  });
  const admin = await bindAdmin(config, log, metrics, () => supervisor);
  if (!admin.ok) return err({ part: "service", errors: admin.error });
  const started = await startSupervisor({
    config,
    log,
    metrics,
    endpoints: endpoints.value,
    spawn,
    output: createLineJoiner(STDOUT),
    errors: createLineJoiner(STDERR),
  });
  if (!started.ok) {
    await admin.value.close();
    return started;
  }
  supervisor = started.value;
  log.info("workers_started", {
    workers: count,
    grpc: endpoints.value.map(grpcAddress).join(" "),
    admin_port: admin.value.port,
  });
  return ok({
    gaveUp: supervisor.gaveUp,
    restart: () => supervisor.restart(),
    async stop() {
      const stopped = await supervisor.stop();
      await admin.value.close();
      log.info("stopped");
      await log.flush();
      return stopped;
    },
  });
}

async function bindAdmin(
  config: Config,
  log: Logger,
  metrics: WorkerMetrics,
  supervisor: () => Supervisor | null,
): Promise<Result<Admin, readonly string[]>> {
  const transport = await openAdminTransport(config, { log, clock: systemClock });
  if (!transport.ok) return transport;
  const healths = () => supervisor()?.health() ?? [];
  const admin = await startAdmin({
    host: config.admin.host,
    port: config.admin.port,
    // While one is replaced, the others decide; the proxy answers for it with 503.
    ready: () => healths().some(({ isReady }) => isReady),
    hindrances: () => [...new Set(healths().flatMap(({ hindrances }) => hindrances))],
    policyDefault: () => healths()[0]?.policyDefault ?? "deny",
    metrics: {
      contentType: metrics.contentType,
      render: async () => metrics.render((await supervisor()?.measure(MEASURE_DEADLINE_MS)) ?? []),
    },
    access: adminAccessOf(config),
    tls: transport.value.adminTls,
    // Questions would be in one worker's memory: there are none where there are several.
    routes: [createApprovalRoute(null)],
  });
  const close = async (bound: Admin): Promise<void> => {
    transport.value.stop();
    await bound.close();
  };
  if (admin.ok) return ok({ ...admin.value, close: () => close(admin.value) });
  transport.value.stop();
  const at = encodeAddress(config.admin);
  return err([
    `admin: cannot listen on ${at} (${admin.error.code}); choose another with --admin or \`admin:\``,
  ]);
}
