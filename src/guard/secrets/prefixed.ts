import { shannonEntropy } from "../../core/entropy.ts";
import type { Severity } from "../../core/finding.ts";
import { isFilledIn } from "./placeholders.ts";
import type { Boundary, SecretRule } from "./rule.ts";

/** Characters a token's random part is made of, as the inside of a character class. */
export const HEX = "a-f0-9";
export const ALNUM = "A-Za-z0-9";
export const LOWER_ALNUM = "a-z0-9";
export const UPPER_ALNUM = "A-Z0-9";
export const BASE32 = "A-Z2-7";
export const WORD = "A-Za-z0-9_";
export const URL_SAFE = "A-Za-z0-9_-";

/** A token that is a fixed prefix and a random part: most vendors' format. */
export interface PrefixedFormat {
  readonly kind: string;
  readonly severity: Severity;
  readonly prefixes: readonly string[];
  readonly alphabet: string;
  readonly length: number | readonly [least: number, most: number];
  /** What may follow the random part, as a pattern. */
  readonly tail?: string;
  /** What must not stand before the prefix; `word` unless told otherwise. */
  readonly boundary?: Boundary;
  /** Beside the built-in refusal of what was filled in by hand. */
  readonly accepts?: (body: string) => boolean;
  /** A random part for the examples; without it one is made of the alphabet. */
  readonly sample?: string;
}

/** Fewer bits for each character than chance gives any random part of sixteen or more. */
const ENTROPY_FLOOR = 2.3;

/** The rule for a prefixed format, with its examples made from the format. */
export function prefixed(format: PrefixedFormat): SecretRule {
  const { kind, severity, prefixes, alphabet, boundary = "word", accepts } = format;
  const [least, most] = lengthsOf(format.length);
  const alternatives = prefixes.map(escapePattern).join("|");
  const body = format.sample ?? sampleOf(alphabet, least);

  return {
    kind,
    severity,
    keywords: [...new Set(prefixes.map((prefix) => prefix.toLowerCase()))],
    reach: { kind: "prefix", boundary },
    pattern: new RegExp(
      `(?:${alternatives})([${alphabet}]{${least},${most}})(?![${alphabet}])${format.tail ?? ""}`,
    ),
    secretGroup: 0,
    accepts: (_secret, match) =>
      isRandomBody(match[1] ?? "") && accepts?.(match[1] ?? "") !== false,
    examples: {
      match: prefixes.flatMap((prefix) => [`${prefix}${body}`, `x = "${prefix}${body}";`]),
      noMatch: prefixes.flatMap((prefix) => [
        `${prefix}${body.slice(0, least - 1)}`,
        `${prefix}${"x".repeat(least)}`,
        ...(boundary === "any" ? [] : [`q${prefix}${body}`]),
      ]),
    },
  };
}

/**
 * A fixed pseudo-random text over a character class: looks like a secret to a rule, and is none.
 * (A linear congruential generator with the constants of Numerical Recipes.)
 */
export function sampleOf(alphabet: string, length: number): string {
  const member = new RegExp(`^[${alphabet}]$`);
  const characters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => member.test(character) && /[A-Za-z0-9]/.test(character),
  );
  let state = length;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return characters[Math.floor((state / 2 ** 32) * characters.length)] ?? "";
  }).join("");
}

function isRandomBody(body: string): boolean {
  return !isFilledIn(body) && (body.length < 16 || shannonEntropy(body) >= ENTROPY_FLOOR);
}

function lengthsOf(length: PrefixedFormat["length"]): readonly [number, number] {
  return typeof length === "number" ? [length, length] : length;
}

function escapePattern(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
