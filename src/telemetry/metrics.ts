import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

import type { AuthTelemetry } from "../core/identity.ts";
import type { Telemetry } from "../core/ports.ts";
import { type AuthMetrics, createAuthMetrics } from "./auth-metrics.ts";
import { createBoundedLabels, OTHER } from "./bounded-labels.ts";
import { type CertificateMetrics, createCertificateMetrics } from "./certificate-metrics.ts";
import { encodeMetrics, type MetricTimes } from "./encode-metrics.ts";
import { methodLabel } from "./method-label.ts";
import type { OtlpResource } from "./otlp-attributes.ts";
import { createOtlpCounters, type OtlpCounters } from "./otlp-counters.ts";
import { createPostureMetrics, type PostureMetrics } from "./posture-metrics.ts";
import { createReloadMetrics, type ReloadMetrics } from "./reload-metrics.ts";
import { createShippingMetrics, type ShippingMetrics } from "./shipping-metrics.ts";
import {
  createWaitingCounter,
  createWaitingGauge,
  createWaitingHistogram,
} from "./waiting-counts.ts";

/** All that is counted, and the text that a Prometheus server reads. */
export interface Metrics
  extends Telemetry,
    ShippingMetrics,
    CertificateMetrics,
    ReloadMetrics,
    AuthMetrics,
    OtlpCounters,
    PostureMetrics {
  streamOpened(): void;
  streamClosed(): void;
  /** An exchange was turned away, for there was too much to do. */
  shed(reason: "open_exchanges" | "queue"): void;
  /** Who was let in, and who was not. */
  readonly auth: AuthTelemetry;
  /** The decision log could not take an event, or could not write. */
  auditFailed(): void;
  /** The decision log goes on in another of its files. */
  auditSwitched(): void;
  /** A decision that a rule wanted counted only. */
  auditOmitted(): void;
  /** The run before has ended with a fault, or was killed. */
  crashFound(): void;
  /** Lines of the decision log that its head knows of are gone. */
  logLost(): void;
  /** Asked with each reading: whether the decision log can be written. */
  auditHealth(isHealthy: () => boolean): void;
  /** Redis answers, or does not. */
  redisUp(isUp: boolean): void;
  readonly contentType: string;
  render(): Promise<string>;
  /** All of it, to be summed up with that of other workers. */
  snapshot(): Promise<MetricsSnapshot>;
  /** The same for a collector, as the body of a request of OTLP. */
  encode(resource: OtlpResource, times: MetricTimes): Promise<string>;
}

/** Plain JSON, which a process can tell another. */
export type MetricsSnapshot = readonly object[];

export interface MetricsOptions {
  readonly version: string;
  /** Distinct tools that get time series of their own. */
  readonly toolsMax?: number;
  /** One of its own if absent. */
  readonly registry?: Registry;
}

const TOOLS_MAX = 200;
const REASONS_MAX = 200;
const FINDING_KINDS_MAX = 500;
const GUARDS_MAX = 64;
const PHASES_MAX = 32;
const LIMITS_MAX = 256;
/** Seconds; a decision is to take well under a millisecond. */
const PHASE_BUCKETS = [1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 5e-3, 2.5e-2, 0.1, 0.5, 1];
const INVOCATION_BUCKETS = [1e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Metrics in a registry of their own, those of the process included. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { registry = new Registry() } = options;
  collectDefaultMetrics({ register: registry });
  const instruments = { ...createInstruments(registry), ...createLimitInstruments(registry) };
  instruments.build.labels(options.version, process.version).set(1);

  return {
    ...createTelemetry(instruments, options.toolsMax ?? TOOLS_MAX),
    streamOpened: () => instruments.streams.inc(),
    streamClosed: () => instruments.streams.dec(),
    shed: (reason) => instruments.shed.labels(reason).inc(),
    auditFailed: () => instruments.auditFailures.inc(),
    auditSwitched: () => instruments.auditSwitches.inc(),
    auditOmitted: () => instruments.auditOmitted.inc(),
    crashFound: () => instruments.crashes.inc(),
    logLost: () => instruments.logsLost.inc(),
    auditHealth: (isHealthy) => watched(registry, isHealthy),
    redisUp: (isUp) => {
      registry.registerMetric(instruments.redis);
      instruments.redis.set(isUp ? 1 : 0);
    },
    ...createShippingMetrics(registry),
    ...createCertificateMetrics(registry),
    ...createAuthMetrics(registry),
    ...createReloadMetrics(registry),
    ...createOtlpCounters(registry),
    ...createPostureMetrics(registry),
    contentType: registry.contentType,
    render: () => registry.metrics(),
    snapshot: () => registry.getMetricsAsJSON(),
    encode: (resource, times) => encodeMetrics(registry, resource, times),
  };
}

function createTelemetry(instruments: Instruments, toolsMax: number): Telemetry {
  const tools = createBoundedLabels(toolsMax);
  const reasons = createBoundedLabels(REASONS_MAX);
  const kinds = createBoundedLabels(FINDING_KINDS_MAX);
  const guards = createBoundedLabels(GUARDS_MAX);
  const phases = createBoundedLabels(PHASES_MAX);
  const limits = createBoundedLabels(LIMITS_MAX);

  // A name that is denied may be invented: such names must not crowd out those of real tools.
  const toolLabel = (tool: string | null, allow: boolean): string =>
    tool === null ? "" : tools.label(tool, allow ? toolsMax : Math.floor(toolsMax / 2));

  return {
    decided({ method, tool, allow, reasons: why, shadow }) {
      const status = allow ? "allow" : "deny";
      instruments.invocations(toolLabel(tool, allow), methodLabel(method), status);
      for (const { code } of shadow) instruments.tried(reasons.label(code), "", "");
      if (allow) return;
      for (const { code } of why) instruments.denials(reasons.label(code), "", "");
    },
    found(guard, kind, action) {
      const known = action === "redacted" || action === "found";
      instruments.findings(guards.label(guard), kinds.label(kind), known ? action : OTHER);
    },
    phase(phase, seconds) {
      instruments.phaseSeconds(phases.label(phase), seconds);
    },
    exchange(_server, method, _tool, seconds) {
      instruments.invocationSeconds(methodLabel(method), seconds);
    },
    limited(limit) {
      instruments.limited.labels(limits.label(limit)).inc();
    },
  };
}

/** Read when it is asked for: the log's state changes by itself. */
function watched(registry: Registry, isHealthy: () => boolean): void {
  new Gauge({
    name: "impedance_audit_healthy",
    help: "1 while the decision log can be written; at 0 messages are denied.",
    aggregator: "min",
    registers: [registry],
    collect() {
      this.set(isHealthy() ? 1 : 0);
    },
  });
}

type Instruments = ReturnType<typeof createInstruments> & ReturnType<typeof createLimitInstruments>;

function createInstruments(registry: Registry) {
  const registers = [registry];
  return {
    invocations: createWaitingCounter({
      name: "mcp_invocations_total",
      help: "Messages decided.",
      labelNames: ["tool", "method", "status"],
      registers,
    }),
    denials: createWaitingCounter({
      name: "mcp_denied_total",
      help: "Reasons of denials; a denial may have several.",
      labelNames: ["reason"],
      registers,
    }),
    tried: createWaitingCounter({
      name: "mcp_would_deny_total",
      help: "Reasons of rules in shadow: what they would have denied, had they been enforced.",
      labelNames: ["reason"],
      registers,
    }),
    invocationSeconds: createWaitingHistogram({
      name: "mcp_invocation_duration_seconds",
      help: "From the head of a request to the end of its exchange, the server's time included.",
      labelNames: ["method"],
      buckets: INVOCATION_BUCKETS,
      registers,
    }),
    phaseSeconds: createWaitingHistogram({
      name: "impedance_phase_duration_seconds",
      help: "Our own time in one phase of one message.",
      labelNames: ["phase"],
      buckets: PHASE_BUCKETS,
      registers,
    }),
    findings: createWaitingCounter({
      name: "impedance_findings_total",
      help: "What the guards found, and what became of it.",
      labelNames: ["guard", "kind", "action"],
      registers,
    }),
    streams: createWaitingGauge({
      name: "impedance_streams_open",
      help: "Exchanges that are open.",
      registers,
    }),
    auditFailures: new Counter({
      name: "impedance_audit_failures_total",
      help: "Failures of the decision log; while it fails, messages are denied.",
      registers,
    }),
    auditSwitches: new Counter({
      name: "impedance_audit_switches_total",
      help: "How often the decision log went on in another file, or again in one that had failed.",
      registers,
    }),
    auditOmitted: new Counter({
      name: "impedance_audit_unlogged_total",
      help: "Decisions that a rule wanted counted only.",
      registers,
    }),
    crashes: new Counter({
      name: "impedance_crashes_total",
      help: "Runs before this one that ended with a fault or were killed, as found at the start.",
      registers,
    }),
    logsLost: new Counter({
      name: "impedance_audit_lost_total",
      help: "Decision logs that were gone or cut off at the start, by what their head says.",
      registers,
    }),
    build: new Gauge({
      name: "impedance_build_info",
      help: "Always 1; the labels tell what runs.",
      aggregator: "first",
      labelNames: ["version", "node"],
      registers,
    }),
  } as const;
}

function createLimitInstruments(registry: Registry) {
  return {
    limited: new Counter({
      name: "impedance_limited_total",
      help: "Messages that were over a limit, whatever came of it.",
      labelNames: ["limit"],
      registers: [registry],
    }),
    shed: new Counter({
      name: "impedance_shed_total",
      help: "Exchanges that were turned away, for there was too much to do.",
      labelNames: ["reason"],
      registers: [registry],
    }),
    redis: new Gauge({
      name: "impedance_redis_up",
      help: "1 while Redis answers; absent where none is configured.",
      aggregator: "min",
      registers: [],
    }),
  } as const;
}
