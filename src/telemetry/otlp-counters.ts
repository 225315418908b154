import { Counter, type Registry } from "prom-client";

export type OtlpSignal = "traces" | "metrics";

/** What becomes of telemetry on its way to a collector. */
export interface OtlpCounters {
  otlpSent(signal: OtlpSignal, count: number): void;
  otlpFailed(signal: OtlpSignal): void;
  otlpDropped(signal: OtlpSignal, cause: "full" | "refused" | "closed", count: number): void;
}

export function createOtlpCounters(registry: Registry): OtlpCounters {
  const registers = [registry];
  const sent = new Counter({
    name: "impedance_otlp_sent_total",
    help: "Exchanges whose spans, and readings of metrics which, a collector has taken.",
    labelNames: ["signal"],
    registers,
  });
  const failures = new Counter({
    name: "impedance_otlp_failures_total",
    help: "Attempts to send spans or metrics to a collector that failed.",
    labelNames: ["signal"],
    registers,
  });
  const dropped = new Counter({
    name: "impedance_otlp_dropped_total",
    help: "Exchanges whose spans a collector will not get; the decision log has them all the same.",
    labelNames: ["signal", "cause"],
    registers,
  });
  return {
    otlpSent: (signal, count) => sent.labels(signal).inc(count),
    otlpFailed: (signal) => failures.labels(signal).inc(),
    otlpDropped: (signal, cause, count) => dropped.labels(signal, cause).inc(count),
  };
}
