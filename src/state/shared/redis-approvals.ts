import { randomBytes } from "node:crypto";
import type {
  ApprovalQuestion,
  ApprovalSubject,
  Approvals,
  QuestionOutcome,
} from "../../core/approvals.ts";
import type { GrantFact } from "../../core/policy.ts";
import type { Clock } from "../../core/ports.ts";
import type { OnFailure, SharedRefusal, Wanted } from "../../core/shared.ts";
import { factsOf, keyOf, placeOf } from "../approval-terms.ts";
import type { ApprovalOptions } from "../approvals.ts";
import {
  type ApprovalNames,
  type HeldApproval,
  readApprovals,
  sealQuestion,
} from "./approval-records.ts";
import { ASK, READ, USE } from "./approval-scripts.ts";
import { run } from "./batch.ts";
import type { StateSeal } from "./seal.ts";
import { type Errand, type Journal, refusalOn, type SharedPart } from "./shared-state.ts";

export interface RedisApprovalsOptions extends Omit<ApprovalOptions, "clock" | "grantsMax"> {
  readonly seal: StateSeal;
  readonly names: ApprovalNames;
  readonly journal: Journal;
  readonly clock: Pick<Clock, "monotonic">;
  readonly onFailure: OnFailure;
}

/** Callers of whom it is kept what they were brought; each request brings it anew. */
const CALLERS_MAX = 1_024;
/** Longer than a grant may last: a week. */
const CALLER_TTL_MS = 8 * 86_400_000;

/**
 * What people agreed to, for all replicas. Decisions look at what was brought for their caller just
 * before; what they use up or ask counts once Redis has taken it, so that of N calls exactly N pass.
 */
export function createRedisApprovals(options: RedisApprovalsOptions): Approvals & SharedPart {
  return new RedisApprovals(options);
}

interface Known {
  readonly approvals: Map<string, HeldApproval>;
  /** Redis's time, less ours. */
  readonly aheadMs: number;
}

class RedisApprovals implements Approvals, SharedPart {
  readonly #options: RedisApprovalsOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: RedisApprovalsOptions) {
    this.#options = options;
  }

  bring({ caller }: Wanted): Errand | null {
    if (caller === null) return null;
    const { names, onFailure } = this.#options;
    return {
      commands: [run(READ, [names.ofCaller(caller)])],
      done: ([reply]) => {
        this.#keep(caller, reply);
        return null;
      },
      failed: () => {
        // Nobody can be asked, so that what needs approval is denied.
        this.#known.delete(caller);
        return refusalOn(onFailure);
      },
    };
  }

  grants(subject: ApprovalSubject): readonly GrantFact[] {
    const known = this.#known.get(subject.caller);
    if (known === undefined || known.approvals.size === 0) return [];
    return [...known.approvals.values()].flatMap((one) =>
      isFor(one, subject, this.#now(known)) ? this.#facts(one, known) : [],
    );
  }

  use(id: string, subject: ApprovalSubject): GrantFact | null {
    const known = this.#known.get(subject.caller);
    const held = known?.approvals.get(id);
    const grant = held?.grant ?? null;
    if (known === undefined || held === undefined || grant === null) return null;
    if (!isFor(held, subject, this.#now(known))) return null;
    const [fact] = this.#facts(held, known);
    grant.used += 1;
    grant.callsLeft -= 1;
    if (grant.callsLeft === 0) known.approvals.delete(id);
    const { names, journal } = this.#options;
    const keys = [names.approval(id), names.ofCaller(subject.caller), names.grants];
    journal.add({
      commands: [run(USE, keys)],
      done: ([taken]) => (taken === 1 ? null : "approval_required"),
      failed: () => "state_unavailable",
    });
    return fact ?? null;
  }

  ask(about: ApprovalQuestion): QuestionOutcome {
    const { subject, asked } = about;
    const digest = subject.digest();
    const known = this.#known.get(subject.caller);
    if (digest === null || known === undefined) return { kind: "unasked" };
    const key = keyOf(placeOf(subject), digest, asked);
    for (const { id, key: other, grant, isDenied } of known.approvals.values()) {
      if (grant === null && other === key) return { kind: isDenied ? "denied" : "waiting", id };
    }
    const id = `appr-${randomBytes(16).toString("hex")}`;
    this.#options.journal.add(this.#asking(id, about, digest, key));
    return { kind: "waiting", id };
  }

  #asking(id: string, about: ApprovalQuestion, digest: string, key: string): Errand {
    const { names, seal, pendingMs, questionsMax, questionsOfCallerMax } = this.#options;
    const { subject } = about;
    const keys = [
      ...[names.approval(id), names.lock(key), names.ofCaller(subject.caller)],
      ...[names.questions, names.nameless],
    ];
    const sealed = sealQuestion({ id, about, digest }, names.approval(id), seal);
    const bounds = [pendingMs, questionsMax, questionsOfCallerMax];
    const isNamed = subject.isNamed ? 1 : 0;
    return {
      commands: [run(ASK, keys, sealed, ...bounds, isNamed, CALLER_TTL_MS)],
      // Asked elsewhere just now, or one too many: whoever sends it again is told.
      done: ([outcome]): SharedRefusal | null => (outcome === "asked" ? null : "approval_required"),
      failed: () => "state_unavailable",
    };
  }

  #keep(caller: string, reply: unknown): void {
    const { seal, clock } = this.#options;
    const before = this.#known.get(caller)?.approvals;
    const { now, approvals } = readApprovals(reply, seal, before);
    this.#known.delete(caller);
    const byId = new Map(approvals.map((one) => [one.id, one]));
    this.#known.set(caller, { approvals: byId, aheadMs: now - clock.monotonic() });
    if (this.#known.size > CALLERS_MAX) {
      this.#known.delete(this.#known.keys().next().value ?? caller);
    }
  }

  #now({ aheadMs }: Known): number {
    return this.#options.clock.monotonic() + aheadMs;
  }

  #facts({ id, asked, grant }: HeldApproval, known: Known): readonly GrantFact[] {
    if (grant === null) return [];
    const { by, since, used, callsLeft } = grant;
    const age_s = Math.max(0, Math.floor((this.#now(known) - since) / 1000));
    return factsOf(asked, { id, by, age_s, used, calls_left: callsLeft });
  }
}

function isFor(one: HeldApproval, subject: ApprovalSubject, now: number): boolean {
  const { grant, place, digest } = one;
  if (grant === null || now >= grant.until || place !== placeOf(subject)) return false;
  return grant.anyArguments || digest === subject.digest();
}
