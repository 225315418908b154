import type { AuthLog, SessionEnd, SessionOrigin } from "../core/auth-log.ts";
import type { Principal } from "../core/policy.ts";
import type { Clock } from "../core/ports.ts";
import type {
  Entry,
  SessionBook,
  SessionRefusal,
  SessionSettings,
  Visitor,
} from "../core/session.ts";
import { contextOf, createHeldSession, type HeldSession } from "./held-session.ts";
import { isNamed, isSessionId, keyOf, nameOf } from "./session-names.ts";

export interface SessionBookOptions extends SessionSettings {
  readonly clock: Clock;
  readonly log: AuthLog;
}

/**
 * The sessions that this process knows. Those of principals with a name and those of callers that
 * nobody vouches for have bounds of their own: who shows nothing cannot push out who does.
 */
export function createSessionBook(options: SessionBookOptions): SessionBook {
  return new MemorySessions(options);
}

/** Least recently used first: maps keep the order of insertion. */
type Sessions = Map<string, HeldSession>;

class MemorySessions implements SessionBook {
  readonly #options: SessionBookOptions;
  readonly #named: Sessions = new Map();
  readonly #nameless: Sessions = new Map();
  /** Of a principal with a name, the keys of its sessions, least recently used first. */
  readonly #byPrincipal = new Map<string, Sessions>();
  /** Ids that are over, and must not be bound to anybody anew: of those with a name, and without. */
  readonly #over = { named: new Set<string>(), nameless: new Set<string>() };
  #nextLook = 0;

  constructor(options: SessionBookOptions) {
    this.#options = options;
  }

  enter(visitor: Visitor): Entry | null {
    this.#endIdle();
    if (visitor.id === null) return this.#enterByCredential(visitor);
    if (!isSessionId(visitor.id)) return this.#refuse("session_unknown", visitor);
    const key = keyOf("id", visitor.server, visitor.id);
    const known = this.#find(key);
    if (known === undefined || known.over() !== null) return this.#unknown(key, visitor);
    if (!known.belongsTo(visitor.principal)) return this.#foreign(known, visitor);
    return this.#comeBack(known, visitor);
  }

  open(visitor: Visitor & { readonly id: string }): Entry {
    this.#endIdle();
    const key = keyOf("id", visitor.server, visitor.id);
    const known = this.#find(key);
    if (known === undefined || known.over() !== null) {
      return this.#begin(key, visitor, "initialize");
    }
    if (!known.belongsTo(visitor.principal)) return this.#refuse("session_conflict", visitor);
    // The server begins anew under the same id.
    known.end("forgotten_by_server");
    return this.#begin(key, visitor, "initialize");
  }

  /** Where the protocol has no session, one that is over begins anew: the window slides. */
  #enterByCredential(visitor: Visitor): Entry | null {
    const { principal, credential } = visitor;
    if (credential.session === null) return null;
    const key = keyOf("credential", nameOf(principal), credential.session);
    const known = this.#find(key);
    if (known === undefined || known.over() !== null) {
      return this.#begin(key, visitor, "credential");
    }
    return this.#comeBack(known, visitor);
  }

  #find(key: string): HeldSession | undefined {
    return this.#named.get(key) ?? this.#nameless.get(key);
  }

  #comeBack(session: HeldSession, visitor: Visitor): Entry {
    if (!session.comesAgain(visitor)) return { kind: "refused", code: "audit_unavailable" };
    this.#use(session);
    return { kind: "entered", session };
  }

  /** What is used last stands last. */
  #use(session: HeldSession): void {
    for (const sessions of this.#listsOf(session)) {
      sessions.delete(session.id);
      sessions.set(session.id, session);
    }
  }

  #listsOf({ principal }: HeldSession): readonly Sessions[] {
    if (!isNamed(principal)) return [this.#nameless];
    const own = this.#byPrincipal.get(nameOf(principal));
    return own === undefined ? [this.#named] : [this.#named, own];
  }

  #unknown(key: string, visitor: Visitor): Entry {
    const { named, nameless } = this.#over;
    const isOver = named.has(key) || nameless.has(key);
    const mayAdopt = this.#options.unknown === "adopt" && !isOver;
    return mayAdopt
      ? this.#begin(key, visitor, "adopted")
      : this.#refuse("session_unknown", visitor);
  }

  /** FAIL CLOSED: who of the two is the thief nobody knows, so it is over for both. */
  #foreign(session: HeldSession, visitor: Visitor): Entry {
    this.#options.log.record({ kind: "session_foreign", ...contextOf(visitor) });
    session.end("foreign");
    return { kind: "refused", code: "session_foreign" };
  }

  /** A refusal stands whether the log can take it or not. */
  #refuse(code: SessionRefusal, visitor: Visitor): Entry {
    this.#options.log.record({ kind: "session_refused", code, ...contextOf(visitor) });
    return { kind: "refused", code };
  }

  #begin(key: string, visitor: Visitor, origin: SessionOrigin): Entry {
    const { log, clock, maxAgeMs, idleMs } = this.#options;
    // FAIL CLOSED: a session that is not on record is none.
    if (!log.record({ kind: "session_opened", origin, ...contextOf(visitor) })) {
      return { kind: "refused", code: "audit_unavailable" };
    }
    this.#over.named.delete(key);
    this.#over.nameless.delete(key);
    const session = createHeldSession(visitor, {
      ...{ id: key, clock, log, maxAgeMs, idleMs },
      onEnd: (cause) => this.#ended(session, cause, origin),
    });
    if (isNamed(visitor.principal)) this.#makeRoomFor(visitor.principal);
    const sessions = isNamed(visitor.principal) ? this.#named : this.#nameless;
    if (sessions.size >= this.#options.sessionsMax) first(sessions)?.end("evicted");
    this.#use(session);
    return { kind: "entered", session };
  }

  /** The one used least recently makes room: clients crash, and must not lock themselves out. */
  #makeRoomFor(principal: Principal): void {
    const name = nameOf(principal);
    const own: Sessions = this.#byPrincipal.get(name) ?? new Map();
    if (own.size >= this.#options.perPrincipalMax) first(own)?.end("principal_full");
    this.#byPrincipal.set(name, own);
  }

  #ended(session: HeldSession, cause: SessionEnd, origin: SessionOrigin): void {
    const lists = this.#listsOf(session);
    for (const sessions of lists) sessions.delete(session.id);
    const name = nameOf(session.principal);
    if (this.#byPrincipal.get(name)?.size === 0) this.#byPrincipal.delete(name);
    // What is forgotten for want of room may come back, as after a restart.
    if (origin === "credential" || cause === "evicted") return;
    const over = isNamed(session.principal) ? this.#over.named : this.#over.nameless;
    over.add(session.id);
    if (over.size <= this.#options.sessionsMax) return;
    for (const oldest of over) {
      over.delete(oldest);
      break;
    }
  }

  /** What is idle stands first. Looked for now and then: the first of a map is slow to find. */
  #endIdle(): void {
    const now = this.#options.clock.monotonic();
    if (now < this.#nextLook) return;
    this.#nextLook = now + LOOK_MS;
    for (const sessions of [this.#named, this.#nameless]) {
      let left = ENDED_AT_ONCE;
      for (const session of sessions.values()) {
        if (left === 0 || !session.isQuiet()) break;
        if (session.over() === null) this.#goesOn(session);
        left -= 1;
      }
    }
  }

  /** A stream is open in it. */
  #goesOn(session: HeldSession): void {
    session.touch();
    this.#use(session);
  }
}

const LOOK_MS = 1_000;
const ENDED_AT_ONCE = 1_024;

function first(sessions: Sessions): HeldSession | undefined {
  for (const session of sessions.values()) return session;
  return undefined;
}
