import { hash } from "node:crypto";
import type {
  ApprovalQuestion,
  ApprovalSubject,
  ApprovalWord,
  PendingApproval,
} from "../core/approvals.ts";
import type { Asked, GrantFact } from "../core/policy.ts";

/** Where neither a rule nor whoever agrees says more. */
const USUAL_CALLS = 1;
const USUAL_MINUTES = 15;

const MINUTE_MS = 60_000;

/** Everything but the arguments; a hash, for a caller chooses how long some of it is. */
export function placeOf(subject: ApprovalSubject): string {
  const { caller, session, server, method, name, policy } = subject;
  return hash("sha256", JSON.stringify([caller, session, server, method, name, policy]), "base64");
}

/** What makes two questions the same. */
export function keyOf(place: string, digest: string, asked: readonly Asked[]): string {
  return JSON.stringify([place, digest, asked]);
}

/** Whether somebody who says this may agree to what was asked: who is named has to say it. */
export function mayAgree(asked: readonly Asked[], { by }: ApprovalWord): boolean {
  return asked.every((one) => one.by === null || one.by === by);
}

/** How far a word goes. */
export function termsOf(
  asked: readonly Asked[],
  { calls, minutes }: ApprovalWord,
): { readonly calls: number; readonly forMs: number } {
  return {
    calls: calls ?? least(asked, "calls") ?? USUAL_CALLS,
    forMs: (minutes ?? least(asked, "minutes") ?? USUAL_MINUTES) * MINUTE_MS,
  };
}

/** A grant as the policy sees it: once for each rule that asked. */
export function factsOf(
  asked: readonly Asked[],
  fact: Omit<GrantFact, "rule">,
): readonly GrantFact[] {
  return [...new Set(asked.map(({ rule }) => rule))].map((rule) => ({ ...fact, rule }));
}

export function described(
  id: string,
  about: Omit<ApprovalQuestion, "subject"> & {
    readonly subject: Pick<ApprovalSubject, "server" | "method" | "name">;
  },
  ageS: number,
  state: PendingApproval["state"],
): PendingApproval {
  const { subject, asked, principal, argumentKeys, decisionId } = about;
  const { server, method, name } = subject;
  return { id, principal, server, method, name, argumentKeys, asked, decisionId, ageS, state };
}

/** The strictest of what the rules say; null where none says any. */
function least(asked: readonly Asked[], term: "calls" | "minutes"): number | null {
  const told = asked.map((one) => one[term]).filter((value) => value !== null);
  return told.length === 0 ? null : Math.min(...told);
}
