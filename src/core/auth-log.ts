import type { AuthenticatedBy } from "./policy.ts";

/** Where something happened to a caller. Ids as they are: who writes them makes pseudonyms. */
export interface AuthContext {
  /** The server's id; null where the request belongs to none. */
  readonly server: string | null;
  /** Null where nobody could be told. */
  readonly principal: string | null;
  readonly session: string | null;
  /** In the words of the proxy. */
  readonly sourceIp: string | null;
  readonly requestId: string | null;
}

/** How the firewall came to know a session. */
export type SessionOrigin =
  /** The server gave its id in answer to `initialize`. */
  | "initialize"
  /** It was opened before this process or elsewhere, and is bound to who came with it first. */
  | "adopted"
  /** The protocol has none: it is what the caller's credential is. */
  | "credential";

/** Why a session is over. */
export type SessionEnd =
  /** The client's DELETE, which the server took. */
  | "deleted"
  /** The server no longer knows it. */
  | "forgotten_by_server"
  /** It is as old as one may become. */
  | "max_age"
  | "idle"
  /** Another identity came with it. */
  | "foreign"
  /** What its principal showed last was taken back. */
  | "revoked"
  /** A rule of the policy said so. */
  | "policy"
  /** Its principal opened more than it may have: the one used least recently ends. */
  | "principal_full"
  /** The firewall knows as many as it may: the one used least recently is forgotten. */
  | "evicted";

/** Why a stream that was open was ended. */
export type StreamEnd =
  | "credential_expired"
  | "credential_revoked"
  | "session_ended"
  | "policy_changed";

/** What the account of identities, sessions and limits holds: one of these, and where it was. */
export type AuthEvent = AuthContext &
  (
    | {
        readonly kind: "token_refused";
        /** By which way somebody tried to be let in; `none` where nothing was shown. */
        readonly method: string;
        /** Stable: nothing of what was shown. */
        readonly code: string;
        /** Others of this code from this network since the last line about them. */
        readonly before: number;
      }
    | { readonly kind: "session_opened"; readonly origin: SessionOrigin }
    | { readonly kind: "session_ended"; readonly cause: SessionEnd }
    /** Another identity than the one that opened it: `principal` is who came. */
    | { readonly kind: "session_foreign" }
    /** No session for this one; `code` is the refusal's. */
    | { readonly kind: "session_refused"; readonly code: string }
    /** The same principal came to its session with other rights, or by another way. */
    | {
        readonly kind: "identity_changed";
        readonly from: AuthenticatedBy;
        readonly to: AuthenticatedBy;
        readonly changed: readonly ("authenticated_by" | "roles" | "scopes")[];
      }
    | {
        readonly kind: "limit_hit";
        /** The name that it is configured under. */
        readonly limit: string;
        /** Whether something was refused for it. */
        readonly enforced: boolean;
      }
    | { readonly kind: "stream_ended"; readonly cause: StreamEnd }
  );

/**
 * The account of who came, beside that of what was decided. `false`: it could not be taken. A
 * refusal stands all the same; what would be granted is not.
 */
export interface AuthLog {
  record(event: AuthEvent): boolean;
}
