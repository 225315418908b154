import type { JWTPayload } from "jose";
import type { IssuerSettings, TokenSettings } from "../../core/authentication.ts";
import type { RequestHead } from "../../core/exchange.ts";
import type { Caller, Credential, IdentityMethod } from "../../core/identity.ts";
import type { Principal } from "../../core/policy.ts";
import type { Clock } from "../../core/ports.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { Challenger } from "../challenge.ts";
import type { AuthCode } from "../codes.ts";
import type { RevocationList, Revocations } from "../revocations.ts";
import { claimAt, mapped, visibleClaims } from "./claims.ts";
import type { ReplayMemory } from "./replays.ts";
import { isName, readTokenForm, type TokenForm } from "./token-form.ts";
import { type TrustedIssuer, verifyToken } from "./verify.ts";

export interface TokenMethodOptions {
  readonly settings: Pick<TokenSettings, "maxBytes">;
  readonly issuers: readonly TrustedIssuer[];
  readonly revocations: Revocations;
  readonly replays: ReplayMemory;
  readonly challenger: Challenger;
  /** The resource that a server's tokens are for; null for a server that is not known. */
  readonly resourceOf: (server: string | null) => string | null;
  readonly clock: Clock;
}

/** RFC 6750 section 2.1; the scheme in any case (RFC 9110 section 11.1). */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;
const SCHEME = /^bearer(?: |$)/i;
/** OAuth 2.1 section 5.1: never in an address, which ends up in logs. */
const IN_QUERY = /[?&]access_token=/i;
const ID_MAX_LENGTH = 256;

/**
 * Bearer tokens that are signed JWTs (RFC 9068, RFC 8725). Every request is judged anew; only the
 * issuers' keys are remembered.
 */
export function createTokenMethod(options: TokenMethodOptions): IdentityMethod {
  const { settings, challenger } = options;
  const byIssuer = new Map(options.issuers.map((trusted) => [trusted.settings.issuer, trusted]));

  async function judge(head: RequestHead, shown: string): Promise<Result<Caller, AuthCode>> {
    if (shown.length > settings.maxBytes) return err("token_too_large");
    const token = BEARER.exec(shown)?.[1];
    if (token === undefined) {
      return err(SCHEME.test(shown) ? "token_malformed" : "credential_scheme");
    }
    const form = readTokenForm(token);
    if (!form.ok) return form;
    const trusted = byIssuer.get(form.value.issuer);
    if (trusted === undefined) return err("token_issuer");
    return admit(token, form.value, trusted, head, options);
  }

  return {
    name: "token",
    async identify(head) {
      if (IN_QUERY.test(head.path)) return challenger.refusal(head, "token_in_query");
      const shown = head.headers.get("authorization");
      if (shown === undefined) return null;
      const caller = await judge(head, shown);
      if (!caller.ok) return challenger.refusal(head, caller.error);
      return { kind: "known", ...caller.value };
    },
  };
}

async function admit(
  token: string,
  form: TokenForm,
  trusted: TrustedIssuer,
  { server }: RequestHead,
  options: TokenMethodOptions,
): Promise<Result<Caller, AuthCode>> {
  const { settings } = trusted;
  const { revocations, replays, clock } = options;
  const resource = options.resourceOf(server);
  const audiences = settings.audiences ?? (resource === null ? [] : [resource]);
  // FAIL CLOSED: with no audience to ask for, any would do.
  if (audiences.length === 0) return err("token_audience");
  const verified = await verifyToken(token, form, trusted, audiences, clock);
  if (!verified.ok) return verified;
  const { claims, keyId } = verified.value;
  const principal = principalOf(claims, settings);
  if (principal === null) return err("token_claims");

  const list = revocations.current();
  if (list === null) return err("revocations_unavailable");
  const marks = { issuer: settings.name, keyId, claims };
  if (isRevoked(list, marks)) return err("token_revoked");
  // Last of all: only what is good uses itself up.
  const replayed = await replayFault(claims, settings, replays);
  if (replayed !== null) return err(replayed);
  return ok({ principal, credential: credentialOf(marks, settings, revocations) });
}

/** Null for a token whose claims have not the form that they need. */
function principalOf(claims: JWTPayload, settings: IssuerSettings): Principal | null {
  const subject = claimAt(claims, settings.principal.claim);
  const roles = mapped(claims, settings.roles);
  const scopes = mapped(claims, settings.scopes);
  const visible = visibleClaims(claims, settings.claims);
  if (!isName(subject, ID_MAX_LENGTH) || !isIdentifier(claims.jti)) return null;
  if (roles === null || scopes === null || visible === null) return null;
  return {
    id: `${settings.name}:${subject}`,
    kind: settings.principal.kind,
    roles,
    scopes,
    claims: visible,
    authenticated_by: "jwt",
  };
}

function isIdentifier(value: unknown): boolean {
  return value === undefined || isName(value, ID_MAX_LENGTH);
}

/** By what a token can be taken back. */
interface Marks {
  readonly issuer: string;
  readonly keyId: string | null;
  readonly claims: JWTPayload;
}

function isRevoked(list: RevocationList, { issuer, keyId, claims }: Marks): boolean {
  const marks = [
    ["kid", keyId],
    ["jti", claims.jti ?? null],
    ["sub", claims.sub ?? null],
  ] as const;
  return marks.some(([kind, value]) => value !== null && list.has(kind, issuer, value));
}

async function replayFault(
  { jti, exp = 0 }: JWTPayload,
  { name, replay, clockSkewMs }: IssuerSettings,
  replays: ReplayMemory,
): Promise<AuthCode | null> {
  if (replay === "off") return null;
  if (jti === undefined) return "token_claims";
  const use = await replays.use(`${name}\0${jti}`, exp * 1000 + clockSkewMs);
  if (use === "first") return null;
  return use === "used" ? "token_replayed" : "replays_unavailable";
}

function credentialOf(
  marks: Marks,
  { clockSkewMs }: IssuerSettings,
  revocations: Revocations,
): Credential {
  const { sid, jti, exp = 0 } = marks.claims;
  return {
    session: isName(sid, ID_MAX_LENGTH) ? sid : (jti ?? null),
    expiresAtMs: exp * 1000 + clockSkewMs,
    isRevoked: () => {
      const list = revocations.current();
      // FAIL CLOSED: what cannot be told counts as taken back.
      return list === null || isRevoked(list, marks);
    },
  };
}
