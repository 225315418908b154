import type {
  ApprovalDesk,
  ApprovalWord,
  PendingApproval,
  RecordGrant,
  StandingGrant,
} from "../../core/approvals.ts";
import { described, mayAgree, termsOf } from "../approval-terms.ts";
import {
  type ApprovalNames,
  type HeldApproval,
  readApprovals,
  sealWord,
} from "./approval-records.ts";
import { APPROVE, DENY, READ } from "./approval-scripts.ts";
import { type RedisBatch, type RedisCommand, run } from "./batch.ts";
import type { StateSeal } from "./seal.ts";

export interface RedisDeskOptions {
  readonly batch: RedisBatch;
  readonly seal: StateSeal;
  readonly names: ApprovalNames;
  readonly grantsMax: number;
}

/** Questions of all replicas, and the word that holds at each of them. */
export function createRedisDesk({ batch, seal, names, grantsMax }: RedisDeskOptions): ApprovalDesk {
  async function send(command: RedisCommand): Promise<unknown> {
    const replies = await batch.send([command]);
    if (replies === null) throw new Error("Redis does not answer");
    return replies[0];
  }

  async function all() {
    return readApprovals(await send(run(READ, [names.questions, names.grants])), seal);
  }

  async function find(id: string) {
    const { now, approvals } = await all();
    return { now, found: approvals.find((one) => one.id === id) ?? null };
  }

  return {
    async pending() {
      const { now, approvals } = await all();
      return approvals.filter(({ grant }) => grant === null).map((one) => shown(one, now));
    },
    async grants() {
      const { now, approvals } = await all();
      return approvals.flatMap((one) => standing(one, now) ?? []);
    },
    async approve(id: string, word: ApprovalWord, record: RecordGrant = () => true) {
      const { now, found } = await find(id);
      if (found === null || found.grant !== null || !mayAgree(found.asked, word)) return null;
      const { calls, forMs } = termsOf(found.asked, word);
      const { by, anyArguments } = word;
      const grant = { by, anyArguments, since: 0, until: forMs, used: 0, callsLeft: calls };
      const agreed = standing({ ...found, grant, askedAt: found.askedAt - now }, 0);
      // FAIL CLOSED: nobody has agreed to what is not on record. What is on record and comes too
      // late holds nowhere.
      if (agreed !== null && !record(agreed)) return "unrecorded";
      const name = names.approval(id);
      const keys = [name, names.questions, names.nameless, names.grants];
      const sealed = sealWord(word, name, seal);
      const isAgreed = await send(run(APPROVE, keys, sealed, calls, forMs, grantsMax));
      return isAgreed === 1 ? agreed : null;
    },
    async deny(id: string) {
      const { now, found } = await find(id);
      if (found === null) return null;
      const keys = [names.approval(id), names.ofCaller(found.caller), names.grants];
      const isDenied = await send(run(DENY, keys));
      if (isDenied !== 1) return null;
      return standing(found, now) ?? shown({ ...found, isDenied: true }, now);
    },
  };
}

function shown({ id, about, askedAt, isDenied }: HeldApproval, now: number): PendingApproval {
  const ageS = Math.max(0, Math.floor((now - askedAt) / 1000));
  return described(id, about, ageS, isDenied ? "denied" : "waiting");
}

function standing(one: HeldApproval, now: number): StandingGrant | null {
  if (one.grant === null) return null;
  const { by, used, callsLeft, until, anyArguments } = one.grant;
  const endsInS = Math.ceil((until - now) / 1000);
  return { ...shown(one, now), by, used, callsLeft, endsInS, anyArguments, state: "granted" };
}
