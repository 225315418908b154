import type { EventBuilder } from "../audit/event.ts";
import type { Approvals } from "../core/approvals.ts";
import type { AuthLog } from "../core/auth-log.ts";
import type { Gatekeeper, IdentityPort, UpstreamCredentials } from "../core/identity.ts";
import type { Limits } from "../core/limits.ts";
import type { NameResolver } from "../core/names.ts";
import type { PaddingScheme } from "../core/padding.ts";
import type {
  AuditSink,
  Catalogue,
  Clock,
  FailureBrake,
  FlowMemory,
  Identifiers,
  Jitter,
  PolicyEngine,
  SchemaJudge,
  Telemetry,
  ToolPins,
} from "../core/ports.ts";
import type { RateLimit } from "../core/rate-limit.ts";
import type { SessionBook } from "../core/session.ts";
import type { SharedState } from "../core/shared.ts";
import type { SchemaMode, ToolLimits } from "../core/tool-limits.ts";
import type { DenialStyle, Disclosure } from "../decision/denial.ts";
import type { Inspector } from "../guard/inspect.ts";
import type { PathGuard } from "../guard/paths/path-guard.ts";
import type { InputBuilder } from "../policy/input.ts";
import type { Doorkeeper } from "./doorkeeper.ts";
import type { RateGate } from "./limiting.ts";
import type { Sights } from "./sights.ts";

/** All that the pipeline is made of. The wiring is in `server/`. */
export interface Dependencies {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly jitter: Jitter;
  readonly identity: IdentityPort;
  readonly gatekeeper: Gatekeeper;
  readonly upstream: UpstreamCredentials;
  /** Null where nobody counts failures. */
  readonly failures: FailureBrake | null;
  /** Null where nobody counts calls. */
  readonly rates: RateGate | null;
  readonly inspector: Inspector;
  /** Null where DNS is not asked. */
  readonly names: NameResolver | null;
  readonly paths: PathGuard;
  readonly catalogue: Catalogue;
  readonly pins: ToolPins;
  readonly sights: Sights;
  readonly doorkeeper: Doorkeeper;
  readonly schemas: SchemaJudge;
  /** Null where nobody asks where values come from. */
  readonly flow: FlowMemory | null;
  /** Null where nobody can be asked; absent likewise. */
  readonly approvals?: Approvals | null;
  /** Null where all of it is in this process; absent likewise. */
  readonly shared?: SharedState | null;
  /** The policy in force; null while none could be loaded, which denies everything. */
  readonly policy: () => LoadedPolicy | null;
  readonly sessions: SessionBook;
  /** The account of who came. */
  readonly auth: AuthLog;
  readonly events: EventBuilder;
  readonly audit: AuditSink;
  readonly telemetry: Telemetry;
  readonly settings: (server: string) => ServerSettings;
}

/** An engine and the builder of its input: they change together. */
export interface LoadedPolicy {
  readonly engine: PolicyEngine;
  readonly input: InputBuilder;
  /** Nobody wrote a policy: only the handshake, discovery and listing pass. */
  readonly isBuiltIn: boolean;
  /** A call whose arguments its tool does not declare, or that nobody can tell of, is denied. */
  readonly rejectsUnknownArguments: boolean;
  /** It may have any text of an answer concealed, also where a server's paths are shown. */
  readonly asksForAliases: boolean;
  /** It has rules about where values come from. */
  readonly asksForFlow: boolean;
  /** How much it lets its callers send. */
  readonly rateLimits: readonly RateLimit[];
}

/** What may differ from one MCP server to the next. */
export interface ServerSettings {
  readonly denial: DenialStyle;
  readonly disclose: Disclosure;
  /** Put a note into the `_meta` of results. */
  readonly annotate: boolean;
  /** Of what goes on, both ways, and of our own answers. */
  readonly padding: PaddingScheme;
  /** Answers wait a random while, at most so long; 0 for not at all. */
  readonly jitterMaxMs: number;
  readonly responseHeadDeadlineMs: number;
  /** Listings hold what the policy lets the caller use, and nothing else. */
  readonly filterLists: boolean;
  /** What is not in the caller's listing is answered as if it did not exist. */
  readonly hideNames: boolean;
  /** What is done about values that do not fit their tool's schemas. */
  readonly schema: { readonly arguments: SchemaMode; readonly results: SchemaMode };
  readonly toolLimits: (tool: string) => ToolLimits;
}
