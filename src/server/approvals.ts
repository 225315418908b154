import type { ManagedAuditSink } from "../audit/sink.ts";
import type { Config } from "../config/config.ts";
import type { ApprovalDesk, Approvals } from "../core/approvals.ts";
import type { Clock } from "../core/ports.ts";
import type { Dependencies } from "../pipeline/dependencies.ts";
import { APPROVAL_DEFAULTS, createApprovals } from "../state/approvals.ts";
import type { AdminRoute } from "../telemetry/admin.ts";
import { createApprovalRoute } from "./approvals-http.ts";

/** Questions and grants; null where nobody may answer, so that nobody is asked. */
export function approvalsOf(
  { approvals }: Pick<Config, "approvals">,
  clock: Clock,
): (Approvals & ApprovalDesk) | null {
  return approvals.token === null ? null : createApprovals({ ...APPROVAL_DEFAULTS, clock });
}

/** Where the operator answers, with every answer on record. */
export function approvalRouteOf(
  { approvals: { token } }: Pick<Config, "approvals">,
  desk: ApprovalDesk | null,
  sink: ManagedAuditSink,
  { clock, events }: Pick<Dependencies, "clock" | "events">,
): AdminRoute {
  if (token === null || desk === null) return createApprovalRoute(null);
  return createApprovalRoute({
    desk,
    token: token.reveal(),
    note: (action, about) =>
      sink.note({
        kind: "approval_history",
        timestamp: new Date(clock.now()).toISOString(),
        action,
        by: "operator",
        id: about.id,
        decision_id: about.decisionId,
        principal: events.subject(about.principal),
        server: about.server,
        rules: about.asked.map(({ rule }) => rule),
        calls: "callsLeft" in about ? about.callsLeft : null,
        ends_in_s: "endsInS" in about ? about.endsInS : null,
        any_arguments: "anyArguments" in about ? about.anyArguments : false,
      }),
  });
}
