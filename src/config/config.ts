import type { Address, Endpoint } from "../core/address.ts";
import type { AttacksConfig } from "../core/attacks.ts";
import type { AuthenticationSettings, UpstreamCredentialSettings } from "../core/authentication.ts";
import type { DescriptionsConfig } from "../core/descriptions.ts";
import type { AllowEntry } from "../core/finding.ts";
import type { InventoryMode } from "../core/inventory.ts";
import type { Limits } from "../core/limits.ts";
import type { Direction } from "../core/message.ts";
import type { ResolverSettings } from "../core/names.ts";
import type { PaddingScheme } from "../core/padding.ts";
import type { PiiConfig } from "../core/pii.ts";
import type { IntegritySettings, PostureSettings } from "../core/posture-settings.ts";
import type { RateLimit } from "../core/rate-limit.ts";
import type { SessionSettings } from "../core/session.ts";
import type { OnFailure, SharedKind } from "../core/shared.ts";
import type { SchemaMode, ToolLimits } from "../core/tool-limits.ts";
import type { Trust } from "../core/trust.ts";

/** What `impedance.yaml` says, complete and checked: nothing of it can fail to be understood. */
export interface Config {
  /** Where `impedance up` lets Envoy listen. */
  readonly listen: Address;
  /** Where Envoy reaches the filter. */
  readonly grpc: Endpoint;
  /** Null: whoever reaches the port can use it. */
  readonly grpcTls: GrpcTlsConfig | null;
  /** Health and metrics. */
  readonly admin: Address;
  /** Null: plain HTTP. */
  readonly adminTls: CertificateConfig | null;
  readonly adminAccess: AdminAccessConfig;
  readonly trust: Trust;
  /** Who shows the token speaks for the operator; without one nobody can be asked. */
  readonly approvals: { readonly token: Secret | null };
  /** By id, in the order of the file; the id is the name of the proxy's route. */
  readonly servers: ReadonlyMap<string, ServerConfig>;
  readonly authentication: AuthenticationSettings;
  readonly policy: PolicyConfig;
  readonly inventory: InventoryConfig;
  /** Names, in the order in which they run. */
  readonly guards: readonly string[];
  readonly pii: PiiConfig;
  readonly descriptions: DescriptionsConfig;
  readonly marks: { readonly writingTools: readonly string[] };
  readonly attacks: AttacksConfig;
  /** Null where DNS is not asked what the names in arguments stand for. */
  readonly resolver: ResolverSettings | null;
  readonly guardExemptions: readonly GuardExemptionConfig[];
  /** False alarms. An entry with a `value` comes with an `audit.subjectKey` only. */
  readonly allow: readonly AllowEntry[];
  readonly plugins: readonly PluginConfig[];
  readonly aliases: AliasesConfig;
  /** What is done about values that do not fit the schemas of their tool. */
  readonly schema: { readonly arguments: SchemaMode; readonly results: SchemaMode };
  /** Whether it is remembered which server a value came from (`input.flow`). */
  readonly flow: "auto" | "on" | "off";
  /** The files this configuration is made of, or writes: absolute paths. */
  readonly ownPaths: readonly string[];
  /** Globs over the hosts that clients may address; null for any. */
  readonly allowedHosts: readonly string[] | null;
  /** Globs over the origins whose pages may call. */
  readonly allowedOrigins: readonly string[];
  readonly discovery: DiscoveryConfig;
  readonly sessions: SessionSettings;
  readonly denial: DenialShape;
  readonly disclose: Disclosure;
  readonly annotate: boolean;
  readonly padding: PaddingConfig;
  readonly limits: Limits;
  readonly rateLimits: readonly RateLimit[];
  /** Of one address; with a `max` of 0 nobody counts. */
  readonly authenticationFailures: { readonly max: number; readonly seconds: number };
  /** Where counts of all replicas are; null: each process counts for itself. */
  readonly redis: RedisConfig | null;
  readonly posture: PostureSettings;
  readonly integrity: IntegritySettings;
  readonly audit: AuditConfig;
  /** To whom telemetry is sent; null: to nobody. */
  readonly otlp: OtlpConfig | null;
  readonly log: { readonly level: LogLevel };
  readonly drainDeadlineMs: number;
  readonly workers: WorkersConfig;
}

export interface WorkersConfig {
  /** Null: as many as there are cores, where what is configured lets it be more than one. */
  readonly count: number | null;
  /** The longest that a worker may run without a sign of life. */
  readonly hangDeadlineMs: number;
}

/** A certificate of our own. Paths are absolute. */
export interface CertificateConfig {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly pollIntervalMs: number;
}

export interface GrpcTlsConfig extends CertificateConfig {
  readonly clientCaFile: string;
  /** Globs over URIs and DNS names; at least one. */
  readonly allowedIdentities: readonly string[];
}

export interface AdminAccessConfig {
  readonly token: Secret | null;
  readonly metrics: "token" | "open";
  /** Globs. */
  readonly allowedHosts: readonly string[];
}

export interface ServerConfig {
  readonly id: string;
  /** http or https, without credentials, query and fragment. */
  readonly url: string;
  /** The path that clients call. */
  readonly path: string;
  readonly protocol: "http1" | "http2";
  readonly caFile: string | null;
  /** Normalised absolute paths on the server's machine, by name. */
  readonly roots: ReadonlyMap<string, string>;
  /** The server's own, or that of the whole configuration. */
  readonly denial: DenialShape;
  /** Setting by setting the server's own, or that of the whole configuration. */
  readonly padding: PaddingConfig;
  /** The server's own, or that of the limits. */
  readonly responseHeadDeadlineMs: number;
  /** By glob over tool names, in the order of the file. */
  readonly tools: ReadonlyMap<string, ToolLimits>;
  /** The server's own, or that of the whole configuration. */
  readonly inventoryMode: InventoryMode;
  /** Headers of the caller that go on; null: none where callers authenticate here, else both. */
  readonly forwardCredentials: readonly CallerHeader[] | null;
  /** What the server is shown of ours; null for nothing. */
  readonly upstreamCredentials: UpstreamCredentialSettings | null;
}

/** Where callers' credentials are. */
export type CallerHeader = "authorization" | "cookie";

export interface AliasesConfig {
  /** `roots`: at the servers that have roots. */
  readonly mode: "roots" | "on" | "off";
  /** Without one, aliases hold for one run. */
  readonly key: Secret | null;
  readonly store: "memory" | "sealed" | "redis";
  readonly keepExtension: boolean;
  readonly publicPaths: readonly string[];
  /** By tool; `*` is any other. */
  readonly contents: ReadonlyMap<string, "alias" | "report" | "off">;
}

export interface PaddingConfig {
  readonly scheme: PaddingScheme;
  /** The longest that an answer may be kept back, by chance; 0 for not at all. */
  readonly jitterMaxMs: number;
}

/** Where a guard does not look; what is null is every one. */
export interface GuardExemptionConfig {
  readonly guard: string;
  readonly server: string | null;
  /** A glob over tool names. */
  readonly tool: string | null;
  readonly direction: Direction | null;
}

export interface DiscoveryConfig {
  /** Listings hold what the policy lets their caller use, and nothing else. */
  readonly filter: boolean;
  /** A name that is not in its caller's listing is answered as one that does not exist. */
  readonly hideNames: boolean;
}

export interface PluginConfig {
  /** Absolute path. */
  readonly module: string;
  readonly options: unknown;
}

export interface PolicyConfig {
  /** A portable policy. */
  readonly file: string | null;
  /** An OPA bundle: an absolute path, or an http or https address. */
  readonly bundle: string | null;
  /** For `Authorization: Bearer …` where the bundle is at an address. */
  readonly bundleToken: Secret | null;
  /** The bundle must be signed by this key; null where it need not be. */
  readonly verification: { readonly key: Secret; readonly algorithm: SignatureAlgorithm } | null;
  /** How often it is looked whether a file, or what is at the address, is another. */
  readonly pollIntervalMs: number;
}

export interface InventoryConfig {
  /** Absolute path. Set wherever a mode is `enforce`. */
  readonly file: string | null;
  readonly mode: InventoryMode;
}

export interface RedisConfig {
  readonly address: RedisAddress;
  readonly username: string | null;
  readonly password: Secret | null;
  /** Absolute path; null: the authorities that Node knows. */
  readonly caFile: string | null;
  readonly keyPrefix: string;
  readonly commandDeadlineMs: number;
  /** What is kept there. */
  readonly share: ReadonlySet<SharedKind>;
  readonly onFailure: { readonly [kind in SharedKind]: OnFailure };
  /** What is kept is encrypted with it; set wherever more than limits is shared. */
  readonly key: Secret | null;
  readonly aliasTtlMs: number;
}

export type RedisAddress =
  | (Address & { readonly kind: "tcp"; readonly tls: boolean; readonly database: number })
  | { readonly kind: "unix"; readonly path: string };

export interface AuditConfig {
  readonly sink: "stdout" | "stderr" | "file";
  /** Set exactly when the sink is `file`. */
  readonly file: string | null;
  /** Absolute path of its last checkpoint's copy; null: beside `file`. */
  readonly headFile: string | null;
  readonly queueMaxEvents: number;
  /** Where to write when `file` cannot be, in this order. */
  readonly fallbackFiles: readonly string[];
  /** Signs the checkpoints; null: nobody vouches for them. */
  readonly signingKey: Secret | null;
  /** An analyst's public key: arguments are kept, and only they can read them. */
  readonly analystKey: Secret | null;
  /** A message passes once the disk has its decision. */
  readonly sync: boolean;
  readonly checkpointEvents: number;
  readonly checkpointMs: number;
  /** Bounds of one file, and of those that are kept; null is without. */
  readonly rotation: {
    readonly fileMaxBytes: number;
    readonly fileMaxAgeMs: number;
    readonly keepFiles: number | null;
    readonly keepMs: number | null;
  };
  readonly healthIntervalMs: number;
  /**
   * Key of the subjects' pseudonyms, which without one are comparable within one run only; and of
   * the hashes of what was found, which without one are not made.
   */
  readonly subjectKey: Secret | null;
  /** Where else its lines go. Names differ. */
  readonly ship: readonly ShipConfig[];
}

/** A collector of OpenTelemetry's. */
export interface OtlpConfig {
  readonly tracesUrl: string;
  readonly metricsUrl: string;
  readonly token: Secret | null;
  /** Absolute path; null: the authorities that Node knows. */
  readonly caFile: string | null;
  /** Absolute path, and the key that belongs to it. */
  readonly certificate: { readonly file: string; readonly key: Secret } | null;
  readonly traces: boolean;
  /** From 0 to 1. */
  readonly rootShare: number;
  readonly metrics: boolean;
  readonly metricsIntervalMs: number;
  readonly batchMaxMs: number;
  readonly bufferMaxExchanges: number;
  readonly deadlineMs: number;
}

/** Somewhere outside to which the lines of the decision log are sent. */
export interface ShipConfig {
  /** Its name in metrics and in the service's log. */
  readonly name: string;
  readonly receiver: ShipReceiver;
  /** Absolute path; null: the authorities that Node knows. */
  readonly caFile: string | null;
  /** Absolute path, and the key that belongs to it. */
  readonly certificate: { readonly file: string; readonly key: Secret } | null;
  /** Not ready while it cannot be reached. */
  readonly required: boolean;
  /** What happens when the buffer is full: lines are left out, or messages are denied. */
  readonly onFull: "drop" | "deny";
  readonly batchMaxEvents: number;
  readonly batchMaxBytes: number;
  readonly batchMaxMs: number;
  readonly bufferMaxEvents: number;
  readonly bufferMaxBytes: number;
  readonly deadlineMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

export type ShipReceiver =
  | {
      readonly kind: "otlp" | "http";
      /** With the path to which is sent. */
      readonly url: string;
      readonly token: Secret | null;
      /** Of `http`. */
      readonly includesLine: boolean;
    }
  | {
      readonly kind: "syslog";
      readonly host: string;
      readonly port: number;
      readonly tls: boolean;
      readonly facility: SyslogFacility;
      readonly severity: SyslogSeverity;
      readonly appName: string;
      readonly enterprise: number;
    };

export type SyslogFacility =
  | ("user" | "daemon" | "auth" | "authpriv" | "audit")
  | `local${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`;
export type SyslogSeverity =
  | ("alert" | "critical" | "error" | "warning")
  | ("notice" | "informational" | "debug");

/** A secret and where it came from. Printed or serialised, it shows the reference alone. */
export interface Secret {
  readonly reference: string;
  reveal(): Uint8Array;
}

/** RFC 7518 section 3.1 */
export type SignatureAlgorithm = `${"RS" | "PS" | "ES"}${256 | 384 | 512}`;
export type DenialShape = "jsonrpc" | "http" | "tool";
export type Disclosure = "full" | "code" | "none";
export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal";

/** The process environment, or a test's. */
export interface Environment {
  readonly [variable: string]: string | undefined;
}
