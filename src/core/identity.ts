import type { RequestHead } from "./exchange.ts";
import type { Principal } from "./policy.ts";

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
}

/** Who is asking, or why that cannot be told (an HTTP 401). */
export type Identity =
  | ({ readonly kind: "known" } & Caller)
  | ({ readonly kind: "refused" } & AuthenticationRefusal);

/** Says who is calling, from what the proxy vouches for. Never throws on what was sent. */
export interface IdentityPort {
  identify(head: RequestHead): Promise<Identity>;
}

/** Of those that showed nothing. */
export const NO_CREDENTIAL: Credential = {
  session: null,
  expiresAtMs: null,
  isRevoked: () => false,
};
