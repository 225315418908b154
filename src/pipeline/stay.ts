import type { AuthContext, StreamEnd } from "../core/auth-log.ts";
import type { AbortCause, RequestHead, ResponseHead } from "../core/exchange.ts";
import { type Caller, type Credential, NO_CREDENTIAL } from "../core/identity.ts";
import type { Message } from "../core/message.ts";
import type { SessionFacts } from "../core/policy.ts";
import { NO_COUNTS } from "../core/policy.ts";
import type { Entry, Session, SessionRefusal, Visitor } from "../core/session.ts";
import { after, type Soon } from "../core/soon.ts";
import type { Dependencies } from "./dependencies.ts";
import type { HttpKind } from "./http-kind.ts";
import type { Opening } from "./judge-again.ts";
import type { Decision } from "./layer2.ts";
import { type Scene, sceneOf } from "./scene.ts";
import { SESSION, sessionForServer } from "./sealing.ts";

/** One exchange's place in a session, and what it was let in on. */
export interface Stay {
  /** Null where there is none. */
  readonly session: Session | null;
  facts(): Omit<SessionFacts, "id">;
  /** Null where nothing is to be waited for. */
  readonly opening: Promise<SessionRefusal | null> | null;
  /**
   * Who is asking came to be known. Null when nothing stands against it, or when that is not known
   * yet: then `arrived` waits for it, along with what else is asked for the message.
   */
  enter(caller: Caller): SessionRefusal | null;
  /**
   * What was sent came to be known: whoever names no revision is in a session all the same, unless
   * they are about to be given one.
   */
  arrived(messages: readonly Message[]): Soon<SessionRefusal | null>;
  /** What the answer says of the session; what is not known at once `opening` tells. */
  answered(head: ResponseHead): SessionRefusal | null;
  /** What was let through, in case a stream comes of it. */
  opened(opening: Opening): void;
  /** A stream is open: the session is not idle. */
  keep(): void;
  /** Why the stream may not go on, on record; null while it may. */
  lapsed(scene: () => Scene): AbortCause | null;
  /** Of the policy, when it was asked again. */
  readonly denial: Decision | null;
  /** Nothing is kept any longer. */
  leave(): void;
}

export function createStay(head: RequestHead, kind: HttpKind, dependencies: Dependencies): Stay {
  return new ExchangeStay(head, kind, dependencies);
}

/** Requests of MCP: what else HTTP asks for belongs to no session. */
const VISITS: ReadonlySet<HttpKind> = new Set(["post", "open_stream", "end_session"]);

function isInitialize({ method }: Message): boolean {
  return method === "initialize";
}

class ExchangeStay implements Stay {
  readonly #head: RequestHead;
  readonly #kind: HttpKind;
  readonly #dependencies: Dependencies;
  session: Session | null = null;
  #visitor: Visitor | null = null;
  #entering: Promise<SessionRefusal | null> | null = null;
  #credential: Credential = NO_CREDENTIAL;
  opening: Promise<SessionRefusal | null> | null = null;
  denial: Decision | null = null;
  #opening: Opening | null = null;
  #release: (() => void) | null = null;
  #isStreaming = false;

  constructor(head: RequestHead, kind: HttpKind, dependencies: Dependencies) {
    this.#head = head;
    this.#kind = kind;
    this.#dependencies = dependencies;
  }

  facts(): Omit<SessionFacts, "id"> {
    return this.session?.facts() ?? NO_COUNTS.session;
  }

  enter(caller: Caller): SessionRefusal | null {
    const entered = this.#enter(caller);
    if (!(entered instanceof Promise)) return entered;
    this.#entering = entered;
    return null;
  }

  #enter(caller: Caller): Soon<SessionRefusal | null> {
    const { headers, source, requestId } = this.#head;
    const server = this.#head.server ?? "";
    const { principal, credential } = caller;
    const sceneNow = () => sceneOf(this.#head, "request", server, principal);
    const id = sessionForServer(headers, sceneNow, this.#dependencies);
    const visitor = { server, principal, credential, id, sourceIp: source.ip, requestId };
    this.#visitor = visitor;
    this.#credential = credential;
    // Whatever a request is: a server may read the id.
    if (id !== null) return this.#enterBy(this.#dependencies.sessions.enter(visitor));
    // A client that names no revision may be about to be given a session: its message tells.
    const isTold = this.#kind !== "post" || headers.has("mcp-protocol-version");
    if (!isTold || !VISITS.has(this.#kind)) return null;
    return this.#enterBy(this.#dependencies.sessions.enter(visitor));
  }

  arrived(messages: readonly Message[]): Soon<SessionRefusal | null> {
    if (this.#entering !== null) return this.#entering;
    const visitor = this.#visitor;
    const isOutside = this.session === null && visitor !== null && visitor.id === null;
    if (!isOutside || messages.every(isInitialize)) return null;
    return this.#enterBy(this.#dependencies.sessions.enter(visitor));
  }

  #enterBy(entry: Soon<Entry> | null): Soon<SessionRefusal | null> {
    if (entry === null) return null;
    return after(entry, (one) => this.#entered(one));
  }

  #entered(entry: Entry): SessionRefusal | null {
    if (entry.kind === "refused") return entry.code;
    this.session = entry.session;
    // The stream was there before its session was.
    if (this.#isStreaming) this.keep();
    return null;
  }

  answered({ status, headers }: ResponseHead): SessionRefusal | null {
    const visitor = this.#visitor;
    if (visitor === null || !VISITS.has(this.#kind)) return null;
    const isSuccess = status >= 200 && status < 300;
    const given = headers.get(SESSION);
    if (isSuccess && this.#kind === "end_session") this.session?.end("deleted");
    if (status === 404 && this.#saysUnknown(visitor)) this.session?.end("forgotten_by_server");
    if (!isSuccess || this.#kind !== "post" || given === undefined || given === visitor.id) {
      return null;
    }
    const entered = this.#enterBy(this.#dependencies.sessions.open({ ...visitor, id: given }));
    if (!(entered instanceof Promise)) return entered;
    this.opening = entered;
    return null;
  }

  opened(opening: Opening): void {
    this.#opening = opening;
  }

  /** Up to 2025-11-25 a 404 means the session; from 2026 on, a method that nobody knows. */
  #saysUnknown({ id }: Visitor): boolean {
    return id !== null && this.#head.headers.get("mcp-protocol-version") !== "2026-07-28";
  }

  keep(): void {
    this.#isStreaming = true;
    this.#release ??= this.session?.keep() ?? null;
  }

  lapsed(scene: () => Scene): StreamEnd | null {
    const cause = this.#lapsed() ?? this.#denied(scene);
    // It ends whether the log can take it or not.
    if (cause !== null) {
      this.#dependencies.auth.record({ kind: "stream_ended", cause, ...this.#context() });
    }
    return cause;
  }

  #denied(scene: () => Scene): "policy_changed" | null {
    this.denial = this.#opening?.denial(scene) ?? null;
    return this.denial === null ? null : "policy_changed";
  }

  #lapsed(): StreamEnd | null {
    const { expiresAtMs, isRevoked } = this.#credential;
    if (expiresAtMs !== null && this.#dependencies.clock.now() >= expiresAtMs) {
      return "credential_expired";
    }
    if (isRevoked()) return "credential_revoked";
    const isOver = this.session !== null && this.session.over() !== null;
    return isOver ? "session_ended" : null;
  }

  #context(): AuthContext {
    const { server, source, requestId } = this.#head;
    const { principal, id, credential } = this.#visitor ?? {};
    return {
      server,
      principal: principal?.id ?? null,
      session: id ?? credential?.session ?? null,
      sourceIp: source.ip,
      requestId,
    };
  }

  leave(): void {
    this.#isStreaming = false;
    this.#release?.();
    this.#release = null;
    this.#opening = null;
  }
}
