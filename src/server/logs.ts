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
  const recordLater = (draft: () => DecisionEvent): boolean => {
    const accepted = sink.recordLater(draft);
    if (!accepted) metrics.auditFailed();
    return accepted;
  };
  return {
    recordLater: onDecision === undefined ? recordLater : undefined,
    record: (event) => {
      const accepted = sink.record(event);
      if (accepted) onDecision?.(event);
      else metrics.auditFailed();
      return accepted;
    },
    omit: () => {
      const accepted = sink.omit();
      if (accepted) metrics.auditOmitted();
      else metrics.auditFailed();
      return accepted;
    },
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
