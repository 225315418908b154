import type { Severity } from "../../core/finding.ts";

/**
 * Where a rule looks once a keyword of it was seen.
 * - `prefix`: the pattern starts with the keyword, and what stands before it must not continue the
 *   token (`word`: no letter, digit or `_`; `token`: no `-` either; `any`: whatever). With `lead`
 *   the pattern starts so many characters before the keyword;
 * - `near`: the pattern may start anywhere within `after` characters behind the keyword. Windows
 *   of one rule that overlap are merged, so that all windows together are no longer than the text.
 */
export type Reach =
  | { readonly kind: "prefix"; readonly boundary: Boundary; readonly lead?: number }
  | { readonly kind: "near"; readonly after: number };

export type Boundary = "word" | "token" | "any";

/** One kind of secret. */
export interface SecretRule {
  /** Its stable name, as in `[REDACTED:<kind>]`. */
  readonly kind: string;
  readonly severity: Severity;
  /** Lower-case literals, one of which is in or before every match. */
  readonly keywords: readonly string[];
  /** The keyword as it is written, where its case matters: a cheap look before the pattern. */
  readonly literal?: string;
  readonly reach: Reach;
  /** Without flags but `i`; bounded repetitions only, none nested. */
  readonly pattern: RegExp;
  /** The group that is the secret; 0 is the whole match. */
  readonly secretGroup: number;
  /** Whether what matched is one, beyond its shape; without it the shape is enough. */
  readonly accepts?: (secret: string, match: RegExpExecArray) => boolean;
  /** For a secret without bounded length: its end, or null when it is none after all. */
  readonly extend?: (text: string, matchEnd: number) => number | null;
  /** Held to the rule by a test. Made of parts, so that scanners do not fire on this repository. */
  readonly examples: { readonly match: readonly string[]; readonly noMatch: readonly string[] };
}

/** What a detector saw, before it is put in order with what others saw. */
export interface Candidate {
  readonly kind: string;
  readonly severity: Severity;
  readonly start: number;
  readonly end: number;
}
