import type { ClaimMapping } from "../../core/authentication.ts";
import type { Json } from "../../core/policy.ts";
import { isName } from "./token-form.ts";

export type Claims = { readonly [claim: string]: unknown };

/** More than any issuer gives; a token that has more is refused, since none may go unread. */
const VALUES_MAX = 512;
const VALUE_MAX_LENGTH = 512;
const CLAIM_MAX_LENGTH = 2048;
const CLAIMS_MAX_LENGTH = 8192;

/** What stands at a path: names separated by dots, or a JSON Pointer (RFC 6901). */
export function claimAt(claims: Claims, path: string): unknown {
  let at: unknown = claims;
  for (const name of namesOf(path)) {
    if (typeof at !== "object" || at === null || Array.isArray(at)) return undefined;
    if (!Object.hasOwn(at, name)) return undefined;
    at = (at as Claims)[name];
  }
  return at;
}

function namesOf(path: string): readonly string[] {
  if (!path.startsWith("/")) return path.split(".");
  const names = path.slice(1).split("/");
  return names.map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/**
 * Roles or scopes: texts, divided at spaces as `scope` is (RFC 8693 section 4.2), or lists of them.
 * Null for what has another form, or is more than can be.
 */
export function mapped(claims: Claims, mapping: ClaimMapping): readonly string[] | null {
  const names = new Set<string>();
  for (const path of mapping.claims) {
    const values = valuesOf(claimAt(claims, path));
    if (values === null) return null;
    for (const value of values) {
      for (const name of namesFor(value, mapping)) names.add(name);
    }
    if (names.size > VALUES_MAX) return null;
  }
  return [...names];
}

function valuesOf(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return [];
  const values = typeof value === "string" ? value.split(" ").filter(isNotEmpty) : value;
  if (!Array.isArray(values) || values.length > VALUES_MAX) return null;
  return values.every((one) => isName(one, VALUE_MAX_LENGTH)) ? values : null;
}

function isNotEmpty(text: string): boolean {
  return text !== "";
}

function namesFor(value: string, { map, prefix }: ClaimMapping): readonly string[] {
  return map.size === 0 ? [`${prefix}${value}`] : (map.get(value) ?? []);
}

/** What the policy may see, by path; null for more than it can take. */
export function visibleClaims(
  claims: Claims,
  paths: readonly string[],
): { readonly [claim: string]: Json } | null {
  const visible = new Map<string, Json>();
  let length = 0;
  for (const path of paths) {
    const value = claimAt(claims, path);
    if (value === undefined) continue;
    const text = JSON.stringify(value);
    length += text.length;
    if (text.length > CLAIM_MAX_LENGTH || length > CLAIMS_MAX_LENGTH) return null;
    // Half a surrogate pair is no text to the policy.
    if (/\\u[dD][89a-fA-F]/.test(text)) return null;
    // It comes out of JSON.
    visible.set(path, value as Json);
  }
  return Object.fromEntries(visible);
}
