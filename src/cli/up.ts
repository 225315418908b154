import { readFile } from "node:fs/promises";
import { createStreamSink } from "../audit/descriptor-sink.ts";
import { encodeLine } from "../audit/line.ts";
import { formatDecision } from "../audit/pretty.ts";
import type { ManagedAuditSink } from "../audit/sink.ts";
import type { Config, ServerConfig } from "../config/config.ts";
import { type Address, decodeAddress, encodeAddress } from "../core/address.ts";
import type { DecisionEvent } from "../core/audit.ts";
import { err, ok, type Result } from "../core/result.ts";
import { packagePath } from "../server/package-root.ts";
import { type Service, startService } from "../server/service.ts";
import { createLogger } from "../telemetry/log.ts";
import type { Command, Options } from "./command.ts";
import { bootstrapFor } from "./envoy/configuration.ts";
import { locateEnvoy } from "./envoy/locate.ts";
import { portOwner } from "./envoy/port-owner.ts";
import { type EnvoyProcess, startEnvoy } from "./envoy/process.ts";
import { decodeUpstreamUrl } from "./envoy/upstream-url.ts";
import { complain, fail, hasColor, misuse, say } from "./output.ts";
import { loadSettings, SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";
import { untilSignal } from "./signals.ts";

export const upCommand: Command = {
  name: "up",
  summary: "Envoy and the firewall in front of any MCP server, in one command",
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
  const running = await startUp(config.value, format);
  if (!running.ok) return fail(running.error);
  const { service, envoy, urls } = running.value;
  if (service.policy.isBuiltIn) complain(NO_POLICY);
  say(`ready ${urls.join(" ")}`);

  const ended = await Promise.race([signal, envoy.exited]);
  const crashed = typeof ended !== "string";
  if (crashed) complain(`Envoy ended by itself (${ended.signal ?? `exit code ${ended.code}`})`);
  await envoy.stop();
  await service.stop();
  return crashed ? 1 : 0;
}

const NO_POLICY = `no policy: only the handshake, discovery and listing pass. To let a tool be called, write
  policy.yaml:  policy_id: mine
                version: "1.0"
                default: deny
                allow_rules: [{ tool: NAME_OR_GLOB }]
and start again with --policy policy.yaml`;

/** Envoy and the service, wired to each other. */
export interface Running {
  readonly service: Service;
  readonly envoy: EnvoyProcess;
  /** Where clients reach the servers, in the order of the configuration. */
  readonly urls: readonly string[];
}

/** Starts both, or says what stands against it, with nothing left running. */
export async function startUp(
  config: Config,
  format: "text" | "json",
): Promise<Result<Running, readonly string[]>> {
  const binary = locateEnvoy();
  const busy = await whoHolds(config.listen);
  if (busy !== null) return err([busy]);
  const print = printer(format);
  const toTerminal = config.audit.sink !== "file";
  const service = await startService({
    // Between Envoy and us nobody else needs to find the way: any free port will do.
    config: {
      ...config,
      grpc: { kind: "tcp", host: "127.0.0.1", port: 0 },
      allowedHosts: config.allowedHosts ?? namesOf(config.listen),
    },
    log: createLogger({ level: config.log.level === "info" ? "warn" : config.log.level }),
    anyAdminPort: true,
    ...(toTerminal ? { sink: terminalSink(config, print) } : { onDecision: shown(print) }),
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
    return ok({ service: service.value, envoy, urls });
  } catch (error) {
    await service.value.stop();
    return err([error instanceof Error ? error.message : String(error)]);
  }
}

/** Who listens for this machine alone is called by its names; any other name is a trick of DNS. */
function namesOf({ host, port }: Address): readonly string[] | null {
  const isLoopback = host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host);
  if (!isLoopback) return null;
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
    operator: service.admin,
    accessLog: null,
  });
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

type Printer = (event: DecisionEvent, seq: number) => string;

function printer(format: "text" | "json"): Printer {
  if (format === "json") return encodeLine;
  const { stderr } = process;
  const style = { color: hasColor(stderr), width: stderr.columns ?? 160 };
  return (event) => `${formatDecision(event, style)}\n`;
}

/** The terminal as the decision log: what cannot be shown is not allowed either. */
function terminalSink(config: Config, print: Printer): ManagedAuditSink {
  const { queueMaxEvents } = config.audit;
  const onFailure = ({ code }: { code: string }) => complain(`decisions cannot be shown (${code})`);
  return createStreamSink({ stream: process.stderr, queueMaxEvents, onFailure, encode: print });
}

/** For a terminal beside a log file, which has the say. */
function shown(print: Printer): (event: DecisionEvent) => void {
  let seq = 0;
  return (event) => {
    seq += 1;
    process.stderr.write(print(event, seq));
  };
}
