import { randomBytes } from "node:crypto";
import type {
  Agreed,
  ApprovalDesk,
  ApprovalQuestion,
  ApprovalSubject,
  Approvals,
  ApprovalWord,
  PendingApproval,
  QuestionOutcome,
  RecordGrant,
  StandingGrant,
} from "../core/approvals.ts";
import type { GrantFact } from "../core/policy.ts";
import type { Clock } from "../core/ports.ts";
import { described, factsOf, keyOf, mayAgree, placeOf, termsOf } from "./approval-terms.ts";

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

/** A desk that answers at once. */
export interface LocalDesk extends ApprovalDesk {
  pending(): readonly PendingApproval[];
  grants(): readonly StandingGrant[];
  approve(id: string, word: ApprovalWord, record?: RecordGrant): Agreed;
  deny(id: string): PendingApproval | null;
}

/**
 * Keeps questions and grants in this process: another replica asks for itself, and a restart ends
 * all of them. An id is 128 random bits, and opens nothing by itself.
 */
export function createApprovals(options: ApprovalOptions): Approvals & LocalDesk {
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

class ApprovalMemory implements Approvals, LocalDesk {
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
    const key = keyOf(place, digest, about.asked);
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

  approve(id: string, word: ApprovalWord, record: RecordGrant = () => true): Agreed {
    this.#forgetEnded();
    const question = this.#questions.get(id);
    if (question === undefined || question.isDenied) return null;
    const { asked } = question.about;
    if (!mayAgree(asked, word)) return null;
    if (this.#grants.size >= this.#options.grantsMax) return null;
    const since = this.#options.clock.monotonic();
    const { calls: callsLeft, forMs } = termsOf(asked, word);
    const grant = { question, word, since, until: since + forMs, used: 0, callsLeft };
    const standing = this.#standing(grant);
    // FAIL CLOSED: nobody has agreed to what is not on record.
    if (!record(standing)) return "unrecorded";
    this.#forget(question);
    this.#grants.set(id, grant);
    return standing;
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

  #facts({ question, word, since, used, callsLeft }: Grant): readonly GrantFact[] {
    const age_s = Math.floor((this.#options.clock.monotonic() - since) / 1000);
    const { id, about } = question;
    return factsOf(about.asked, { id, by: word.by, age_s, used, calls_left: callsLeft });
  }

  #described({ id, about, askedAt, isDenied }: Question): PendingApproval {
    const ageS = Math.floor((this.#options.clock.monotonic() - askedAt) / 1000);
    return described(id, about, ageS, isDenied ? "denied" : "waiting");
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
