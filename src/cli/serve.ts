import type { Config } from "../config/config.ts";
import { decodeAddress, decodeEndpoint } from "../core/address.ts";
import { err, ok, type Result } from "../core/result.ts";
import { startService } from "../server/service.ts";
import { createLogger } from "../telemetry/log.ts";
import type { Command, Options } from "./command.ts";
import { leaveBreadcrumbs } from "./crash.ts";
import { EXIT, EXIT_HELP, exitCodeOf } from "./exit-codes.ts";
import { fail, misuse } from "./output.ts";
import { loadSettings, SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";
import { untilSignal } from "./signals.ts";

export const serveCommand: Command = {
  name: "serve",
  summary: "the gRPC service alone, for an Envoy, Istio or Envoy Gateway that you run",
  help: `usage: impedance serve [OPTIONS]

Serves Envoy's ext_proc (and ext_authz, and gRPC health) until it gets a signal; then it lets open
exchanges finish and ends. Decisions go to standard output, one JSON line each, unless the
configuration names a file. envoy/bootstrap.yaml shows the filter's configuration, line by line.

${SETTINGS_HELP}
  --grpc ADDRESS   HOST:PORT or unix:/path where Envoy reaches it   [127.0.0.1:9191]
  --admin ADDRESS  HOST:PORT of /health, /ready and /metrics        [127.0.0.1:9192]

${EXIT_HELP}

examples:
  impedance serve --config impedance.yaml
  impedance serve --policy policy.yaml --grpc unix:/run/impedance.sock`,
  options: { ...SETTINGS_OPTIONS, grpc: "text", admin: "text" },
  run: serve,
};

async function serve(options: Options): Promise<number> {
  const settings = await loadSettings(options);
  if (!settings.ok) return fail(settings.error);
  const config = withAddresses(settings.value, options);
  if (!config.ok) return misuse(config.error);
  const signal = untilSignal();
  const log = createLogger(config.value.log);
  leaveBreadcrumbs(config.value);
  const service = await startService({ config: config.value, log });
  if (!service.ok) return fail(service.error.errors, exitCodeOf(service.error));
  const ended = await Promise.race([signal, service.value.failed]);
  const { isLogWhole } = await service.value.stop();
  if (typeof ended !== "string") return fail(ended.errors, exitCodeOf(ended));
  return isLogWhole ? EXIT.ok : EXIT.audit;
}

function withAddresses(config: Config, options: Options): Result<Config, string> {
  const grpcText = options.text("grpc");
  const adminText = options.text("admin");
  const grpc = grpcText === undefined ? config.grpc : decodeEndpoint(grpcText);
  const admin = adminText === undefined ? config.admin : decodeAddress(adminText);
  if (grpc === null) return err(`--grpc ${grpcText} is neither HOST:PORT nor unix:/path`);
  if (admin === null) return err(`--admin ${adminText} is no HOST:PORT`);
  return ok({ ...config, grpc, admin });
}
