import { decodeEndpoint } from "../core/address.ts";
import { startService } from "../server/service.ts";
import { configOfWorker } from "../server/workers/places.ts";
import { channelOfProcess, runWorker } from "../server/workers/worker.ts";
import { createLogger } from "../telemetry/log.ts";
import type { Command, Options } from "./command.ts";
import { leaveBreadcrumbs } from "./crash.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { fail, misuse } from "./output.ts";
import { loadSettings, SETTINGS_OPTIONS } from "./settings.ts";

/** One of the workers of `impedance serve`, which starts it. Not for people. */
export const serveWorkerCommand: Command = {
  help: "impedance serve --workers N starts its workers by itself",
  options: { ...SETTINGS_OPTIONS, grpc: "text", slot: "text", lane: "text" },
  run: serveWorker,
};

async function serveWorker(options: Options): Promise<number> {
  const channel = channelOfProcess();
  const grpc = decodeEndpoint(options.text("grpc") ?? "");
  if (channel === null || grpc === null) return misuse(serveWorkerCommand.help);
  // A terminal, or who stops a service, may signal all processes: the supervisor says what to do.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  const settings = await loadSettings(options);
  if (!settings.ok) return fail(settings.error);
  const config = configOfWorker(settings.value, grpc, Number(options.text("lane")));
  const log = createLogger({ ...config.log, worker: Number(options.text("slot")) });
  leaveBreadcrumbs(config);
  let code: number = EXIT.failed;
  const start = async () => {
    const service = await startService({ config, log, isWorker: true });
    if (!service.ok) code = exitCodeOf(service.error);
    return service;
  };
  const stopped = await runWorker(start, channel);
  process.disconnect?.();
  if (stopped === null) return code;
  return stopped.isLogWhole ? EXIT.ok : EXIT.audit;
}
