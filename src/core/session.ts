import type { SessionEnd } from "./auth-log.ts";
import type { Credential } from "./identity.ts";
import type { Principal, SessionFacts } from "./policy.ts";
import type { Soon } from "./soon.ts";

/** Who comes to a session, and with which one. */
export interface Visitor {
  readonly server: string;
  readonly principal: Principal;
  readonly credential: Credential;
  /**
   * `Mcp-Session-Id` as the server knows it. Null where there is none: then the session is what
   * `credential.session` says, and without that there is none.
   */
  readonly id: string | null;
  readonly sourceIp: string | null;
  readonly requestId: string | null;
}

/** Why somebody is not let into a session. */
export type SessionRefusal =
  /** Nobody knows it, or it is over. */
  | "session_unknown"
  /** It is somebody else's; now it is over. */
  | "session_foreign"
  /** The server gave it to two. */
  | "session_conflict"
  | "audit_unavailable"
  /** Nobody can tell whose it is: where that is kept does not answer. */
  | "state_unavailable";

export type Entry =
  | { readonly kind: "entered"; readonly session: Session }
  | { readonly kind: "refused"; readonly code: SessionRefusal };

/** What a message does to the trust in the session that it came in. */
export type Happening =
  /** It was decided on, and passed. */
  | "allowed"
  /** It was decided on, and denied for what it is. */
  | "denied"
  /** It was no message of MCP. */
  | "invalid"
  /** A guard found an attack in it, whatever was decided. */
  | "attack";

/** A session that somebody is in. */
export interface Session {
  /** Its name for those who count by session: equal for equal sessions, and tells nothing. */
  readonly key: string;
  facts(): Omit<SessionFacts, "id">;
  note(happening: Happening): void;
  /** Why it is over; null while it goes on. */
  over(): SessionEnd | null;
  end(cause: SessionEnd): void;
  /** A stream is open in it: until it is given back once, the session is not idle. */
  keep(): () => void;
}

/**
 * Which identity each session belongs to. Bounded; never throws on what was sent. A session is
 * there only once the account of who came has its opening.
 */
export interface SessionBook {
  /** Null where there is no session to enter. */
  enter(visitor: Visitor): Soon<Entry> | null;
  /** The server gave the visitor this id, in its answer to `initialize`. */
  open(visitor: Visitor & { readonly id: string }): Soon<Entry>;
}

export interface SessionSettings {
  /** What becomes of an id that nobody knows: it is bound to who comes with it, or refused. */
  readonly unknown: "adopt" | "refuse";
  /** Since it was opened. */
  readonly maxAgeMs: number;
  /** Since its last message, where no stream is open in it. */
  readonly idleMs: number;
  /** Of one principal that has a name; beyond, the one used least recently ends. */
  readonly perPrincipalMax: number;
  /** Of those with a name, and as many of those without; beyond, as above. */
  readonly sessionsMax: number;
}

export const SESSION_DEFAULTS: SessionSettings = {
  unknown: "adopt",
  maxAgeMs: 8 * 3_600_000,
  idleMs: 3_600_000,
  perPrincipalMax: 100,
  sessionsMax: 100_000,
};
