import { readFile } from "node:fs/promises";
import { formatDecision, formatLine } from "../audit/pretty.ts";
import { createStreamSink } from "../audit/stream-sink.ts";
import type { Config, ServerConfig } from "../config/config.ts";
import { type Address, decodeAddress, encodeAddress, isLoopbackHost } from "../core/address.ts";
import { err, ok, type Result } from "../core/result.ts";
import { packagePath } from "../server/package-root.ts";
import {
  type Service,
  type ServiceOptions,
  type StartFailure,
  startService,
} from "../server/service.ts";
import { createLogger } from "../telemetry/log.ts";
import type { Command, Options } from "./command.ts";
import { leaveBreadcrumbs } from "./crash.ts";
import { bootstrapFor } from "./envoy/configuration.ts";
import { locateEnvoy } from "./envoy/locate.ts";
import { portOwner } from "./envoy/port-owner.ts";
import { type EnvoyProcess, startEnvoy } from "./envoy/process.ts";
import { decodeUpstreamUrl } from "./envoy/upstream-url.ts";
import { EXIT, EXIT_HELP, exitCodeOf } from "./exit-codes.ts";
import { complain, fail, hasColor, misuse, say } from "./output.ts";
import { loadSettings, SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";
import { untilSignal } from "./signals.ts";

export const upCommand: Command = {
  help: `usage: impedance up [--upstream URL] [OPTIONS]

Starts Envoy and the firewall in front of an MCP server (or of all \`servers:\` of the
configuration) and runs until a signal. When the first call can be made it prints one line on
standard output: ready http://HOST:PORT/PATH, with the path of the upstream's URL. Decisions go to
standard error, one line each. Without a policy only the handshake, discovery and listing pass.

  --upstream URL   the MCP server's streamable HTTP endpoint, http or https
  --upstream-ca FILE  certificates that may sign it                 [the system's]
  --listen ADDRESS HOST:PORT; port 0 takes a free one               [127.0.0.1:8070]
${SETTINGS_HELP}
  --format FORMAT  text or json: how decisions are printed          [text]

${EXIT_HELP}

examples:
  impedance up --upstream http://127.0.0.1:3001/mcp
  impedance up --upstream https://mcp.example.com/mcp --policy policy.yaml --listen 127.0.0.1:9000`,
  options: {
    ...SETTINGS_OPTIONS,
    upstream: "text",
    "upstream-ca": "text",
    listen: "text",
    format: "text",
  },
  run: up,
};

async function up(options: Options): Promise<number> {
  const settings = await loadSettings(options);
  if (!settings.ok) return fail(settings.error);
  const config = withUpstream(settings.value, options);
  if (!config.ok) return misuse(config.error);
  const format = options.text("format") ?? "text";
  if (format !== "text" && format !== "json") {
    return misuse(`--format is text or json, not ${format}`);
  }

  const signal = untilSignal();
  leaveBreadcrumbs(config.value);
  const running = await startUp(config.value, format);
  if (!running.ok) return fail(running.error.errors, exitCodeOf(running.error));
  const { service, envoy, urls } = running.value;
  if (service.policy.isBuiltIn) complain(NO_POLICY);
  say(`ready ${urls.join(" ")}`);

  const ended = await Promise.race([signal, envoy.exited, service.failed]);
  const failed = typeof ended !== "string" && "part" in ended ? ended : null;
  const crashed = typeof ended !== "string" && !("part" in ended);
  if (crashed) complain(`Envoy ended by itself (${ended.signal ?? `exit code ${ended.code}`})`);
  await envoy.stop();
  const { isLogWhole } = await service.stop();
  if (failed !== null) return fail(failed.errors, exitCodeOf(failed));
  if (crashed) return EXIT.failed;
  return isLogWhole ? EXIT.ok : EXIT.audit;
}

const NO_POLICY = `no policy: only the handshake, discovery and listing pass. To let a tool be called, write
  policy.yaml:  policy_id: mine
                version: "1.0"
                default: deny
                allow_rules: [{ tool: NAME_OR_GLOB }]
and start again with --policy policy.yaml`;

const NO_PUBLIC_URL =
  "tokens are for an address, which --listen HOST:0 leaves open; set authentication.public_url";

/** Envoy and the service, wired to each other. */
export interface Running {
  readonly service: Service;
  readonly envoy: EnvoyProcess;
  /** Where operators ask. */
  readonly admin: Address;
  /** Where clients reach the servers, in the order of the configuration. */
  readonly urls: readonly string[];
}

/** Starts both, or says what stands against it, with nothing left running. */
export async function startUp(
  config: Config,
  format: "text" | "json",
): Promise<Result<Running, StartFailure>> {
  const { tokens, publicUrl } = config.authentication;
  if (tokens !== null && publicUrl === null && config.listen.port === 0) {
    return err({ part: "identity", errors: [NO_PUBLIC_URL] });
  }
  const binary = locateEnvoy();
  const busy = await whoHolds(config.listen);
  if (busy !== null) return err({ part: "service", errors: [busy] });
  const shown = terminal(config, format);
  const service = await startService({
    ...shown,
    // Between Envoy and us nobody else needs to find the way: any free port will do.
    config: {
      ...shown.config,
      grpc: { kind: "tcp", host: "127.0.0.1", port: 0 },
      grpcTls: null,
      allowedHosts: config.allowedHosts ?? namesOf(config.listen),
    },
    log: createLogger({ level: config.log.level === "info" ? "warn" : config.log.level }),
    anyAdminPort: true,
  });
  if (!service.ok) return service;
  try {
    const envoy = await startEnvoy({
      binary,
      configuration: await bootstrap(config, service.value),
      log: (line) => complain(`envoy: ${line}`),
    });
    const at = `http://${encodeAddress(envoy.listener)}`;
    const urls = [...config.servers.values()].map(({ path }) => `${at}${path}`);
    return ok({ service: service.value, envoy, admin: adminOf(config, service.value), urls });
  } catch (error) {
    await service.value.stop();
    const message = error instanceof Error ? error.message : String(error);
    return err({ part: "service", errors: [message] });
  }
}

/** Who listens for this machine alone is called by its names; any other name is a trick of DNS. */
function namesOf({ host, port }: Address): readonly string[] | null {
  if (!isLoopbackHost(host)) return null;
  const own = encodeAddress({ host, port }).replace(/:\d+$/, "");
  return ["localhost", "127.0.0.1", "[::1]", own];
}

async function bootstrap(config: Config, service: Service): Promise<string> {
  const template = await readFile(packagePath("envoy/bootstrap.yaml"), "utf8");
  return bootstrapFor(template, {
    listen: config.listen,
    admin: { host: "127.0.0.1", port: 0 },
    service: { host: "127.0.0.1", port: service.grpcPort },
    upstreams: [...config.servers.values()].map(upstreamOf),
    // Envoy would have to be told whom to trust there; operators ask the port itself.
    ...(config.adminTls === null ? { operator: adminOf(config, service) } : {}),
    accessLog: null,
  });
}

/** A service that stands alone has its own. */
function adminOf(config: Config, service: Service): Address {
  return service.admin ?? config.admin;
}

function upstreamOf({ id, url, path, protocol, caFile }: ServerConfig) {
  return { id, url, path, protocol, ...(caFile === null ? {} : { caFile }) };
}

/** `--upstream` stands for a configuration with one server, `--listen` for its `listen:`. */
function withUpstream(config: Config, options: Options): Result<Config, string> {
  const listenText = options.text("listen");
  const listen = listenText === undefined ? config.listen : decodeAddress(listenText);
  if (listen === null) {
    return err(`--listen ${listenText} is no HOST:PORT, such as 127.0.0.1:8070`);
  }
  const upstream = options.text("upstream");
  if (upstream === undefined) {
    if (config.servers.size > 0) return ok({ ...config, listen });
    return err("nothing to stand in front of: give --upstream URL, or `servers:` in --config FILE");
  }
  const url = decodeUpstreamUrl(upstream);
  if (!url.ok) return err(`--upstream: ${url.error}`);
  const server: ServerConfig = {
    id: SINGLE_SERVER,
    url: upstream,
    path: url.value.path,
    protocol: "http1",
    caFile: options.text("upstream-ca") ?? null,
    roots: new Map(),
    denial: config.denial,
    padding: config.padding,
    responseHeadDeadlineMs: config.limits.responseHeadDeadlineMs,
    tools: new Map(),
    inventoryMode: config.inventory.mode,
    forwardCredentials: null,
    upstreamCredentials: null,
  };
  return ok({ ...config, listen, servers: new Map([[SINGLE_SERVER, server]]) });
}

/** The server's id in policies and in the log when only a URL was given. */
const SINGLE_SERVER = "upstream";

async function whoHolds(listen: Address): Promise<string | null> {
  if (listen.port === 0) return null;
  const owner = await portOwner(listen.host, listen.port);
  if (owner === null) return null;
  const at = encodeAddress(listen);
  return `${at} is taken by ${owner}; choose another with --listen HOST:PORT (port 0: any free one)`;
}

/**
 * The terminal as the decision log: what cannot be shown is not allowed either. Beside a log file,
 * which has the say, it shows what is written there.
 */
function terminal(
  config: Config,
  format: "text" | "json",
): Pick<ServiceOptions, "config" | "sink" | "onDecision" | "tap"> {
  const { stderr } = process;
  const style = { color: hasColor(stderr), width: stderr.columns ?? 160 };
  if (config.audit.sink === "file") {
    if (format === "json") return { config, tap: (line) => stderr.write(`${line}\n`) };
    return { config, onDecision: (event) => stderr.write(`${formatDecision(event, style)}\n`) };
  }
  if (format === "json")
    return { config: { ...config, audit: { ...config.audit, sink: "stderr" } } };
  const { queueMaxEvents } = config.audit;
  const show = (record: string) => formatLine(JSON.parse(record), style);
  const onFailure = ({ code }: { code: string }) => complain(`decisions cannot be shown (${code})`);
  return {
    config,
    sink: createStreamSink({ stream: stderr, queueMaxEvents, onFailure, lines: show }),
  };
}
