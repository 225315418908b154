import { err, ok, type Result } from "../../core/result.ts";
import type { AuthCode } from "../codes.ts";

/** What an unverified token says of itself: enough to find the key that may vouch for it. */
export interface TokenForm {
  readonly algorithm: string;
  readonly keyId: string | null;
  /** Lower case, without `application/`; null where it is unset. */
  readonly type: string | null;
  readonly issuer: string;
}

/** RFC 7515 section 7.1; five parts would be an encrypted token. */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const PARTS = 3;
const NAME_MAX_LENGTH = 256;
const ISSUER_MAX_LENGTH = 2048;
/** Headers that bring or name a key, or change how the rest is read: none of them is ours to heed. */
const NOT_HEEDED = ["jwk", "jku", "x5u", "b64", "zip", "enc", "epk", "cty"];

/** Reads a token's form. Never throws, and takes time in proportion to its length. */
export function readTokenForm(token: string): Result<TokenForm, AuthCode> {
  if (!COMPACT.test(token)) return err("token_malformed");
  const parts = token.split(".", PARTS);
  // Other texts for the same bytes would be other tokens with the same signature.
  if (!parts.every(isCanonical)) return err("token_malformed");
  const [head = "", body = ""] = parts;
  const header = readObject(head);
  const claims = readObject(body);
  if (header === null || claims === null) return err("token_malformed");

  if (header.crit !== undefined) return err("token_header");
  if (NOT_HEEDED.some((name) => header[name] !== undefined)) return err("token_header");
  const { alg, kid, typ } = header;
  if (typeof alg !== "string") return err("token_algorithm");
  if (kid !== undefined && !isName(kid, NAME_MAX_LENGTH)) return err("token_header");
  if (typ !== undefined && !isName(typ, NAME_MAX_LENGTH)) return err("token_type");
  if (!isName(claims.iss, ISSUER_MAX_LENGTH)) return err("token_issuer");
  return ok({
    algorithm: alg,
    keyId: kid ?? null,
    type: typ?.toLowerCase().replace(/^application\//, "") ?? null,
    issuer: claims.iss,
  });
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, "base64url").toString("base64url") === part;
}

function readObject(part: string): { readonly [name: string]: unknown } | null {
  try {
    const bytes = Buffer.from(part, "base64url");
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return { ...value };
  } catch {
    return null;
  }
}

/** Text that can stand in a line: not empty, no control character, no half of a pair. */
export function isName(value: unknown, maxLength: number): value is string {
  return (
    typeof value === "string" &&
    value.length > 0 &&
    value.length <= maxLength &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  );
}
