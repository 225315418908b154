import type { AuthenticationSettings } from "../core/authentication.ts";
import type { RequestHead } from "../core/exchange.ts";
import type { AuthenticationRefusal, Gatekeeper } from "../core/identity.ts";
import { type AuthCode, descriptionOf, isOurs } from "./codes.ts";
import { isAdvertising, type Resources } from "./resource-metadata.ts";

/** Writes `WWW-Authenticate` (RFC 6750 section 3, RFC 9728 section 5.1). */
export interface Challenger {
  /** Of one who showed nothing. */
  missing(head: RequestHead): string;
  /** Of one who showed what is no good, or what cannot be judged now. */
  refusal(head: RequestHead, code: AuthCode): AuthenticationRefusal & { readonly kind: "refused" };
  readonly stepUp: Gatekeeper["stepUp"];
}

/** RFC 6749 section 3.3 */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;
/** More would not fit a header. */
const SCOPES_MAX = 32;

export function createChallenger(
  settings: AuthenticationSettings,
  resources: Resources,
): Challenger {
  const { tokens, scopes } = settings;
  const usual = scopes.filter((scope) => SCOPE.test(scope));

  function bearer({ server }: RequestHead, error: readonly string[], wanted: readonly string[]) {
    const place = isAdvertising(settings) ? resources.metadataUrl(server) : null;
    const metadata = place === null ? [] : [`resource_metadata="${place}"`];
    const scope = wanted.length === 0 ? [] : [`scope="${wanted.join(" ")}"`];
    const parameters = [...metadata, ...error, ...scope];
    return parameters.length === 0 ? 'Bearer realm="mcp"' : `Bearer ${parameters.join(", ")}`;
  }

  function challenge(head: RequestHead, error: readonly string[]): string {
    // RFC 9110 section 11.6.1: a 401 has a challenge, also where no token is taken.
    return tokens === null ? 'ApiKey realm="mcp"' : bearer(head, error, usual);
  }

  return {
    missing: (head) => challenge(head, []),
    refusal(head, code) {
      if (isOurs(code)) return { kind: "refused", code, challenge: null, isTemporary: true };
      const error = ['error="invalid_token"', `error_description="${descriptionOf(code)}"`];
      return { kind: "refused", code, challenge: challenge(head, error) };
    },
    stepUp(head, by, wanted) {
      const known = wanted.filter((scope) => SCOPE.test(scope)).slice(0, SCOPES_MAX);
      if (tokens === null || known.length === 0) return null;
      // RFC 6750 section 3.1: no error is told to one who did not authenticate yet.
      if (by === "none") return { status: 401, challenge: bearer(head, [], known) };
      if (by !== "jwt") return null;
      const challenge = bearer(head, ['error="insufficient_scope"'], known);
      return { status: 403, challenge };
    },
  };
}
