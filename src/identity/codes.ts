/**
 * Why a caller is not let in: stable codes for log and metrics, and what the caller is told of
 * each (`error_description`, RFC 6750 section 3). `docs/errors.md` lists them. Nothing here ever
 * depends on what was shown.
 */
const CODES = {
  credential_missing: "No credentials were sent.",
  credential_scheme: "Only the scheme Bearer is taken.",
  token_in_query: "A token belongs into the header Authorization.",
  token_malformed: "This is no signed token.",
  token_too_large: "The token is too large.",
  token_header: "The token's header says what is not taken here.",
  token_algorithm: "The token is signed with an algorithm that is not taken.",
  token_type: "The token is of a type that is not taken.",
  token_issuer: "The token comes from an issuer that is not trusted.",
  token_key_unknown: "The token is signed with a key that its issuer does not publish.",
  token_signature: "The token's signature does not hold.",
  token_expired: "The token has expired.",
  token_not_yet_valid: "The token is not valid yet.",
  token_too_old: "The token is too old.",
  token_audience: "The token is for another resource.",
  token_claims: "The token lacks a claim, or has one of the wrong form.",
  token_revoked: "The token was revoked.",
  token_replayed: "The token was used before.",
  api_key_malformed: "This is no API key.",
  api_key_unknown: "The API key is not known.",
  api_key_expired: "The API key has expired.",
  api_key_revoked: "The API key was revoked.",
  certificate_name: "The certificate names nobody who may come in.",
  certificate_spiffe: "The certificate has no workload's SPIFFE id.",
  certificate_trust_domain: "The certificate is of a trust domain that may not come in.",
  certificate_revoked: "The certificate was taken back.",
  keys_unavailable: "The issuer's keys cannot be had.",
  revocations_unavailable: "It cannot be told what was revoked.",
  replays_unavailable: "It cannot be told what was used before.",
  server_unknown: "The request belongs to no server.",
} as const;

export type AuthCode = keyof typeof CODES;

/** Those for which the gateway is to blame, not what was shown: the same may do later. */
const OURS: ReadonlySet<AuthCode> = new Set([
  "keys_unavailable",
  "revocations_unavailable",
  "replays_unavailable",
]);

export function isOurs(code: AuthCode): boolean {
  return OURS.has(code);
}

export function descriptionOf(code: AuthCode): string {
  return CODES[code];
}

/** All codes, for the documentation and the tests that hold it. */
export function authCodes(): AuthCode[] {
  return Object.keys(CODES) as AuthCode[];
}
