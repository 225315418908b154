import { Counter, Gauge, type Registry } from "prom-client";
import type { AuthEvent } from "../core/auth-log.ts";

export interface AuthMetrics {
  /** Something happened to a caller, and is on record or was to be. */
  authHappened(event: AuthEvent): void;
}

export function createAuthMetrics(registry: Registry): AuthMetrics {
  const registers = [registry];
  const open = new Gauge({
    name: "impedance_sessions_open",
    help: "Sessions that are known and not over.",
    registers,
  });
  const ended = new Counter({
    name: "impedance_sessions_ended_total",
    help: "Sessions that are over, by what ended them.",
    labelNames: ["cause"],
    registers,
  });
  const streams = new Counter({
    name: "impedance_streams_ended_total",
    help: "Open streams that were ended because what they were opened on no longer holds.",
    labelNames: ["cause"],
    registers,
  });
  const events = new Counter({
    name: "impedance_auth_events_total",
    help: "What happened to callers, by the name under which the log tells of it.",
    labelNames: ["event"],
    registers,
  });

  return {
    authHappened(event) {
      events.labels(event.kind).inc();
      if (event.kind === "session_opened") open.inc();
      if (event.kind === "stream_ended") streams.labels(event.cause).inc();
      if (event.kind !== "session_ended") return;
      open.dec();
      ended.labels(event.cause).inc();
    },
  };
}
