import { randomBytes } from "node:crypto";
import type { AnalystSeal } from "../audit/analyst.ts";
import { createEventBuilder } from "../audit/event.ts";
import { createCatalogue } from "../catalogue/memory.ts";
import { createPins } from "../catalogue/pins.ts";
import type { Config, ServerConfig } from "../config/config.ts";
import type { Approvals } from "../core/approvals.ts";
import type { AuthLog } from "../core/auth-log.ts";
import type { AuthTelemetry } from "../core/identity.ts";
import type { Inventory } from "../core/inventory.ts";
import type { NameResolver } from "../core/names.ts";
import type { AuditSink, Catalogue, Clock, RateStore, Telemetry, ToolPins } from "../core/ports.ts";
import type { Dependencies, LoadedPolicy, ServerSettings } from "../pipeline/dependencies.ts";
import { createDoorkeeper } from "../pipeline/doorkeeper.ts";
import { createSights } from "../pipeline/sights.ts";
import { createSchemaJudge } from "../schema/judge.ts";
import { createFlowMemory, FLOW_DEFAULTS } from "../state/flow-memory.ts";
import { createNameResolver } from "../state/name-resolver.ts";
import { createSessionBook } from "../state/sessions.ts";
import { BUCKETS_MAX, createTokenBuckets } from "../state/token-buckets.ts";
import { authenticationOf, SILENT } from "./authentication.ts";
import { packageVersion } from "./package-root.ts";
import { pathGuardOf } from "./paths.ts";
import { createRates, failureBrakeOf } from "./rates.ts";
import { withRefusedOnRecord } from "./refused-callers.ts";
import type { SharedStoresOf } from "./stores.ts";
import { randomIdentifiers, systemJitter } from "./system.ts";
import { NO_LIMITS, toolLimitsOf } from "./tool-limits.ts";

/** What a configuration names but does not hold. */
export interface Parts {
  /** What decides now: asked anew for each message, so that a reload leaves none half-judged. */
  readonly inForce: () => Pick<Dependencies, "inspector"> & { readonly policy: LoadedPolicy };
  /** Null where the configuration names none; absent likewise. Asked anew each time. */
  readonly inventory?: Inventory | null;
  readonly audit: AuditSink;
  /** Makes the account of who came; `subject` gives pseudonyms as decisions have them. */
  readonly auth: (subject: (id: string) => string) => AuthLog;
  readonly telemetry: Telemetry;
  /** Absent where nobody listens. */
  readonly authTelemetry?: AuthTelemetry;
  /** Hears why an issuer's keys could not be had. */
  readonly onKeysMissing?: (issuer: string, reason: string) => void;
  readonly clock: Clock;
  /** What people agree to; absent where nobody can be asked. */
  readonly approvals?: Approvals | null;
  /** Where limits are counted; absent: in this process. */
  readonly rateStore?: RateStore;
  /** What is kept for all replicas; absent: nothing. */
  readonly shared?: SharedStoresOf | null;
  /** Who may read arguments in the log; absent where nobody may. */
  readonly analyst?: AnalystSeal | null;
}

/** The pipeline's parts as a configuration wants them: the one place where they are put together. */
export function dependenciesOf(config: Config, parts: Parts): Dependencies {
  const { inForce, audit, telemetry, clock, shared = null } = parts;
  // FAIL CLOSED: without its inventory nothing could be enforced.
  if ((parts.inventory ?? null) === null && config.inventory.file !== null)
    throw new Error("no inventory");
  const catalogue = createCatalogue();
  const labels = { version: packageVersion() };
  const subjectKey = config.audit.subjectKey?.reveal() ?? randomBytes(32);
  const flow = createFlowMemory({ clock, ...FLOW_DEFAULTS });
  const events = createEventBuilder({ clock, labels, subjectKey, analyst: parts.analyst ?? null });
  const auth = parts.auth(events.subject);
  return {
    limits: config.limits,
    clock,
    identifiers: randomIdentifiers,
    jitter: systemJitter,
    ...authenticationOf(config, {
      clock,
      authTelemetry: withRefusedOnRecord({
        log: auth,
        clock,
        telemetry: parts.authTelemetry ?? SILENT,
      }),
      replays: shared?.replays ?? null,
      ...(parts.onKeysMissing === undefined ? {} : { onKeysMissing: parts.onKeysMissing }),
    }),
    failures: failuresOf(config, shared, clock),
    rates: createRates({
      config,
      policyLimits: () => inForce().policy.rateLimits,
      store: parts.rateStore ?? createTokenBuckets({ clock, keysMax: BUCKETS_MAX }),
      telemetry,
      auth,
      clock,
    }),
    get inspector() {
      return inForce().inspector;
    },
    names: namesOf(config, clock),
    paths: pathGuardOf(config, shared?.aliases),
    catalogue,
    pins: pinsOf(config, parts, catalogue),
    sights: createSights(),
    doorkeeper: createDoorkeeper({ hosts: config.allowedHosts, origins: config.allowedOrigins }),
    schemas: createSchemaJudge(),
    get flow() {
      const isAsked = config.flow === "on" || inForce().policy.asksForFlow;
      return isAsked && config.flow !== "off" ? flow : null;
    },
    approvals: parts.approvals ?? null,
    shared: shared?.state ?? null,
    policy: () => inForce().policy,
    events,
    sessions:
      shared?.sessions?.(auth) ?? createSessionBook({ clock, log: auth, ...config.sessions }),
    auth,
    audit,
    telemetry,
    settings: createSettings(config),
  };
}

function pinsOf(config: Config, parts: Parts, catalogue: Catalogue): ToolPins {
  return createPins({
    catalogue,
    get inventory() {
      return parts.inventory ?? null;
    },
    modeOf: (server) => config.servers.get(server)?.inventoryMode ?? config.inventory.mode,
    seen: parts.shared?.tools ?? null,
  });
}

function failuresOf(config: Config, shared: SharedStoresOf | null, clock: Clock) {
  const local = failureBrakeOf(config, clock);
  return local === null ? null : (shared?.failures?.(local) ?? local);
}

/** Null where nobody is to ask DNS. */
function namesOf({ resolver, guards }: Config, clock: Clock): NameResolver | null {
  if (resolver === null || !guards.includes("attacks")) return null;
  return createNameResolver({ clock, ...resolver });
}

/** Of each server that the configuration names, and of all others: worked out once. */
function createSettings(config: Config): (server: string) => ServerSettings {
  const toolLimits = toolLimitsOf(config);
  const named = new Map(
    [...config.servers].map(([server, own]): [string, ServerSettings] => [
      server,
      { ...settingsOf(config, own), toolLimits: toolLimits(server) },
    ]),
  );
  const others = { ...settingsOf(config, undefined), toolLimits: () => NO_LIMITS };
  return (server) => named.get(server) ?? others;
}

function settingsOf(
  config: Config,
  own: ServerConfig | undefined,
): Omit<ServerSettings, "toolLimits"> {
  const { padding } = own ?? config;
  return {
    denial: own?.denial ?? config.denial,
    disclose: config.disclose,
    annotate: config.annotate,
    filterLists: config.discovery.filter,
    hideNames: config.discovery.hideNames,
    padding: padding.scheme,
    jitterMaxMs: padding.jitterMaxMs,
    schema: config.schema,
    responseHeadDeadlineMs: own?.responseHeadDeadlineMs ?? config.limits.responseHeadDeadlineMs,
  };
}
