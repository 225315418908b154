import { Counter, Gauge, type Registry } from "prom-client";
import type { AuthEvent } from "../core/auth-log.ts";
import type { AuthTelemetry } from "../core/identity.ts";
import { createWaitingCounter } from "./waiting-counts.ts";

/** What is counted of callers. Methods, codes and causes are closed sets: no label needs a bound. */
export interface AuthMetrics {
  /** Who was let in, and who was not. */
  readonly auth: AuthTelemetry;
  /** Something happened to a caller, and is on record or was to be. */
  authHappened(event: AuthEvent): void;
}

export function createAuthMetrics(registry: Registry): AuthMetrics {
  const registers = [registry];
  const attempt = createWaitingCounter({
    name: "impedance_auth_total",
    help: "Requests that were let in or refused for who made them; the code says why.",
    labelNames: ["outcome", "method", "code"],
    registers,
  });
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
    auth: {
      accepted: ({ method }) => attempt("accepted", method, ""),
      refused: ({ method }, code) => attempt("refused", method, code),
    },
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
