import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthLog } from "../../src/audit/auth-events.ts";
import type { AuthRecord } from "../../src/audit/records.ts";
import type { Config, ServerConfig } from "../../src/config/config.ts";
import { defaultConfig } from "../../src/config/load-config.ts";
import type { DecisionEvent } from "../../src/core/audit.ts";
import type { Exchange, Firewall } from "../../src/core/exchange.ts";
import type { AuthTelemetry } from "../../src/core/identity.ts";
import type { Inventory, InventoryMode } from "../../src/core/inventory.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/limits.ts";
import type { PaddingScheme } from "../../src/core/padding.ts";
import type { Guard } from "../../src/core/ports.ts";
import type { ToolLimits } from "../../src/core/tool-limits.ts";
import {
  type GrpcServer,
  type GrpcServerOptions,
  startGrpcServer,
} from "../../src/envoy/grpc-server.ts";
import { createGuards } from "../../src/guard/guards.ts";
import { around } from "../../src/pipeline/around.ts";
import type { Dependencies } from "../../src/pipeline/dependencies.ts";
import { createFirewall } from "../../src/pipeline/firewall.ts";
import { dependenciesOf } from "../../src/server/dependencies.ts";
import { inspectorOf } from "../../src/server/load-guards.ts";
import { loadPolicy, type PolicyInForce } from "../../src/server/load-policy.ts";
import { silentTelemetry, systemClock } from "../../src/server/system.ts";
import { checkEvent, checkRecord } from "./decision-event.ts";
import { waitFor } from "./wait.ts";

/** Lets every tool of every server be called; what else the bundle denies stays denied. */
export const ALLOW_TOOLS = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }]
`;

export interface TestServiceOptions {
  /** A portable policy, as YAML; `ALLOW_TOOLS` if absent, `null` for none (the built-in one). */
  readonly policy?: string | null;
  /** Only the limits that differ from the defaults. */
  readonly limits?: Partial<Limits>;
  readonly denial?: Config["denial"];
  readonly disclose?: Config["disclose"];
  readonly annotate?: boolean;
  /** `off` if absent, so that what nobody changed passes byte for byte. */
  readonly padding?: PaddingScheme;
  /** No jitter if absent. */
  readonly jitterMaxMs?: number;
  readonly guards?: readonly string[];
  /** Every host if absent. */
  readonly allowedHosts?: readonly string[];
  /** What differs from the defaults, under which personal data is not masked. */
  readonly pii?: Partial<Config["pii"]>;
  /** Folders of servers, by server and by the root's name; with them, paths are concealed. */
  readonly roots?: { readonly [server: string]: { readonly [name: string]: string } };
  readonly aliases?: Partial<Config["aliases"]>;
  readonly schema?: Partial<Config["schema"]>;
  readonly sessions?: Partial<Config["sessions"]>;
  /** Of the servers that have `roots`. */
  readonly tools?: { readonly [glob: string]: Partial<ToolLimits> };
  readonly ownPaths?: readonly string[];
  /** The tools as they were reviewed, and what follows from it. */
  readonly inventory?: { readonly tools: Inventory; readonly mode: InventoryMode };
  /** Guards that run after the real ones: to find what a test wants found, or to throw. */
  readonly moreGuards?: readonly Guard[];
  /** Whatever else of the configuration differs from the defaults. */
  readonly config?: Partial<Config>;
  readonly authTelemetry?: AuthTelemetry;
  /** Changes any part of the pipeline: another engine, no policy, a sink that refuses, a clock. */
  readonly dependencies?: (real: Dependencies) => Dependencies;
  /** Stands around the real firewall, or in its place: to throw, to hang, to spy. */
  readonly firewall?: (real: Firewall) => Firewall;
  /** Stands between Envoy and the real handler: to end, to destroy, to replay. */
  readonly wrapProcess?: NonNullable<GrpcServerOptions["wrapProcess"]>;
  /** A fixed port, to come back where a service was before; any free one if absent. */
  readonly port?: number;
  readonly ready?: () => boolean;
  /** What differs from the defaults, under which nobody is asked who they are. */
  readonly authentication?: Partial<Config["authentication"]>;
  /** Nobody's word before Envoy counts if absent. */
  readonly trust?: Config["trust"];
  /** In the clear if absent. */
  readonly tls?: NonNullable<GrpcServerOptions["tls"]>;
  /** A Unix socket in place of a port. */
  readonly socket?: string;
}

/** A complaint of the adapter: a bug, or a proxy that breaks the protocol. */
export interface Fault {
  readonly code: string;
  readonly error: unknown;
}

/** The service as `impedance serve` runs it, in the test's own process. */
export interface TestService extends AsyncDisposable {
  /** Give it to `startGateway({ service })`. */
  readonly port: number;
  readonly grpc: GrpcServer;
  readonly policy: PolicyInForce;
  /** Every decision on record, in order. */
  readonly decisions: readonly DecisionEvent[];
  /** The account of who came, in order. */
  readonly happened: readonly AuthRecord[];
  /** None of a healthy exchange: end a test with `expect(service.faults).toEqual([])`. */
  readonly faults: readonly Fault[];
  /** Waits for the first decision for which `matches` holds; any at all if absent. */
  decision(matches?: (event: DecisionEvent) => boolean): Promise<DecisionEvent>;
  /** Waits until every exchange has been given back. */
  idle(): Promise<void>;
  /** Forgets decisions and faults so far, for a service that several tests share. */
  clear(): void;
  /** Ends every connection at once, as a crash would, and frees the port. */
  stop(): Promise<void>;
}

/**
 * Starts the real service on a free port of the loopback interface: real guards, the real policy
 * bundle (`dist/policy/bundle.tar.gz`, made by `npm run setup`), the real pipeline and adapter.
 * Only the decision log is a list in memory, and whatever the options replace.
 *
 *     await using service = await startTestService({ policy, limits: { sseHeartbeatMs: 50 } });
 *     await using gateway = await startGateway({ upstreams, service });
 */
export async function startTestService(options: TestServiceOptions = {}): Promise<TestService> {
  const config = configOf(options);
  const policy = await policyOf(config, options.policy);
  const decisions: DecisionEvent[] = [];
  const faults: Fault[] = [];
  const happened: AuthRecord[] = [];
  const real = testDependencies(config, policy, options, { decisions, happened });
  const firewall = createFirewall(options.dependencies?.(real) ?? real);
  const grpc = await startGrpcServer({
    firewall: options.firewall?.(firewall) ?? firewall,
    limits: config.limits,
    address: options.socket ? `unix:${options.socket}` : `127.0.0.1:${options.port ?? 0}`,
    tls: options.tls ?? null,
    trust: config.trust,
    ready: options.ready ?? (() => true),
    onFault: (code, error) => faults.push({ code, error }),
    ...(options.wrapProcess ? { wrapProcess: options.wrapProcess } : {}),
  });
  const stop = async (): Promise<void> => grpc.close();
  return {
    port: grpc.port,
    grpc,
    policy,
    decisions,
    happened,
    faults,
    decision: (matches = () => true) =>
      waitFor("a decision on record", () => decisions.find(matches)),
    idle: async () => {
      await waitFor("no exchange to be open", () => grpc.openStreams === 0);
    },
    clear: () => {
      decisions.length = 0;
      happened.length = 0;
      faults.length = 0;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * A firewall whose exchanges are the real ones but for the methods that `changes` gives:
 *
 *     firewall: (real) => interpose(real, (exchange) => ({
 *       request: async (body) => { await gate; return exchange.request(body); },
 *     }))
 */
export function interpose(
  real: Firewall,
  changes: (exchange: Exchange) => Partial<Exchange>,
): Firewall {
  return {
    open: (head) => {
      const exchange = real.open(head);
      return around(exchange, changes(exchange));
    },
  };
}

function configOf(options: TestServiceOptions): Config {
  const loaded = defaultConfig({});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { value } = loaded;
  return {
    ...value,
    denial: options.denial ?? value.denial,
    disclose: options.disclose ?? value.disclose,
    annotate: options.annotate ?? false,
    padding: { scheme: options.padding ?? { kind: "off" }, jitterMaxMs: options.jitterMaxMs ?? 0 },
    guards: options.guards ?? value.guards,
    allowedHosts: options.allowedHosts ?? value.allowedHosts,
    pii: { ...value.pii, ...options.pii },
    servers: serversOf(options),
    authentication: { ...value.authentication, ...options.authentication },
    trust: options.trust ?? value.trust,
    inventory: { file: null, mode: options.inventory?.mode ?? "observe" },
    aliases: { ...value.aliases, ...options.aliases },
    schema: { ...value.schema, ...options.schema },
    sessions: { ...value.sessions, ...options.sessions },
    ownPaths: options.ownPaths ?? value.ownPaths,
    limits: { ...value.limits, ...options.limits },
    ...options.config,
  };
}

function serversOf(options: TestServiceOptions): Config["servers"] {
  const { roots = {}, tools = {}, inventory } = options;
  const { responseHeadDeadlineMs } = DEFAULT_LIMITS;
  const none = { argumentsMaxBytes: null, resultMaxBytes: null, timeoutMs: null };
  const servers = Object.entries(roots).map(([id, folders]): [string, ServerConfig] => [
    id,
    {
      id,
      url: "http://127.0.0.1:1/mcp",
      path: "/mcp",
      protocol: "http1",
      caFile: null,
      roots: new Map(Object.entries(folders)),
      denial: "jsonrpc",
      padding: { scheme: { kind: "off" }, jitterMaxMs: 0 },
      responseHeadDeadlineMs,
      tools: new Map(Object.entries(tools).map(([glob, limits]) => [glob, { ...none, ...limits }])),
      inventoryMode: inventory?.mode ?? "observe",
      forwardCredentials: null,
      upstreamCredentials: null,
    },
  ]);
  return new Map(servers);
}

/** A policy comes from a file, as in `impedance serve`; it is read once. */
async function policyOf(config: Config, text: string | null = ALLOW_TOOLS): Promise<PolicyInForce> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-policy-"));
  try {
    const file = text === null ? null : join(folder, "policy.yaml");
    if (file !== null && text !== null) await writeFile(file, text);
    const loaded = await loadPolicy({ ...config, policy: { ...config.policy, file } }, systemClock);
    if (!loaded.ok) throw new Error(loaded.error.join("\n"));
    return loaded.value;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The wiring of `src/server/service.ts`, with a log in memory and silent telemetry. */
function testDependencies(
  config: Config,
  policy: PolicyInForce,
  { moreGuards = [], inventory, authTelemetry }: TestServiceOptions,
  { decisions, happened }: { decisions: DecisionEvent[]; happened: AuthRecord[] },
): Dependencies {
  const guards = createGuards(config.guards, {
    limits: config.limits,
    pii: config.pii,
    redact: policy.redact,
    descriptions: config.descriptions,
    marks: config.marks,
    attacks: config.attacks,
    detect: policy.detect,
    exemptions: config.guardExemptions,
    plugins: [],
  });
  if (!guards.ok) throw new Error(guards.error);
  const inspector = inspectorOf(config, [...guards.value, ...moreGuards], systemClock);
  const inForce = { policy, inspector };
  return dependenciesOf(config, {
    inForce: () => inForce,
    inventory: inventory?.tools ?? null,
    clock: systemClock,
    telemetry: silentTelemetry,
    ...(authTelemetry === undefined ? {} : { authTelemetry }),
    auth: (subject) =>
      createAuthLog({
        clock: systemClock,
        labels: {},
        subject,
        write: (record) => {
          checkRecord(record);
          happened.push(record);
          return true;
        },
      }),
    audit: {
      record: (event) => {
        checkEvent(event);
        decisions.push(event);
        return true;
      },
      omit: () => true,
    },
  });
}
