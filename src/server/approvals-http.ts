import type {
  ApprovalDesk,
  ApprovalWord,
  PendingApproval,
  StandingGrant,
} from "../core/approvals.ts";
import type { AdminAnswer, AdminRequest, AdminRoute } from "../telemetry/admin.ts";
import { digest, showsToken } from "../telemetry/admin-access.ts";

export const APPROVALS_PATH = "/approvals";

export interface ApprovalRouteOptions {
  readonly desk: ApprovalDesk;
  /** Who has it speaks for the operator. */
  readonly token: Uint8Array;
  /** Puts an answer on record; false where that fails. */
  readonly note: (action: "approved" | "denied", about: PendingApproval | StandingGrant) => boolean;
}

const CALLS_MAX = 1_000;
/** A week. */
const MINUTES_MAX = 10_080;

/**
 * `GET /approvals`, `POST /approvals/ID/approve` and `…/deny`, for whoever shows the token. Without
 * one configured the route is off: who may reach a port is nobody's consent.
 */
export function createApprovalRoute(options: ApprovalRouteOptions | null): AdminRoute {
  const expected = options === null ? null : digest(options.token);
  return {
    path: APPROVALS_PATH,
    async answer(asked) {
      if (options === null || expected === null)
        return says(403, "approvals are off: set approvals.token");
      if (!showsToken(asked.authorization, expected))
        return says(401, "the token is missing or wrong");
      const act = actOf(asked);
      // Where the store is outside of this process, it may be away.
      return typeof act === "function" ? act(options).catch(() => UNAVAILABLE) : act;
    },
  };
}

/** What is asked for, or why that is nothing. */
function actOf(
  asked: AdminRequest,
): AdminAnswer | ((options: ApprovalRouteOptions) => Promise<AdminAnswer>) {
  const [, , id, action, ...rest] = asked.path.split("/");
  if (id === undefined && asked.method === "GET") return ({ desk }) => listOf(desk);
  if (asked.method !== "POST") return says(405, "GET this, or POST to ID/approve or ID/deny");
  const act = id === undefined || rest.length > 0 ? undefined : ACTIONS.get(action);
  if (act === undefined) return says(404, "there are ID/approve and ID/deny");
  return (options) => act(id ?? "", asked, options);
}

type Act = (id: string, asked: AdminRequest, options: ApprovalRouteOptions) => Promise<AdminAnswer>;

async function listOf(desk: ApprovalDesk): Promise<AdminAnswer> {
  const [pending, grants] = await Promise.all([desk.pending(), desk.grants()]);
  return json(200, { pending: pending.map(shownPending), grants: grants.map(shownGrant) });
}

async function approve(
  id: string,
  asked: AdminRequest,
  options: ApprovalRouteOptions,
): Promise<AdminAnswer> {
  const word = readWord(asked.body);
  if (word === null) {
    return says(400, `{"calls":1…${CALLS_MAX},"minutes":1…${MINUTES_MAX},"any_arguments":false}`);
  }
  const note = (agreed: StandingGrant) => options.note("approved", agreed);
  const grant = await options.desk.approve(id, word, note);
  if (grant === null) return says(404, "no such question waits for the operator");
  if (grant === "unrecorded") {
    return says(503, "the decision log cannot take it; nothing was approved");
  }
  return json(200, shownGrant(grant));
}

async function deny(
  id: string,
  _: AdminRequest,
  { desk, note }: ApprovalRouteOptions,
): Promise<AdminAnswer> {
  const denied = await desk.deny(id);
  if (denied === null) return says(404, "there is no such approval");
  note("denied", denied);
  return json(200, { ...shownPending(denied), state: "denied" });
}

const ACTIONS: ReadonlyMap<string | undefined, Act> = new Map([
  ["approve", approve],
  ["deny", deny],
]);

/** An empty body leaves everything to the rules that asked; null for what is no word. */
function readWord(body: Uint8Array | null): ApprovalWord | null {
  const value = body === null ? undefined : parsed(body);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { calls = null, minutes = null, any_arguments = false, ...rest } = value as Word;
  const isWord =
    isLimit(calls, CALLS_MAX) &&
    isLimit(minutes, MINUTES_MAX) &&
    typeof any_arguments === "boolean";
  if (!isWord || Object.keys(rest).length > 0) return null;
  return { by: "operator", calls, minutes, anyArguments: any_arguments };
}

interface Word {
  readonly calls?: unknown;
  readonly minutes?: unknown;
  readonly any_arguments?: unknown;
}

function isLimit(value: unknown, most: number): value is number | null {
  if (value === null) return true;
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most;
}

function parsed(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}

function shownPending(one: PendingApproval) {
  return {
    id: one.id,
    state: one.state,
    principal: one.principal,
    server: one.server,
    method: one.method,
    name: one.name,
    argument_keys: one.argumentKeys,
    asked: one.asked,
    decision_id: one.decisionId,
    age_s: one.ageS,
  };
}

function shownGrant(one: StandingGrant) {
  return {
    ...shownPending(one),
    by: one.by,
    used: one.used,
    calls_left: one.callsLeft,
    ends_in_s: one.endsInS,
    any_arguments: one.anyArguments,
  };
}

function json(status: number, value: unknown): AdminAnswer {
  const contentType = "application/json; charset=utf-8";
  return { status, contentType, body: JSON.stringify(value) };
}

function says(status: number, error: string): AdminAnswer {
  return json(status, { error });
}

const UNAVAILABLE = says(503, "the store of approvals does not answer; try again later");
