import type { ManagedAuditSink } from "../audit/sink.ts";
import type { Config } from "../config/config.ts";
import type { ApprovalDesk, Approvals } from "../core/approvals.ts";
import type { Clock } from "../core/ports.ts";
import type { Dependencies } from "../pipeline/dependencies.ts";
import { APPROVAL_DEFAULTS, createApprovals } from "../state/approvals.ts";
import type { AdminRoute } from "../telemetry/admin.ts";
import { createApprovalRoute } from "./approvals-http.ts";
import type { SharedStoresOf } from "./stores.ts";

/** What people agree to, as both sides see it. */
export interface OpenApprovals {
  readonly approvals: Approvals | null;
  readonly desk: ApprovalDesk | null;
}

/** Questions and grants; null where nobody may answer, so that nobody is asked. */
export function approvalsOf(
  { approvals }: Pick<Config, "approvals">,
  shared: SharedStoresOf | null,
  clock: Clock,
): OpenApprovals {
  if (approvals.token === null) return { approvals: null, desk: null };
  const elsewhere = shared?.approvals ?? null;
  if (elsewhere !== null) return elsewhere;
  const here = createApprovals({ ...APPROVAL_DEFAULTS, clock });
  return { approvals: here, desk: here };
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
