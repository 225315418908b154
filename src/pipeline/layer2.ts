import type { ApprovalNote } from "../core/audit.ts";
import { FAULT_KIND } from "../core/finding.ts";
import type { Message } from "../core/message.ts";
import type { GrantFact, LimitFacts, Obligations, PolicyInput, Reason } from "../core/policy.ts";
import {
  type RefusalCode,
  RPC_DENIED,
  RPC_LIMITED,
  reasonOf,
  refusal,
  toldInstead,
} from "../decision/refusals.ts";
import { rulesOf } from "../mcp/revision/revisions.ts";
import type { InputSubject, InventoryFacts } from "../policy/input.ts";
import { approvalSubject, settleApproval } from "./approving.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Cleaned } from "./layer1.ts";
import { mostTelling } from "./most-telling.ts";
import { clientOf, type Scene } from "./scene.ts";

/** Layer 2's word on one message. */
export interface Decision {
  readonly decisionId: string;
  readonly allow: boolean;
  /** Of a denial at least one, the most specific first. */
  readonly reasons: readonly Reason[];
  /** What the one who sent the message is told in their place. */
  readonly told?: Reason;
  /** What would have denied it, of rules that are only tried. */
  readonly shadow: readonly Reason[];
  readonly obligations: Obligations;
  readonly endsSession?: boolean | undefined;
  /** What it was decided on; null when there was no policy to ask. */
  readonly input: PolicyInput | null;
  readonly policyRevision: string;
  readonly rpcCode: number;
  readonly httpStatus: number;
  /** Whom it was to be approved by, and what came of it; absent where nobody was asked. */
  readonly approval?: ApprovalNote | null;
  /** More members of a denial's `data`, as JSON text. */
  readonly data?: string | undefined;
  /** When it may be otherwise; absent where time changes nothing. */
  readonly retryAfterMs?: number | undefined;
}

const NO_OBLIGATIONS: Obligations = {
  redact: [],
  remove: [],
  alias: [],
  pad: [],
  audit: "keys",
  headers: {},
  approve: null,
};

/**
 * Asks the policy about one cleaned message. FAIL CLOSED: no policy, a fault of it or of a guard,
 * or a denial without a reason are all denials with a code of their own.
 */
export function decide(cleaned: Cleaned, scene: Scene, dependencies: Dependencies): Decision {
  const decisionId = dependencies.identifiers.decisionId();
  const policy = dependencies.policy();
  if (policy === null) return refused(decisionId, "policy_missing", null, "none");

  const { message, findings, refusal } = cleaned;
  const { revision } = policy.engine;
  const { approvals = null } = dependencies;
  const subject = approvals === null ? null : approvalSubject(message, scene, revision);
  const grants = subject === null ? NO_GRANTS : (approvals?.grants(subject) ?? NO_GRANTS);
  const input = policy.input.build(factsOf(cleaned, grants, scene, dependencies));
  const code = refusal ?? (findings.some(({ kind }) => kind === FAULT_KIND) ? "guard_fault" : null);
  if (code !== null) return refused(decisionId, code, input, revision);
  const outcome = policy.engine.decide(input);
  if (!outcome.ok) return refused(decisionId, outcome.error.code, input, revision);

  const { allow, reasons, shadow, obligations, endsSession } = outcome.value;
  const approved =
    allow && obligations.approve !== null
      ? settleApproval(obligations.approve, subject, { message, scene, decisionId }, dependencies)
      : null;
  if (approved?.kind === "refused") {
    const { code: lacking, reasons: why, note: approval, data } = approved;
    const denial = refused(decisionId, lacking, input, revision);
    return { ...denial, reasons: why, shadow, approval, data };
  }
  const { rpcCode, httpStatus, retryAfterMs } = allow
    ? NOT_DENIED
    : codesOf(message, scene, reasons);
  return {
    approval: approved?.note ?? null,
    decisionId,
    allow,
    reasons: allow || reasons.length > 0 ? reasons : [reasonOf("policy_malformed")],
    shadow,
    obligations,
    endsSession,
    input,
    policyRevision: revision,
    rpcCode,
    httpStatus,
    retryAfterMs,
  };
}

const NO_GRANTS: readonly GrantFact[] = [];

function factsOf(
  { message, leaves, findings, paths, flow }: Cleaned,
  grants: readonly GrantFact[],
  scene: Scene,
  dependencies: Dependencies,
): InputSubject {
  const facts: InputSubject = {
    phase: scene.direction,
    message,
    server: scene.server,
    findings: mostTelling(findings),
    leaves,
    principal: scene.principal,
    client: clientOf(message),
    sessionId: scene.sessionId,
    counts: scene.counts,
    source: scene.source,
    userAgent: scene.source.user_agent,
    inventory: inventoryFacts(message.tool, scene, dependencies),
    flow,
    grants,
  };
  return paths === null ? facts : { ...facts, aliases: paths.aliases, shown: paths.shown };
}

/** What the inventory says of a tool, and what follows from it here. */
export function inventoryFacts(
  tool: string | null,
  { server }: Scene,
  { pins }: Dependencies,
): InventoryFacts {
  return {
    tool: pins.facts(server, tool),
    mode: pins.mode(server),
    provenance: pins.provenance(server, tool),
  };
}

/** JSON-RPC 2.0 section 5.1 */
const RPC_METHOD_NOT_FOUND = -32601;

/** How a denial is told. */
type Codes = Pick<Decision, "rpcCode" | "httpStatus" | "retryAfterMs">;

const NOT_DENIED: Codes = { rpcCode: RPC_DENIED, httpStatus: 403, retryAfterMs: undefined };

/** Of reasons that time takes away. */
const LIMIT_CODES: ReadonlySet<string> = new Set(["rate_limited", "runaway_loop"]);

/** A client's unknown method is answered as the protocol answers it, in each revision's way. */
function codesOf({ kind, revision }: Message, scene: Scene, [first]: readonly Reason[]): Codes {
  if (LIMIT_CODES.has(first?.code ?? "")) {
    return {
      ...{ rpcCode: RPC_LIMITED, httpStatus: TOO_MANY_REQUESTS },
      retryAfterMs: retryAfterMs(scene.counts.limits),
    };
  }
  const isAsked = scene.direction === "request" && kind === "request";
  if (!isAsked || first?.code !== "unknown_method") {
    return NOT_DENIED;
  }
  return { rpcCode: RPC_METHOD_NOT_FOUND, httpStatus: rulesOf(revision).unknownMethodStatus };
}

/** RFC 6585 section 4 */
const TOO_MANY_REQUESTS = 429;

/** Until none of the limits is exceeded by which something is denied, as far as one can tell. */
function retryAfterMs(limits: LimitFacts): number {
  const waits = Object.values(limits).filter(({ on_exceed }) => on_exceed === "deny");
  const told = waits.length > 0 ? waits : Object.values(limits);
  return Math.max(0, ...told.map(({ retry_after_ms }) => retry_after_ms));
}

/** A denial of the firewall's own. */
export function refused(
  decisionId: string,
  code: RefusalCode,
  input: PolicyInput | null,
  policyRevision: string,
): Decision {
  const { rpcCode, httpStatus, retryAfterMs } = refusal(code);
  const told = toldInstead(code);
  return {
    decisionId,
    allow: false,
    reasons: [reasonOf(code)],
    ...(told === null ? {} : { told }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    shadow: [],
    obligations: NO_OBLIGATIONS,
    input,
    policyRevision,
    rpcCode,
    httpStatus,
  };
}

/** HTTP without a JSON-RPC body is a message to the policy too (design.md §4). */
export function bareMessage(kind: Message["kind"], method: string | null, bytes: number): Message {
  return {
    kind,
    id: null,
    method,
    tool: null,
    prompt: null,
    uri: null,
    cursor: null,
    revision: "2025-03-26",
    node: null,
    payload: null,
    bytes,
  };
}
