import type { HeaderMutation, RequestHead, Source } from "./exchange.ts";
import type { AuthenticatedBy, Principal } from "./policy.ts";
import type { Soon } from "./soon.ts";

/** What a caller showed. For the firewall's own use: no policy, log or server sees any of it. */
export interface Credential {
  /**
   * What two requests of one session have in common where the protocol has no session: a token's
   * `sid`, else its `jti`, or the thumbprint of a certificate. Null where there is no such thing.
   */
  readonly session: string | null;
  /** Milliseconds since 1970, UTC; null where it does not end by itself. */
  readonly expiresAtMs: number | null;
  /** Whether it was taken back since: asked for as long as a stream is open on it. */
  readonly isRevoked: () => boolean;
}

export interface Caller {
  readonly principal: Principal;
  readonly credential: Credential;
}

/** Why a caller is not let in, and what RFC 9110 section 11.6.1 has them told. */
export interface AuthenticationRefusal {
  /** Stable, for the log: nothing of what was shown. */
  readonly code: string;
  /** The whole of `WWW-Authenticate`; null where there is none to give. */
  readonly challenge: string | null;
  /** What was shown could not be judged just now: nothing is said against it. */
  readonly isTemporary?: boolean;
}

/** An answer of our own that is no refusal. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** What callers are told of the way in, before and after they are known. */
export interface Gatekeeper {
  /** The answer to a request that anybody may make, such as for RFC 9728; null to any other. */
  answer(head: RequestHead): PlainAnswer | null;
  /** How to ask a caller for a token with more scopes; null where no token could help. */
  stepUp(head: RequestHead, by: AuthenticatedBy, scopes: readonly string[]): StepUp | null;
}

/** RFC 6750 section 3.1: 403, or 401 to one who showed no token yet. */
export interface StepUp {
  readonly status: 401 | 403;
  /** The whole of `WWW-Authenticate`. */
  readonly challenge: string;
}

/** Where nobody is asked who they are. */
export const NO_GATEKEEPER: Gatekeeper = {
  answer: () => null,
  stepUp: () => null,
};

/**
 * What of a request's head goes on to a server in place of the caller's credentials. Null: the
 * server's own credential cannot be had, and the request may not go on without it.
 */
export interface UpstreamCredentials {
  replace(head: RequestHead): HeaderMutation | null;
}

/** Who is asking, or why that cannot be told (an HTTP 401). */
export type Identity =
  | ({ readonly kind: "known" } & Caller)
  | ({ readonly kind: "refused" } & AuthenticationRefusal);

/** Says who is calling, from what the proxy vouches for. Never throws on what was sent. */
export interface IdentityPort {
  identify(head: RequestHead): Soon<Identity>;
}

/**
 * One way to show who one is: a bearer token, an API key, a certificate. Null: nothing of this kind
 * was shown. What was shown and is no good is refused, and never counts as nothing shown. Never
 * throws on what was sent.
 */
export interface IdentityMethod {
  /** For metrics and the log; its values are few. */
  readonly name: string;
  identify(head: RequestHead): Promise<Identity | null>;
}

/** Where an attempt to be let in was made. Nothing of what was shown. */
export interface AuthAttempt {
  /** The method's name; `none` where nothing was shown. */
  readonly method: string;
  readonly server: string | null;
  readonly source: Source;
  readonly requestId: string | null;
}

/** Hears of every attempt, once; never throws. */
export interface AuthTelemetry {
  accepted(attempt: AuthAttempt, principal: Principal): void;
  refused(attempt: AuthAttempt, code: string): void;
}

/** Of those that showed nothing. */
export const NO_CREDENTIAL: Credential = {
  session: null,
  expiresAtMs: null,
  isRevoked: () => false,
};

/**
 * Codes of refusals that are no guess at a credential: a client that shows none is about to learn
 * which one to get (RFC 9728), and one whose token ran out had a right one.
 */
export const SHOWED_NOTHING: ReadonlySet<string> = new Set([
  "credential_missing",
  "server_unknown",
  "token_expired",
]);

/** Who nobody asked yet. */
export const NOBODY: Principal = {
  id: "anonymous",
  kind: "anonymous",
  roles: [],
  scopes: [],
  claims: {},
  authenticated_by: "none",
};
