import type { SessionEnd } from "../../core/auth-log.ts";
import { type RedisBatch, run } from "./batch.ts";
import { isSessionEnd } from "./session-records.ts";
import { KEEP } from "./session-scripts.ts";

/** A session in which streams are open here. */
export interface KeptSession {
  readonly name: string;
  /** It was ended at another replica. */
  endedElsewhere(cause: SessionEnd): void;
}

/** Keeps sessions from being idle for as long as streams are open in them. */
export interface SessionKeeper extends Disposable {
  add(session: KeptSession): void;
  remove(session: KeptSession): void;
}

const ROUND_MS = 1_000;
const ROUND_MIN_MS = 100;
/** In one program, which nobody else's commands interrupt. */
const ASKED_AT_ONCE = 500;

/** One round a second for all of them; none while no stream is open. */
export function createSessionKeeper(batch: RedisBatch, idleMs: number): SessionKeeper {
  const kept = new Set<KeptSession>();
  const roundMs = Math.max(ROUND_MIN_MS, Math.min(ROUND_MS, idleMs / 3));
  let timer: NodeJS.Timeout | null = null;
  let isAsking = false;

  async function round(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    const all = [...kept];
    for (let at = 0; at < all.length; at += ASKED_AT_ONCE) {
      await ask(all.slice(at, at + ASKED_AT_ONCE));
    }
    isAsking = false;
  }

  async function ask(some: readonly KeptSession[]): Promise<void> {
    const [causes] = (await batch.send([run(KEEP, namesOf(some))])) ?? [];
    const told: readonly unknown[] = Array.isArray(causes) ? causes : [];
    for (const [index, session] of some.entries()) {
      const cause = told[index];
      if (isSessionEnd(cause)) session.endedElsewhere(cause);
    }
  }

  function stop(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    add(session) {
      kept.add(session);
      timer ??= setInterval(() => void round(), roundMs).unref();
    },
    remove(session) {
      kept.delete(session);
      if (kept.size === 0) stop();
    },
    [Symbol.dispose]: stop,
  };
}

function namesOf(sessions: readonly KeptSession[]): readonly string[] {
  return sessions.map(({ name }) => name);
}
