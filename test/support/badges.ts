import type { RequestHead } from "../../src/core/exchange.ts";
import type { Identity, IdentityPort } from "../../src/core/identity.ts";
import type { Principal } from "../../src/core/policy.ts";

/** What a caller of a test shows in `x-test-badge`. */
export interface Badge {
  readonly id: string;
  /** Names this credential, to be revoked, and its session where the protocol has none. */
  readonly jti?: string;
  readonly expiresAtMs?: number;
  readonly roles?: readonly string[];
}

/** Believes every badge, so that a test decides who calls, until when, and what is taken back. */
export interface Badges extends IdentityPort {
  revoke(jti: string): void;
}

type Known = Omit<Badge, "expiresAtMs"> & { readonly expiresAtMs?: number | null };

const NOBODY: Identity = { kind: "refused", code: "no_badge", challenge: null };

export function createBadges(): Badges {
  const revoked = new Set<string>();
  return {
    async identify({ headers }: RequestHead) {
      const shown = headers.get("x-test-badge");
      if (shown === undefined) return NOBODY;
      const { id, jti, expiresAtMs = null, roles = [] }: Known = JSON.parse(shown);
      const isRevoked = () => jti !== undefined && revoked.has(jti);
      if (isRevoked()) return NOBODY;
      const principal: Principal = {
        ...{ id, kind: "user", roles, scopes: [], claims: {} },
        authenticated_by: "jwt",
      };
      return {
        kind: "known",
        principal,
        credential: { session: jti ?? null, expiresAtMs, isRevoked },
      };
    },
    revoke: (jti) => revoked.add(jti),
  };
}

/** The header that shows it. */
export function badge(shown: Badge): { readonly "x-test-badge": string } {
  return { "x-test-badge": JSON.stringify(shown) };
}
