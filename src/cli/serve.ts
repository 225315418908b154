import { type ChildProcess, fork, type StdioOptions } from "node:child_process";
import type { Config } from "../config/config.ts";
import { decodeAddress, decodeEndpoint, type Endpoint } from "../core/address.ts";
import { err, ok, type Result } from "../core/result.ts";
import { grpcAddress } from "../server/ports.ts";
import { startService } from "../server/service.ts";
import { howManyWorkers } from "../server/workers/how-many.ts";
import { serveWorkers, type WorkerService } from "../server/workers/serve-workers.ts";
import { createLogger, type Logger } from "../telemetry/log.ts";
import type { Command, Options } from "./command.ts";
import { leaveBreadcrumbs } from "./crash.ts";
import { EXIT, EXIT_HELP, exitCodeOf } from "./exit-codes.ts";
import { fail, misuse } from "./output.ts";
import { loadSettings, SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";
import { untilSignal } from "./signals.ts";

/** As in schemas/config.json. */
const WORKERS_MAX = 64;

export const serveCommand: Command = {
  help: `usage: impedance serve [OPTIONS]

Serves Envoy's ext_proc (and ext_authz, and gRPC health) until it gets a signal; then it lets open
exchanges finish and ends. Decisions go to standard output, one JSON line each, unless the
configuration names a file. envoy/bootstrap.yaml shows the filter's configuration, line by line.

${SETTINGS_HELP}
  --grpc ADDRESS   HOST:PORT or unix:/path where Envoy reaches it   [127.0.0.1:9191]
  --admin ADDRESS  HOST:PORT of /health, /ready and /metrics        [127.0.0.1:9192]
  --workers N      processes that share the work, each at an address of its own: PORT and those
                   that follow, the admin port's left out, or x.0.sock, x.1.sock, …; a SIGHUP
                   replaces them one after the other (docs/scaling.md)
                                     [1; cores where nothing is any worker's own]

${EXIT_HELP}

examples:
  impedance serve --config impedance.yaml
  impedance serve --policy policy.yaml --grpc unix:/run/impedance.sock
  impedance serve --config impedance.yaml --workers 4`,
  options: { ...SETTINGS_OPTIONS, grpc: "text", admin: "text", workers: "text" },
  run: serve,
};

async function serve(options: Options): Promise<number> {
  const settings = await loadSettings(options);
  if (!settings.ok) return fail(settings.error);
  const config = withOptions(settings.value, options);
  if (!config.ok) return misuse(config.error);
  const workers = howManyWorkers(config.value);
  if (!workers.ok) return fail(workers.error.map((error) => `workers: ${error}`));
  const { count, because } = workers.value;
  const log = createLogger(config.value.log);
  if (because.length > 0) log.info("one_worker", { because: because.join("; ").slice(0, 256) });
  return count === 1 ? serveAlone(config.value, log) : serveSeveral(config.value, count, options);
}

async function serveAlone(config: Config, log: Logger): Promise<number> {
  const signal = untilSignal();
  leaveBreadcrumbs(config);
  const service = await startService({ config, log });
  if (!service.ok) return fail(service.error.errors, exitCodeOf(service.error));
  const ended = await Promise.race([signal, service.value.failed]);
  const { isLogWhole } = await service.value.stop();
  if (typeof ended !== "string") return fail(ended.errors, exitCodeOf(ended));
  return isLogWhole ? EXIT.ok : EXIT.audit;
}

async function serveSeveral(config: Config, count: number, options: Options): Promise<number> {
  const signal = untilSignal(["SIGINT", "SIGTERM"]);
  let service: WorkerService | null = null;
  // A first SIGHUP may come before there is anything to restart.
  process.on("SIGHUP", () => void service?.restart());
  const log = createLogger(config.log);
  const spawn = spawnWith(options);
  const started = await serveWorkers({ config, count, log, spawn });
  if (!started.ok) return fail(started.error.errors, exitCodeOf(started.error));
  service = started.value;
  const ended = await Promise.race([service.gaveUp, signal]);
  const { isLogWhole } = await service.stop();
  if (ended === null) return fail([CRASH_LOOP], EXIT.workers);
  if (typeof ended !== "string") return fail(ended.errors, exitCodeOf(ended));
  return isLogWhole ? EXIT.ok : EXIT.audit;
}

const CRASH_LOOP = "workers keep ending shortly after their start; their log says why";

/** The same command as this one, as a worker: it reads configuration and secrets for itself. */
function spawnWith(options: Options) {
  return (slot: number, lane: number, endpoint: Endpoint): ChildProcess => {
    const [, main = ""] = process.argv;
    const settings = Object.keys(SETTINGS_OPTIONS).flatMap((name) => {
      const value = options.text(name);
      return value === undefined ? [] : [`--${name}`, value];
    });
    const place = ["--grpc", grpcAddress(endpoint), "--slot", `${slot}`, "--lane", `${lane}`];
    const stdio: StdioOptions = ["ignore", "pipe", "pipe", "ipc"];
    return fork(main, ["serve-worker", ...settings, ...place], { stdio });
  };
}

function withOptions(config: Config, options: Options): Result<Config, string> {
  const grpcText = options.text("grpc");
  const adminText = options.text("admin");
  const grpc = grpcText === undefined ? config.grpc : decodeEndpoint(grpcText);
  const admin = adminText === undefined ? config.admin : decodeAddress(adminText);
  if (grpc === null) return err(`--grpc ${grpcText} is neither HOST:PORT nor unix:/path`);
  if (admin === null) return err(`--admin ${adminText} is no HOST:PORT`);
  const countText = options.text("workers");
  const count = countText === undefined ? config.workers.count : Number(countText);
  if (count !== null && !(Number.isInteger(count) && count >= 1 && count <= WORKERS_MAX)) {
    return err(`--workers ${countText} is no number from 1 to ${WORKERS_MAX}`);
  }
  return ok({ ...config, grpc, admin, workers: { ...config.workers, count } });
}
