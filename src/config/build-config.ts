import { resolve } from "node:path";
import { type Address, decodeAddress, decodeEndpoint, type Endpoint } from "../core/address.ts";
import type { AllowEntry } from "../core/finding.ts";
import type { InventoryMode } from "../core/inventory.ts";
import type { Limits } from "../core/limits.ts";
import type { SchemaMode } from "../core/tool-limits.ts";
import {
  authenticationFiles,
  buildAuthentication,
  type RawAuthentication,
} from "./authentication.ts";
import type {
  AliasesConfig,
  AuditConfig,
  CallerHeader,
  Config,
  DenialShape,
  Disclosure,
  LogLevel,
  PolicyConfig,
  Secret,
  ServerConfig,
  SignatureAlgorithm,
} from "./config.ts";
import {
  buildAttacks,
  buildDescriptions,
  buildExemption,
  buildPii,
  buildResolver,
  type RawAttacks,
  type RawDescriptions,
  type RawExemption,
  type RawPii,
} from "./guard-settings.ts";
import { listeningPath, normaliseRoot } from "./meaning.ts";
import { buildPadding, type RawPadding } from "./padding.ts";
import {
  buildIntegrity,
  buildPosture,
  postureFiles,
  type RawIntegrity,
  type RawPosture,
} from "./posture.ts";
import { buildRateLimit, type RawRateLimit } from "./rate-limits.ts";
import { buildRedis, type RawRedis } from "./redis.ts";
import { buildSessions, type RawSessions } from "./sessions.ts";
import { buildShipping, type RawShip, type ShipSecrets } from "./shipping.ts";
import { buildOtlp, type RawOtlp } from "./telemetry.ts";
import {
  buildAdminAccess,
  buildCertificate,
  buildGrpcTls,
  buildTrust,
  type RawAdminAccess,
  type RawCertificate,
  type RawGrpcTls,
  type RawTrust,
  transportFiles,
} from "./transport.ts";
import {
  buildUpstreamCredentials,
  type RawUpstreamCredentials,
  type UpstreamSecrets,
} from "./upstream-secrets.ts";

/** The document once `schemas/config.json` has found its shape right and filled in defaults. */
export interface RawConfig {
  readonly listen: string;
  readonly grpc: string;
  readonly admin: string;
  readonly grpc_tls?: RawGrpcTls;
  readonly admin_tls?: RawCertificate;
  readonly admin_access: RawAdminAccess;
  readonly trust: RawTrust;
  readonly servers: { readonly [id: string]: RawServer };
  readonly authentication: RawAuthentication;
  readonly policy: {
    readonly file?: string;
    readonly bundle?: string;
    readonly verification_alg: SignatureAlgorithm;
    readonly poll_interval_ms: number;
  };
  readonly inventory: { readonly file?: string; readonly mode: InventoryMode };
  readonly guards: readonly string[];
  readonly pii: RawPii;
  readonly descriptions: RawDescriptions;
  readonly marks: { readonly writing_tools: readonly string[] };
  readonly attacks: RawAttacks;
  readonly guard_exemptions: readonly RawExemption[];
  readonly allow: readonly AllowEntry[];
  readonly plugins: readonly { readonly module: string; readonly options?: unknown }[];
  readonly aliases: {
    readonly mode: AliasesConfig["mode"];
    readonly key?: string;
    readonly store: AliasesConfig["store"];
    readonly keep_extension: "on" | "off";
    readonly public_paths: readonly string[];
    readonly contents: { readonly [tool: string]: "alias" | "report" | "off" };
  };
  readonly allowed_hosts?: readonly string[];
  readonly allowed_origins: readonly string[];
  readonly discovery: { readonly filter: "on" | "off"; readonly hide_names: "on" | "off" };
  readonly sessions: RawSessions;
  readonly schema: { readonly arguments: SchemaMode; readonly results: SchemaMode };
  readonly flow: Config["flow"];
  readonly denial: DenialShape;
  readonly disclose: Disclosure;
  readonly annotate: "on" | "off";
  readonly padding: RawPadding;
  readonly limits: { readonly [limit: string]: number };
  readonly rate_limits: readonly RawRateLimit[];
  readonly authentication_failures: Config["authenticationFailures"];
  readonly state: { readonly redis?: RawRedis };
  readonly posture: RawPosture;
  readonly integrity: RawIntegrity;
  readonly audit: {
    readonly sink: AuditConfig["sink"];
    readonly file?: string;
    readonly head_file?: string;
    readonly queue_max_events: number;
    readonly fallback_files: readonly string[];
    readonly sync: "on" | "off";
    readonly checkpoint_events: number;
    readonly checkpoint_ms: number;
    readonly file_max_bytes: number;
    readonly file_max_age_s: number;
    readonly keep_files?: number;
    readonly keep_days?: number;
    readonly health_interval_ms: number;
    readonly ship: readonly RawShip[];
  };
  readonly telemetry: { readonly otlp?: RawOtlp };
  readonly log: { readonly level: LogLevel };
  readonly drain_deadline_ms: number;
  readonly workers: { readonly count?: number; readonly hang_deadline_ms: number };
}

interface RawServer {
  readonly url: string;
  readonly path?: string;
  readonly protocol: ServerConfig["protocol"];
  readonly ca_file?: string;
  readonly roots: { readonly [name: string]: string };
  readonly denial?: DenialShape;
  readonly padding?: Partial<RawPadding>;
  readonly response_head_deadline_ms?: number;
  readonly inventory_mode?: InventoryMode;
  readonly forward_credentials?: readonly CallerHeader[];
  readonly upstream_credentials?: RawUpstreamCredentials;
  readonly tools: { readonly [glob: string]: RawToolLimits };
}

interface RawToolLimits {
  readonly arguments_max_bytes?: number;
  readonly result_max_bytes?: number;
  readonly timeout_ms?: number;
}

/** What the file refers to: where it stands, and the secrets its references lead to. */
export interface Surroundings {
  readonly file: string;
  readonly folder: string;
  readonly secrets: Secrets;
  /** Of the entries of `audit.ship`, in their order. */
  readonly shipSecrets: readonly ShipSecrets[];
  /** Of `telemetry.otlp`. */
  readonly otlpSecrets: ShipSecrets;
  readonly upstreamSecrets: UpstreamSecrets;
}

/** Null where the file has no reference. */
export interface Secrets {
  readonly subjectKey: Secret | null;
  readonly aliasKey: Secret | null;
  readonly signingKey: Secret | null;
  readonly analystKey: Secret | null;
  readonly bundleToken: Secret | null;
  readonly verificationKey: Secret | null;
  readonly adminToken: Secret | null;
  readonly approvalToken: Secret | null;
  readonly redisPassword: Secret | null;
  readonly stateKey: Secret | null;
}

/** From the file's words to ours; `raw` has passed every check, so nothing can go wrong here. */
export function buildConfig(raw: RawConfig, surroundings: Surroundings): Config {
  const { folder, secrets } = surroundings;
  const inFolder = (path: string | undefined): string | null =>
    path === undefined ? null : resolve(folder, path);
  const limits = buildLimits(raw.limits);
  const servers = Object.entries(raw.servers).map(
    ([id, server]) => [id, buildServer(id, server, raw, limits, surroundings)] as const,
  );

  return {
    listen: addressOf(raw.listen),
    grpc: endpointOf(raw.grpc, folder),
    grpcTls: buildGrpcTls(raw.grpc_tls, folder),
    admin: addressOf(raw.admin),
    adminTls: buildCertificate(raw.admin_tls, folder),
    adminAccess: buildAdminAccess(raw.admin_access, secrets.adminToken),
    trust: buildTrust(raw.trust),
    approvals: { token: secrets.approvalToken },
    servers: new Map(servers),
    authentication: buildAuthentication(raw.authentication, folder),
    policy: {
      file: inFolder(raw.policy.file),
      bundle: isUrl(raw.policy.bundle) ? raw.policy.bundle : inFolder(raw.policy.bundle),
      bundleToken: secrets.bundleToken,
      verification: verificationOf(secrets.verificationKey, raw.policy.verification_alg),
      pollIntervalMs: raw.policy.poll_interval_ms,
    },
    inventory: { file: inFolder(raw.inventory.file), mode: raw.inventory.mode },
    guards: raw.guards,
    pii: buildPii(raw.pii),
    descriptions: buildDescriptions(raw.descriptions),
    marks: { writingTools: raw.marks.writing_tools },
    attacks: buildAttacks(raw.attacks),
    resolver: buildResolver(raw.attacks),
    guardExemptions: raw.guard_exemptions.map(buildExemption),
    allow: raw.allow,
    plugins: raw.plugins.map(({ module, options }) => ({
      module: resolve(folder, module),
      options: options ?? null,
    })),
    flow: raw.flow,
    aliases: buildAliases(raw.aliases, secrets.aliasKey),
    schema: raw.schema,
    ownPaths: ownPaths(raw, surroundings),
    allowedHosts: raw.allowed_hosts ?? null,
    allowedOrigins: raw.allowed_origins,
    discovery: {
      filter: raw.discovery.filter === "on",
      hideNames: raw.discovery.hide_names === "on",
    },
    sessions: buildSessions(raw.sessions),
    denial: raw.denial,
    disclose: raw.disclose,
    annotate: raw.annotate === "on",
    padding: buildPadding(raw.padding),
    limits,
    rateLimits: raw.rate_limits.map(buildRateLimit),
    authenticationFailures: raw.authentication_failures,
    redis: buildRedis(raw.state.redis, raw.aliases.store, secrets, folder),
    posture: buildPosture(raw.posture, folder),
    integrity: buildIntegrity(raw.integrity, folder),
    audit: buildAudit(raw.audit, surroundings),
    otlp: buildOtlp(raw.telemetry.otlp, surroundings.otlpSecrets, folder),
    log: { level: raw.log.level },
    drainDeadlineMs: raw.drain_deadline_ms,
    workers: { count: raw.workers.count ?? null, hangDeadlineMs: raw.workers.hang_deadline_ms },
  };
}

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

function buildAudit(raw: RawConfig["audit"], surroundings: Surroundings): AuditConfig {
  const { folder, secrets, shipSecrets } = surroundings;
  return {
    sink: raw.sink,
    file: raw.file === undefined ? null : resolve(folder, raw.file),
    headFile: raw.head_file === undefined ? null : resolve(folder, raw.head_file),
    queueMaxEvents: raw.queue_max_events,
    fallbackFiles: raw.fallback_files.map((file) => resolve(folder, file)),
    subjectKey: secrets.subjectKey,
    signingKey: secrets.signingKey,
    analystKey: secrets.analystKey,
    sync: raw.sync === "on",
    checkpointEvents: raw.checkpoint_events,
    checkpointMs: raw.checkpoint_ms,
    rotation: {
      fileMaxBytes: raw.file_max_bytes,
      fileMaxAgeMs: raw.file_max_age_s * SECOND_MS,
      keepFiles: raw.keep_files ?? null,
      keepMs: raw.keep_days === undefined ? null : raw.keep_days * DAY_MS,
    },
    healthIntervalMs: raw.health_interval_ms,
    ship: buildShipping(raw.ship, shipSecrets, folder),
  };
}

function buildAliases(raw: RawConfig["aliases"], key: Secret | null): AliasesConfig {
  return {
    mode: raw.mode,
    key,
    store: raw.store,
    keepExtension: raw.keep_extension === "on",
    publicPaths: raw.public_paths,
    contents: new Map(Object.entries(raw.contents)),
  };
}

function ownPaths(raw: RawConfig, surroundings: Surroundings): string[] {
  const { file, folder, secrets, shipSecrets, upstreamSecrets } = surroundings;
  const shipKeys = [
    ...shipSecrets.flatMap(({ token, key }) => [token, key]),
    ...[surroundings.otlpSecrets.token, surroundings.otlpSecrets.key],
    ...upstreamSecrets.values(),
  ];
  const keyFiles = [...Object.values<Secret | null>({ ...secrets }), ...shipKeys].map((secret) => {
    return secret?.reference.startsWith("file:") ? secret.reference.slice(5) : undefined;
  });
  const modules = raw.plugins.map(({ module }) => module);
  const { policy, inventory, audit } = raw;
  const bundle = isUrl(policy.bundle) ? undefined : policy.bundle;
  const receivers = [...audit.ship, ...(raw.telemetry.otlp ? [raw.telemetry.otlp] : [])];
  const certificates = receivers.flatMap(({ ca_file, cert_file }) => [ca_file, cert_file]);
  const logs = [audit.file, audit.head_file, ...audit.fallback_files, ...certificates];
  const files = [file, policy.file, bundle, inventory.file, ...logs, ...transportFiles(raw)];
  const access = [...authenticationFiles(raw.authentication), ...postureFiles(raw.posture)];
  const paths = [...files, raw.state.redis?.ca_file, ...modules, ...keyFiles, ...access];
  return paths.filter((path) => path !== undefined).map((path) => resolve(folder, path));
}

function buildServer(
  id: string,
  raw: RawServer,
  { denial, padding, inventory }: Pick<RawConfig, "denial" | "padding" | "inventory">,
  limits: Limits,
  { folder, upstreamSecrets }: Surroundings,
): ServerConfig {
  const { upstream_credentials: own } = raw;
  const roots = Object.entries(raw.roots).map(
    ([name, folder]) => [name, normaliseRoot(folder)] as const,
  );
  return {
    id,
    url: new URL(raw.url).href,
    path: listeningPath(id, raw.path),
    protocol: raw.protocol,
    caFile: raw.ca_file === undefined ? null : resolve(folder, raw.ca_file),
    roots: new Map(roots),
    denial: raw.denial ?? denial,
    padding: buildPadding({ ...padding, ...raw.padding }),
    responseHeadDeadlineMs: raw.response_head_deadline_ms ?? limits.responseHeadDeadlineMs,
    tools: new Map(
      Object.entries(raw.tools).map(([glob, tool]) => [
        glob,
        {
          argumentsMaxBytes: tool.arguments_max_bytes ?? null,
          resultMaxBytes: tool.result_max_bytes ?? null,
          timeoutMs: tool.timeout_ms ?? null,
        },
      ]),
    ),
    inventoryMode: raw.inventory_mode ?? inventory.mode,
    forwardCredentials: raw.forward_credentials ?? null,
    upstreamCredentials:
      own === undefined ? null : buildUpstreamCredentials(own, upstreamSecrets.get(id), folder),
  };
}

function verificationOf(
  key: Secret | null,
  algorithm: SignatureAlgorithm,
): PolicyConfig["verification"] {
  return key === null ? null : { key, algorithm };
}

function isUrl(place: string | undefined): place is string {
  return /^https?:/.test(place ?? "");
}

/** `request_body_max_bytes` in the file is `requestBodyMaxBytes` in `Limits`. */
function buildLimits(raw: RawConfig["limits"]): Limits {
  const renamed = Object.entries(raw).map(([limit, value]) => [camelCase(limit), value]);
  // The schema has every field of `Limits` and no other, with a default each; a test holds it so.
  return Object.fromEntries(renamed) as Limits;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function addressOf(text: string): Address {
  const address = decodeAddress(text);
  if (address === null) throw new Error("an address was not checked");
  return address;
}

function endpointOf(text: string, folder: string): Endpoint {
  const endpoint = decodeEndpoint(text);
  if (endpoint === null) throw new Error("an endpoint was not checked");
  if (endpoint.kind === "unix") return { kind: "unix", path: resolve(folder, endpoint.path) };
  return endpoint;
}
