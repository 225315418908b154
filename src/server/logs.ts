import { createAuthLog } from "../audit/auth-events.ts";
import type { ManagedAuditSink } from "../audit/sink.ts";
import type { DecisionEvent } from "../core/audit.ts";
import type { AuthLog } from "../core/auth-log.ts";
import type { AuditSink } from "../core/ports.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Parts } from "./dependencies.ts";
import { packageVersion } from "./package-root.ts";
import { systemClock } from "./system.ts";

type DecisionListener = ((event: DecisionEvent) => void) | undefined;

/** The two accounts that one log keeps. */
export function logsOf(
  sink: ManagedAuditSink,
  metrics: Metrics,
  onDecision: DecisionListener,
): Pick<Parts, "audit" | "auth"> {
  return {
    audit: auditOf(sink, metrics, onDecision),
    auth: (subject) => authLogOf(sink, metrics, subject),
  };
}

/** The decision log, counted where it fails and watched where it does not. */
function auditOf(
  sink: ManagedAuditSink,
  metrics: Metrics,
  onDecision: DecisionListener,
): AuditSink {
  const counted = (accepted: boolean, onAccepted?: () => void): boolean => {
    if (accepted) onAccepted?.();
    else metrics.auditFailed();
    return accepted;
  };
  return {
    recordLater: onDecision === undefined ? (draft) => counted(sink.recordLater(draft)) : undefined,
    record: (event) => counted(sink.record(event), () => onDecision?.(event)),
    omit: () => counted(sink.omit(), metrics.auditOmitted),
  };
}

/** The account of who came, in the decision log, counted. */
function authLogOf(
  sink: ManagedAuditSink,
  metrics: Metrics,
  subject: (id: string) => string,
): AuthLog {
  const log = createAuthLog({
    clock: systemClock,
    labels: { version: packageVersion() },
    subject,
    write: (record) => sink.account(record),
  });
  return {
    record: (event) => {
      const accepted = log.record(event);
      if (!accepted) metrics.auditFailed();
      // A session that is not on record was not opened; what else happened, happened.
      if (accepted || event.kind !== "session_opened") metrics.authHappened(event);
      return accepted;
    },
  };
}
