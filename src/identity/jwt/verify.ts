import { type CryptoKey, errors, type JWTPayload, jwtVerify } from "jose";
import type { IssuerSettings } from "../../core/authentication.ts";
import type { Clock } from "../../core/ports.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { AuthCode } from "../codes.ts";
import type { KeyRing } from "./key-ring.ts";
import type { TokenForm } from "./token-form.ts";

/** What is asked of all that an issuer signs. */
export type TrustSettings = Pick<
  IssuerSettings,
  "issuer" | "algorithms" | "types" | "clockSkewMs" | "tokenMaxAgeMs"
>;

export interface TrustedIssuer {
  readonly settings: IssuerSettings;
  readonly ring: KeyRing;
}

/** Cross-use of other tokens of the same issuer (RFC 8725 section 3.11) is what these keep out. */
const USUAL_TYPES: readonly (string | null)[] = [null, "jwt", "at+jwt"];

export interface VerifiedToken {
  readonly claims: JWTPayload;
  /** Of the key that made it: a token may leave out which one that was. */
  readonly keyId: string | null;
}

/** Whether an issuer made this token, for one of these audiences, and it holds now. */
export async function verifyToken(
  token: string,
  form: TokenForm,
  { settings, ring }: { readonly settings: TrustSettings; readonly ring: KeyRing },
  audiences: readonly string[],
  clock: Pick<Clock, "now">,
): Promise<Result<VerifiedToken, AuthCode>> {
  const { algorithm, keyId, type } = form;
  if (!settings.algorithms.includes(algorithm)) return err("token_algorithm");
  const types: readonly (string | null)[] = settings.types ?? USUAL_TYPES;
  if (!types.includes(type)) return err("token_type");
  const keys = await ring.candidates(keyId, algorithm);
  if (keys === null) return err("keys_unavailable");
  if (keys.length === 0) return err("token_key_unknown");

  for (const { key, id } of keys) {
    const outcome = await verifyWith(key, token, settings, audiences, clock);
    if (outcome.ok) return ok({ claims: outcome.value, keyId: id });
    // Of several keys without an id, the one that made it decides.
    if (outcome.error !== "token_signature") return outcome;
  }
  return err("token_signature");
}

async function verifyWith(
  key: CryptoKey,
  token: string,
  settings: TrustSettings,
  audiences: readonly string[],
  clock: Pick<Clock, "now">,
): Promise<Result<JWTPayload, AuthCode>> {
  const now = clock.now();
  const clockTolerance = settings.clockSkewMs / 1000;
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [...settings.algorithms],
      issuer: settings.issuer,
      audience: [...audiences],
      clockTolerance,
      currentDate: new Date(now),
      requiredClaims: ["exp"],
    });
    const code = ageFault(payload, settings, now);
    return code === null ? ok(payload) : err(code);
  } catch (error) {
    return err(codeOf(error));
  }
}

function ageFault(
  { iat }: JWTPayload,
  { clockSkewMs, tokenMaxAgeMs }: TrustSettings,
  now: number,
): AuthCode | null {
  if (iat === undefined) return tokenMaxAgeMs === null ? null : "token_claims";
  if (typeof iat !== "number") return "token_claims";
  if (iat * 1000 > now + clockSkewMs) return "token_not_yet_valid";
  const isOld = tokenMaxAgeMs !== null && iat * 1000 + tokenMaxAgeMs + clockSkewMs <= now;
  return isOld ? "token_too_old" : null;
}

/** FAIL CLOSED: whatever else goes wrong with a signature, it does not hold. */
function codeOf(error: unknown): AuthCode {
  if (error instanceof errors.JWTExpired) return "token_expired";
  if (error instanceof errors.JOSEAlgNotAllowed) return "token_algorithm";
  if (!(error instanceof errors.JWTClaimValidationFailed)) return "token_signature";
  const { claim, reason } = error;
  if (claim === "aud") return "token_audience";
  if (claim === "iss") return "token_issuer";
  return claim === "nbf" && reason === "check_failed" ? "token_not_yet_valid" : "token_claims";
}
