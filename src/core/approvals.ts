import type { Approver, Asked, GrantFact } from "./policy.ts";
import type { Soon } from "./soon.ts";

/** Just this request: what a person agrees to is this, and nothing that looks like it. */
export interface ApprovalSubject {
  /** The principal and how it was proven; of those that showed nothing, their address. */
  readonly caller: string;
  /** Whether anybody vouches for the caller: those without may choose who they are. */
  readonly isNamed: boolean;
  /** Null where the protocol has no session. */
  readonly session: string | null;
  readonly server: string;
  readonly method: string;
  /** Of the tool, prompt or resource; null where the method names none. */
  readonly name: string | null;
  /** Revision of the policy that asks: another one's questions are others. */
  readonly policy: string;
  /** Of the parameters, canonical; null where they are too large for anybody to agree to. */
  readonly digest: () => string | null;
}

/** What a person is asked. */
export interface ApprovalQuestion {
  readonly subject: ApprovalSubject;
  readonly asked: readonly Asked[];
  /** Id of the principal. */
  readonly principal: string;
  /** Names of the arguments, never their values. */
  readonly argumentKeys: readonly string[];
  /** Of the denial: the log has more about it. */
  readonly decisionId: string;
}

export type QuestionOutcome =
  /** Somebody may answer it; asked again, it is the same question. */
  | { readonly kind: "waiting"; readonly id: string }
  /** Somebody said no, lately. */
  | { readonly kind: "denied"; readonly id: string }
  /** Too many wait, or the request is too large. */
  | { readonly kind: "unasked" };

/** What people agreed to, as requests see it. Bounded, and nothing in it holds for ever. */
export interface Approvals {
  /** The grants for just this request, the oldest first. */
  grants(subject: ApprovalSubject): readonly GrantFact[];
  /** Uses one request of a grant up; null where it is none for this request. */
  use(id: string, subject: ApprovalSubject): GrantFact | null;
  ask(question: ApprovalQuestion): QuestionOutcome;
}

/** What people agreed to, as those who agree see it. Rejects where it cannot be told just now. */
export interface ApprovalDesk {
  pending(): Soon<readonly PendingApproval[]>;
  grants(): Soon<readonly StandingGrant[]>;
  /**
   * Null where no question of this id waits for this approver. `record` is told before anything
   * holds: where it cannot take it, nothing does.
   */
  approve(id: string, word: ApprovalWord, record?: RecordGrant): Soon<Agreed>;
  /** Says no to a question, or takes a grant back; null where there is neither. */
  deny(id: string): Soon<PendingApproval | null>;
}

export type RecordGrant = (grant: StandingGrant) => boolean;
export type Agreed = StandingGrant | "unrecorded" | null;

/** How far somebody agrees; what is null is as the rules that asked have it. */
export interface ApprovalWord {
  readonly by: Approver;
  readonly calls: number | null;
  readonly minutes: number | null;
  /** To the same tool with any arguments. */
  readonly anyArguments: boolean;
}

export interface PendingApproval {
  readonly id: string;
  readonly principal: string;
  readonly server: string;
  readonly method: string;
  readonly name: string | null;
  readonly argumentKeys: readonly string[];
  readonly asked: readonly Asked[];
  readonly decisionId: string;
  /** Seconds since it was first asked. */
  readonly ageS: number;
  readonly state: "waiting" | "denied" | "granted";
}

export interface StandingGrant extends PendingApproval {
  readonly by: Approver;
  readonly used: number;
  readonly callsLeft: number;
  /** Seconds until it ends. */
  readonly endsInS: number;
  readonly anyArguments: boolean;
}
