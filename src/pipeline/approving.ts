import { hash } from "node:crypto";
import { safeKey } from "../audit/mask-text.ts";
import type { ApprovalSubject, Approvals } from "../core/approvals.ts";
import type { ApprovalNote } from "../core/audit.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { type JsonNode, member } from "../core/json.ts";
import type { Message } from "../core/message.ts";
import type { Approval, Asked, GrantFact, Reason } from "../core/policy.ts";
import { type RefusalCode, reasonOf } from "../decision/refusals.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Scene } from "./scene.ts";

/** Longer parameters nobody could agree to and know what they agreed to. */
const DIGESTED_MAX_LENGTH = 1024 * 1024;
const KEYS_MAX = 64;

/** What people may agree to of a message; null of what nobody waits for with an id. */
export function approvalSubject(
  { kind, id, method, tool, prompt, uri, payload }: Message,
  scene: Scene,
  policy: string,
): ApprovalSubject | null {
  const { direction, principal, sessionId, server } = scene;
  if (direction !== "request" || kind !== "request" || id === null || method === null) return null;
  let digest: string | null | undefined;
  return {
    caller: callerOf(scene),
    isNamed: principal.authenticated_by !== "none",
    session: sessionId,
    server,
    method,
    name: tool ?? prompt ?? uri,
    policy,
    digest: () => {
      if (digest === undefined) digest = digestOf(payload);
      return digest;
    },
  };
}

/** The principal and how it was proven; of those that showed nothing, their address. */
export function callerOf({ principal, source }: Scene): string {
  const { id, kind, authenticated_by } = principal;
  const address = authenticated_by === "none" ? source.ip : null;
  return JSON.stringify([id, kind, authenticated_by, address]);
}

/**
 * To see what would be decided: no grant is used up by it, and nobody is asked. `held` are grants
 * that the request of this method had when it passed.
 */
export function onlyLooking(
  approvals: Approvals,
  held: { readonly method: string | null; readonly grants: readonly GrantFact[] },
): Approvals {
  function grants(subject: ApprovalSubject): readonly GrantFact[] {
    const standing = approvals.grants(subject);
    if (subject.method !== held.method) return standing;
    const ids = new Set(standing.map(({ id }) => id));
    return [...standing, ...held.grants.filter(({ id }) => !ids.has(id))];
  }
  return {
    grants,
    use: (id, subject) => grants(subject).find((grant) => grant.id === id) ?? null,
    ask: () => ({ kind: "unasked" }),
  };
}

/** `_meta` is about the request, and another one each time: progress tokens, traces. */
function digestOf(params: JsonNode | null): string | null {
  if (params === null) return "";
  const own =
    params.kind === "object"
      ? { ...params, members: params.members.filter(({ key }) => key.value !== "_meta") }
      : params;
  const text = canonicalJson(own, DIGESTED_MAX_LENGTH);
  return text === null ? null : hash("sha256", text, "base64url");
}

export type ApprovalOutcome =
  | { readonly kind: "granted"; readonly note: ApprovalNote }
  | {
      readonly kind: "refused";
      readonly code: RefusalCode;
      readonly reasons: readonly Reason[];
      readonly note: ApprovalNote | null;
      /** For the answer's `data`, as JSON text. */
      readonly data: string | undefined;
    };

/**
 * What comes of a policy's wish to have people agree. FAIL CLOSED: where nobody can be asked, or a
 * grant the policy names is none for this request, nothing passes.
 */
export function settleApproval(
  { asked, granted }: Approval,
  subject: ApprovalSubject | null,
  about: { readonly message: Message; readonly scene: Scene; readonly decisionId: string },
  { approvals = null }: Dependencies,
): ApprovalOutcome {
  if (approvals === null || subject === null) return refusedTo(asked, "approval_required");
  if (asked.length === 0) {
    const used = [...new Set(granted)].map((id) => approvals.use(id, subject));
    const grants = used.filter((grant) => grant !== null);
    const isWhole = grants.length > 0 && grants.length === used.length;
    return isWhole ? { kind: "granted", note: noteOf(grants) } : refusedTo([], "approval_required");
  }
  const { message, scene, decisionId } = about;
  const outcome = approvals.ask({
    subject,
    asked,
    principal: scene.principal.id,
    argumentKeys: keysOf(message),
    decisionId,
  });
  switch (outcome.kind) {
    case "unasked":
      return refusedTo(asked, "approval_required");
    case "denied":
      return refusedTo(asked, "approval_denied", outcome.id);
    default:
      return refusedTo(asked, "approval_required", outcome.id);
  }
}

function noteOf(grants: readonly GrantFact[]): ApprovalNote {
  return { state: "granted", grants: grants.map(({ id, by }) => ({ id, approved_by: by })) };
}

function refusedTo(asked: readonly Asked[], code: RefusalCode, id?: string): ApprovalOutcome {
  return {
    kind: "refused",
    code,
    reasons: reasonsOf(asked, code, id),
    note: id === undefined ? null : { state: code === "approval_denied" ? "denied" : "asked", id },
    data: id === undefined ? undefined : JSON.stringify({ approval_id: id }),
  };
}

/** What is told of a message that people have to agree to, where nobody can be asked. */
export function unansweredReasons(asked: readonly Asked[]): readonly Reason[] {
  return reasonsOf(asked, "approval_required");
}

/** In the words of the rules that asked, and with the id that a person needs to agree. */
function reasonsOf(asked: readonly Asked[], code: RefusalCode, id?: string): readonly Reason[] {
  const usual = reasonOf(code);
  const remedy =
    id === undefined || code !== "approval_required"
      ? usual.remedy
      : `Ask the operator to approve ${id}, and send the same again once they did.`;
  const reasons = asked.map(({ rule, message }): Reason => {
    const told = code === "approval_required" ? message : usual.message;
    return { code, layer: "policy", rule, message: told, remedy };
  });
  return reasons.length > 0 ? reasons : [usual];
}

/** A person sees which arguments there are; their values the caller may tell them. */
function keysOf({ payload }: Message): readonly string[] {
  const given = member(payload, "arguments");
  if (given?.kind !== "object") return [];
  return given.members.slice(0, KEYS_MAX).map(({ key }) => safeKey(key.value));
}
