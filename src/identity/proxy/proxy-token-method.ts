import type { ProxyTokenSettings } from "../../core/authentication.ts";
import type { Caller, IdentityMethod } from "../../core/identity.ts";
import type { Clock } from "../../core/ports.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { Challenger } from "../challenge.ts";
import type { AuthCode } from "../codes.ts";
import { type Claims, claimAt, mapped, visibleClaims } from "../jwt/claims.ts";
import { isName } from "../jwt/token-form.ts";
import type { Revocations } from "../revocations.ts";

export interface ProxyTokenMethodOptions {
  readonly settings: ProxyTokenSettings;
  readonly revocations: Revocations;
  readonly challenger: Challenger;
  readonly clock: Clock;
}

/** Stands before each subject, and for the issuer in the list of what was taken back. */
const NAME = "proxy";
const ID_MAX_LENGTH = 256;

/**
 * Callers whose token the proxy itself found good (Envoy's filter `jwt_authn`): it checked the
 * signature. What the token says is held against the settings once more, as that filter may be
 * configured for more issuers than this firewall is to believe.
 */
export function createProxyTokenMethod(options: ProxyTokenMethodOptions): IdentityMethod {
  const { settings, challenger } = options;
  return {
    name: "proxy",
    async identify(head) {
      const { verified } = head;
      if (verified === undefined || !Object.hasOwn(verified, settings.payload)) return null;
      const payload = verified[settings.payload];
      const isClaims = typeof payload === "object" && payload !== null && !Array.isArray(payload);
      const caller = isClaims ? admit(payload as Claims, options) : err("token_claims" as const);
      return caller.ok
        ? { kind: "known", ...caller.value }
        : challenger.refusal(head, caller.error);
    },
  };
}

function admit(claims: Claims, options: ProxyTokenMethodOptions): Result<Caller, AuthCode> {
  const { settings, revocations, clock } = options;
  if (claims.iss !== settings.issuer) return err("token_issuer");
  if (!isFor(claims.aud, settings.audiences)) return err("token_audience");
  const { exp } = claims;
  if (exp !== undefined && typeof exp !== "number") return err("token_claims");
  const expiresAtMs = exp === undefined ? null : exp * 1000 + settings.clockSkewMs;
  // The filter looks too, but caches what it found good.
  if (expiresAtMs !== null && expiresAtMs <= clock.now()) return err("token_expired");
  const { principal } = settings;
  const subject = claimAt(claims, principal.claim);
  const roles = mapped(claims, settings.roles);
  const scopes = mapped(claims, settings.scopes);
  const visible = visibleClaims(claims, settings.claims);
  if (!isName(subject, ID_MAX_LENGTH)) return err("token_claims");
  if (roles === null || scopes === null || visible === null) return err("token_claims");
  const isRevoked = (): AuthCode | null => revocationFault(revocations, claims);
  const fault = isRevoked();
  if (fault !== null) return err(fault);
  return ok({
    principal: {
      id: `${NAME}:${subject}`,
      kind: principal.kind,
      roles,
      scopes,
      claims: visible,
      authenticated_by: "proxy",
    },
    credential: {
      session: idOf(claims.sid) ?? idOf(claims.jti),
      expiresAtMs,
      isRevoked: () => isRevoked() !== null,
    },
  });
}

function revocationFault(revocations: Revocations, claims: Claims): AuthCode | null {
  const list = revocations.current();
  // FAIL CLOSED: what cannot be told counts as taken back.
  if (list === null) return "revocations_unavailable";
  const marks = [
    ["sub", idOf(claims.sub)],
    ["jti", idOf(claims.jti)],
  ] as const;
  const isTaken = marks.some(([kind, value]) => value !== null && list.has(kind, NAME, value));
  return isTaken ? "token_revoked" : null;
}

/** Null: the proxy is left to say what a token is for. */
function isFor(audience: unknown, wanted: readonly string[] | null): boolean {
  if (wanted === null) return true;
  const given: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  return wanted.some((one) => given.includes(one));
}

function idOf(value: unknown): string | null {
  return isName(value, ID_MAX_LENGTH) ? value : null;
}
