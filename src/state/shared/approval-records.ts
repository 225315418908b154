import type { ApprovalQuestion, ApprovalSubject, ApprovalWord } from "../../core/approvals.ts";
import type { Approver, Asked } from "../../core/policy.ts";
import { keyOf, placeOf } from "../approval-terms.ts";
import { READ_FIELDS } from "./approval-scripts.ts";
import type { StateSeal } from "./seal.ts";

/** Names of keys. */
export interface ApprovalNames {
  approval(id: string): string;
  /** Of questions that are the same. */
  lock(key: string): string;
  ofCaller(caller: string): string;
  readonly questions: string;
  readonly nameless: string;
  readonly grants: string;
}

export function approvalNames(seal: StateSeal): ApprovalNames {
  return {
    approval: (id) => seal.name("approval", id),
    lock: (key) => seal.name("asked", key),
    ofCaller: (caller) => seal.name("approvals", caller),
    questions: seal.name("questions"),
    nameless: seal.name("nameless-questions"),
    grants: seal.name("grants"),
  };
}

/** One question or grant as Redis had it. */
export interface HeldApproval {
  readonly id: string;
  /** The question as it is kept, to be opened once. */
  readonly sealed: string;
  readonly place: string;
  readonly digest: string;
  readonly key: string;
  readonly caller: string;
  readonly asked: readonly Asked[];
  readonly about: KeptQuestion["about"];
  readonly askedAt: number;
  readonly isDenied: boolean;
  readonly grant: HeldGrant | null;
}

export interface HeldGrant {
  readonly by: Approver;
  readonly anyArguments: boolean;
  readonly since: number;
  readonly until: number;
  used: number;
  callsLeft: number;
}

/** What is kept of a question: sealed, and by nobody but us. */
interface KeptQuestion {
  readonly id: string;
  readonly digest: string;
  readonly about: Omit<ApprovalQuestion, "subject"> & {
    readonly subject: Omit<ApprovalSubject, "digest">;
  };
}

export function sealQuestion(
  { id, digest, about }: { id: string; digest: string; about: ApprovalQuestion },
  name: string,
  seal: StateSeal,
): string {
  // A function is no part of JSON: the digest stands beside it.
  return seal.seal(JSON.stringify({ id, digest, about }), `question ${name}`);
}

export function sealWord({ by, anyArguments }: ApprovalWord, name: string, seal: StateSeal) {
  return seal.seal(JSON.stringify({ by, anyArguments }), `word ${name}`);
}

/**
 * What `READ` replied. FAIL CLOSED: what cannot be opened was not made with our key for this
 * place, and is passed over: no grant comes of it.
 */
export function readApprovals(
  reply: unknown,
  seal: StateSeal,
  known: ReadonlyMap<string, HeldApproval> = NOTHING_KNOWN,
): { readonly now: number; readonly approvals: readonly HeldApproval[] } {
  const values: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const bySealed = new Map([...known.values()].map((one) => [one.sealed, one]));
  const approvals: HeldApproval[] = [];
  const width = READ_FIELDS.length + 1;
  for (let at = 1; at + width <= values.length; at += width) {
    const [name = "", ...fields] = values.slice(at, at + width).map(String);
    const one = readOne(name, fields, seal, bySealed);
    if (one !== null) approvals.push(one);
  }
  return { now: Number(values[0] ?? 0), approvals };
}

const NOTHING_KNOWN: ReadonlyMap<string, HeldApproval> = new Map();

function readOne(
  name: string,
  fields: readonly string[],
  seal: StateSeal,
  bySealed: ReadonlyMap<string, HeldApproval>,
): HeldApproval | null {
  const [sealed = "", askedAt = "", denied = "", left = "", ...granted] = fields;
  const question = bySealed.get(sealed) ?? openQuestion(sealed, name, seal);
  if (question === null) return null;
  const grant = left === "" ? null : openGrant(name, Number(left), granted, seal);
  // What was agreed to by a word that nobody can read is no longer a question either.
  if (left !== "" && grant === null) return null;
  return { ...question, sealed, askedAt: Number(askedAt), isDenied: denied !== "", grant };
}

function openQuestion(
  sealed: string,
  name: string,
  seal: StateSeal,
): Omit<HeldApproval, "askedAt" | "isDenied" | "grant"> | null {
  const text = seal.open(sealed, `question ${name}`);
  if (text === null) return null;
  // What opens was made by us.
  const { id, digest, about } = JSON.parse(text) as KeptQuestion;
  const place = placeOf({ ...about.subject, digest: () => digest });
  const key = keyOf(place, digest, about.asked);
  const { caller } = about.subject;
  return { id, sealed, place, digest, key, caller, asked: about.asked, about };
}

function openGrant(
  name: string,
  callsLeft: number,
  [used, since, until, word = ""]: readonly string[],
  seal: StateSeal,
): HeldGrant | null {
  const text = seal.open(word, `word ${name}`);
  if (text === null) return null;
  const { by, anyArguments } = JSON.parse(text) as Pick<ApprovalWord, "by" | "anyArguments">;
  // FAIL CLOSED: what is no number would never be over.
  if (![callsLeft, used, since, until].map(Number).every(Number.isFinite)) return null;
  const times = { since: Number(since), until: Number(until), used: Number(used) };
  return { by, anyArguments, ...times, callsLeft };
}
