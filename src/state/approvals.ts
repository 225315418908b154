import { hash, randomBytes } from "node:crypto";
import type {
  ApprovalDesk,
  ApprovalQuestion,
  ApprovalSubject,
  Approvals,
  ApprovalWord,
  PendingApproval,
  QuestionOutcome,
  StandingGrant,
} from "../core/approvals.ts";
import type { Asked, GrantFact } from "../core/policy.ts";
import type { Clock } from "../core/ports.ts";

export interface ApprovalOptions {
  readonly clock: Pick<Clock, "monotonic">;
  /** How long a question waits for an answer, and how long a "no" holds. */
  readonly pendingMs: number;
  /** Questions in all, and of one caller; more are not asked. */
  readonly questionsMax: number;
  readonly questionsOfCallerMax: number;
  /** Grants; beyond, nobody can agree to more. */
  readonly grantsMax: number;
}

export const APPROVAL_DEFAULTS = {
  pendingMs: 900_000,
  questionsMax: 1_024,
  questionsOfCallerMax: 32,
  grantsMax: 4_096,
} as const;

/** Where neither a rule nor whoever agrees says more. */
const USUAL_CALLS = 1;
const USUAL_MINUTES = 15;

const MINUTE_MS = 60_000;

/**
 * Keeps questions and grants in this process: another replica asks for itself, and a restart ends
 * all of them. An id is 128 random bits, and opens nothing by itself.
 */
export function createApprovals(options: ApprovalOptions): Approvals & ApprovalDesk {
  return new ApprovalMemory(options);
}

interface Question {
  readonly id: string;
  readonly key: string;
  readonly place: string;
  readonly digest: string;
  readonly askedAt: number;
  readonly about: ApprovalQuestion;
  isDenied: boolean;
}

interface Grant {
  readonly question: Question;
  readonly word: ApprovalWord;
  readonly since: number;
  readonly until: number;
  used: number;
  callsLeft: number;
}

class ApprovalMemory implements Approvals, ApprovalDesk {
  readonly #options: ApprovalOptions;
  /** By id; both in the order in which they began. */
  readonly #questions = new Map<string, Question>();
  readonly #grants = new Map<string, Grant>();
  readonly #idOf = new Map<string, string>();

  constructor(options: ApprovalOptions) {
    this.#options = options;
  }

  grants(): readonly StandingGrant[];
  grants(subject: ApprovalSubject): readonly GrantFact[];
  grants(subject?: ApprovalSubject): readonly StandingGrant[] | readonly GrantFact[] {
    if (this.#grants.size === 0) return [];
    this.#forgetEnded();
    const all = [...this.#grants.values()];
    if (subject === undefined) return all.map((grant) => this.#standing(grant));
    return all.filter((grant) => isFor(grant, subject)).flatMap((grant) => this.#facts(grant));
  }

  use(id: string, subject: ApprovalSubject): GrantFact | null {
    this.#forgetEnded();
    const grant = this.#grants.get(id);
    if (grant === undefined || !isFor(grant, subject)) return null;
    const [fact] = this.#facts(grant);
    grant.used += 1;
    grant.callsLeft -= 1;
    if (grant.callsLeft === 0) this.#grants.delete(id);
    return fact ?? null;
  }

  ask(about: ApprovalQuestion): QuestionOutcome {
    this.#forgetEnded();
    const digest = about.subject.digest();
    if (digest === null) return { kind: "unasked" };
    const place = placeOf(about.subject);
    const key = JSON.stringify([place, digest, about.asked]);
    const known = this.#questions.get(this.#idOf.get(key) ?? "");
    if (known !== undefined) return { kind: known.isDenied ? "denied" : "waiting", id: known.id };
    if (!this.#hasRoomFor(about.subject)) return { kind: "unasked" };
    const id = `appr-${randomBytes(16).toString("hex")}`;
    const askedAt = this.#options.clock.monotonic();
    this.#questions.set(id, { id, key, place, digest, askedAt, about, isDenied: false });
    this.#idOf.set(key, id);
    return { kind: "waiting", id };
  }

  pending(): readonly PendingApproval[] {
    this.#forgetEnded();
    return [...this.#questions.values()].map((question) => this.#described(question));
  }

  approve(id: string, word: ApprovalWord): StandingGrant | null {
    this.#forgetEnded();
    const question = this.#questions.get(id);
    if (question === undefined || question.isDenied) return null;
    const { asked } = question.about;
    // Who is asked for by name has to say it themselves.
    if (asked.some(({ by }) => by !== null && by !== word.by)) return null;
    if (this.#grants.size >= this.#options.grantsMax) return null;
    const since = this.#options.clock.monotonic();
    const minutes = word.minutes ?? least(asked, "minutes") ?? USUAL_MINUTES;
    const grant = {
      question,
      word,
      since,
      until: since + minutes * MINUTE_MS,
      used: 0,
      callsLeft: word.calls ?? least(asked, "calls") ?? USUAL_CALLS,
    };
    this.#forget(question);
    this.#grants.set(id, grant);
    return this.#standing(grant);
  }

  deny(id: string): PendingApproval | null {
    this.#forgetEnded();
    const grant = this.#grants.get(id);
    if (grant !== undefined) {
      this.#grants.delete(id);
      return this.#standing(grant);
    }
    const question = this.#questions.get(id);
    if (question === undefined) return null;
    question.isDenied = true;
    return this.#described(question);
  }

  /** Who shows nothing, from however many addresses, leaves half of the room to those who do. */
  #hasRoomFor({ caller, isNamed }: ApprovalSubject): boolean {
    const { questionsMax, questionsOfCallerMax } = this.#options;
    if (this.#questions.size >= questionsMax) return false;
    let own = 0;
    let nameless = 0;
    for (const { about } of this.#questions.values()) {
      own += about.subject.caller === caller ? 1 : 0;
      nameless += about.subject.isNamed ? 0 : 1;
    }
    return own < questionsOfCallerMax && (isNamed || nameless < questionsMax / 2);
  }

  #forgetEnded(): void {
    const now = this.#options.clock.monotonic();
    for (const question of this.#questions.values()) {
      if (now - question.askedAt < this.#options.pendingMs) break;
      this.#forget(question);
    }
    for (const [id, { until }] of this.#grants) if (now >= until) this.#grants.delete(id);
  }

  #forget({ id, key }: Question): void {
    this.#questions.delete(id);
    this.#idOf.delete(key);
  }

  #facts({ question, word, since, used, callsLeft }: Grant): GrantFact[] {
    const age_s = Math.floor((this.#options.clock.monotonic() - since) / 1000);
    const { id, about } = question;
    const rules = new Set(about.asked.map(({ rule }) => rule));
    return [...rules].map((rule) => {
      return { id, rule, by: word.by, age_s, used, calls_left: callsLeft };
    });
  }

  #described({ id, about, askedAt, isDenied }: Question): PendingApproval {
    const { subject, asked, principal, argumentKeys, decisionId } = about;
    const { server, method, name } = subject;
    const ageS = Math.floor((this.#options.clock.monotonic() - askedAt) / 1000);
    const state = isDenied ? "denied" : "waiting";
    return { id, principal, server, method, name, argumentKeys, asked, decisionId, ageS, state };
  }

  #standing({ question, word, until, used, callsLeft }: Grant): StandingGrant {
    const endsInS = Math.ceil((until - this.#options.clock.monotonic()) / 1000);
    const { by, anyArguments } = word;
    const standing = { by, used, callsLeft, endsInS, anyArguments, state: "granted" } as const;
    return { ...this.#described(question), ...standing };
  }
}

function isFor({ question, word }: Grant, subject: ApprovalSubject): boolean {
  if (question.place !== placeOf(subject)) return false;
  return word.anyArguments || question.digest === subject.digest();
}

/** Everything but the arguments; a hash, for a caller chooses how long some of it is. */
function placeOf({ caller, session, server, method, name, policy }: ApprovalSubject): string {
  return hash("sha256", JSON.stringify([caller, session, server, method, name, policy]), "base64");
}

/** The strictest of what the rules say; null where none says any. */
function least(asked: readonly Asked[], term: "calls" | "minutes"): number | null {
  const told = asked.map((one) => one[term]).filter((value) => value !== null);
  return told.length === 0 ? null : Math.min(...told);
}
