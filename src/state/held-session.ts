import { hash } from "node:crypto";
import type { AuthContext, AuthLog, SessionEnd } from "../core/auth-log.ts";
import type { Credential } from "../core/identity.ts";
import type { Principal, SessionFacts } from "../core/policy.ts";
import type { Clock } from "../core/ports.ts";
import type { Happening, Session, SessionSettings, Visitor } from "../core/session.ts";
import { SessionTally } from "./tally.ts";

export interface HeldSessionOptions extends Pick<SessionSettings, "maxAgeMs" | "idleMs"> {
  readonly id: string;
  readonly clock: Clock;
  readonly log: AuthLog;
  readonly onEnd: (cause: SessionEnd) => void;
}

/** One session as the book holds it. */
export interface HeldSession extends Session {
  readonly id: string;
  readonly principal: Principal;
  belongsTo(principal: Principal): boolean;
  /** Its owner is here again; false where a change of rights could not be put on record. */
  comesAgain(visitor: Visitor): boolean;
  /** Nothing came for longer than it may be idle. */
  isQuiet(): boolean;
  touch(): void;
}

export function createHeldSession(visitor: Visitor, options: HeldSessionOptions): HeldSession {
  return new MemorySession(visitor, options);
}

/** Where something happened to a visitor. */
export function contextOf(visitor: Visitor): AuthContext {
  const { server, principal, id, credential, sourceIp, requestId } = visitor;
  const session = id ?? credential.session;
  return { server, principal: principal.id, session, sourceIp, requestId };
}

class MemorySession implements HeldSession {
  readonly id: string;
  readonly #options: HeldSessionOptions;
  readonly #context: AuthContext;
  readonly #openedAt: number;
  principal: Principal;
  #credential: Credential;
  #usedAt: number;
  readonly #tally: SessionTally;
  #streams = 0;
  #ended: SessionEnd | null = null;
  #key: string | null = null;

  constructor(visitor: Visitor, options: HeldSessionOptions) {
    this.id = options.id;
    this.#options = options;
    // What happens to it later comes from no request.
    this.#context = { ...contextOf(visitor), sourceIp: null, requestId: null };
    this.principal = visitor.principal;
    this.#credential = visitor.credential;
    this.#openedAt = options.clock.monotonic();
    this.#usedAt = this.#openedAt;
    this.#tally = SessionTally.first(visitor.principal.authenticated_by);
  }

  get key(): string {
    this.#key ??= hash("sha256", this.id, "base64url");
    return this.#key;
  }

  belongsTo({ kind, id }: Principal): boolean {
    return kind === this.principal.kind && id === this.principal.id;
  }

  comesAgain(visitor: Visitor): boolean {
    const { principal, credential } = visitor;
    const changed = changesOf(this.principal, principal);
    if (changed.length > 0) {
      const from = this.principal.authenticated_by;
      const to = principal.authenticated_by;
      const event = { kind: "identity_changed", from, to, changed, ...contextOf(visitor) } as const;
      // FAIL CLOSED: other rights that are not on record are none.
      if (!this.#options.log.record(event)) return false;
      this.#tally.changedRights();
    }
    this.principal = principal;
    this.#credential = credential;
    this.touch();
    return true;
  }

  facts(): Omit<SessionFacts, "id"> {
    return this.#tally.facts(this.#options.clock.monotonic() - this.#openedAt);
  }

  note(happening: Happening): void {
    this.#tally.note(happening);
  }

  over(): SessionEnd | null {
    if (this.#ended !== null) return this.#ended;
    const now = this.#options.clock.monotonic();
    if (now - this.#openedAt >= this.#options.maxAgeMs) this.end("max_age");
    else if (this.#streams === 0 && this.isQuiet()) this.end("idle");
    else if (this.#credential.isRevoked()) this.end("revoked");
    return this.#ended;
  }

  isQuiet(): boolean {
    return this.#options.clock.monotonic() - this.#usedAt >= this.#options.idleMs;
  }

  touch(): void {
    this.#usedAt = this.#options.clock.monotonic();
  }

  end(cause: SessionEnd): void {
    if (this.#ended !== null) return;
    this.#ended = cause;
    // It is over whether the log can take it or not.
    this.#options.log.record({ kind: "session_ended", cause, ...this.#context });
    this.#options.onEnd(cause);
  }

  keep(): () => void {
    this.#streams += 1;
    let isKept = true;
    return () => {
      if (!isKept) return;
      isKept = false;
      this.#streams -= 1;
      this.touch();
    };
  }
}

type Change = "authenticated_by" | "roles" | "scopes";

function changesOf(before: Principal, now: Principal): readonly Change[] {
  if (before === now) return NONE;
  const changed: Change[] = [];
  if (before.authenticated_by !== now.authenticated_by) changed.push("authenticated_by");
  if (!hasSame(before.roles, now.roles)) changed.push("roles");
  if (!hasSame(before.scopes, now.scopes)) changed.push("scopes");
  return changed;
}

const NONE: readonly Change[] = [];

/** In whatever order: a token may list them anew each time. */
function hasSame(before: readonly string[], now: readonly string[]): boolean {
  if (before.length !== now.length) return false;
  if (before.every((one, index) => one === now[index])) return true;
  const known = new Set(before);
  return now.every((one) => known.has(one));
}
