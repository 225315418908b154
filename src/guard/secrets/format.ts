import assert from "node:assert/strict";
import { shannonEntropy } from "../../core/entropy.ts";
import type { Severity } from "../../core/finding.ts";
import { isFilledIn } from "./placeholders.ts";
import type { Boundary, SecretRule } from "./rule.ts";
import { sampleOf } from "./sample.ts";

/**
 * A token's format as vendors write it down: literal text, and in braces what varies:
 * `{hex 64}`, `{alnum 20-24}`, `{uuid}`, `{pad}` (of base64). `(a|b)` stands for either text.
 */
export type Template = string;

export interface FormatOptions {
  readonly severity?: Severity;
  /** What must not stand before the token; by its alphabet unless told otherwise. */
  readonly boundary?: Boundary;
  /** Beside the built-in refusal of what was filled in by hand; sees what varies, joined. */
  readonly accepts?: (body: string) => boolean;
  /** What varies, for the examples; without it one is made of the alphabets. */
  readonly sample?: string;
}

/** Characters a token's random part is made of, as the inside of a character class. */
const ALPHABETS: ReadonlyMap<string, string> = new Map([
  ["hex", "a-f0-9"],
  ["anyhex", "A-Fa-f0-9"],
  ["upperhex", "A-F0-9"],
  ["digit", "0-9"],
  ["lower", "a-z0-9"],
  ["upper", "A-Z0-9"],
  ["letter", "A-Za-z"],
  ["alnum", "A-Za-z0-9"],
  ["base32", "A-Z2-7"],
  ["word", "A-Za-z0-9_"],
  ["url", "A-Za-z0-9_-"],
  ["dotted", "A-Za-z0-9_.-"],
  ["padded", "A-Za-z0-9_=-"],
  ["b64", "A-Za-z0-9+/"],
  ["bech32", "AC-HJ-NP-Z02-9"],
  ["any", "A-Za-z0-9_.=+/-"],
]);
const UUID = "{hex 8}-{hex 4}-{hex 4}-{hex 4}-{hex 12}";
const PART = /\{([a-z0-9]+)(?: ([0-9]+)(?:-([0-9]+))?)?\}|([^{}]+)/g;

/** Fewer bits for each character than chance gives any random part of sixteen or more. */
const ENTROPY_FLOOR = 2.3;
const LEAST_KEYWORD = 1;

interface Part {
  /** Empty for literal text. */
  readonly alphabet: string;
  readonly literal: string;
  readonly least: number;
  readonly most: number;
}

/** The rules of one kind, one for each way of writing it; each with examples of its own. */
export function format(
  kind: string,
  templates: Template | readonly Template[],
  options: FormatOptions = {},
): readonly SecretRule[] {
  const all = typeof templates === "string" ? [templates] : templates;
  return all.flatMap(expand).map((template) => ruleOf(kind, partsOf(template), options));
}

/** Pattern source of a template, without groups: for rules that know a token by its neighbours. */
export function patternOf(template: Template): string {
  return expand(template)
    .map((one) => partsOf(one).map(sourceOf).join(""))
    .join("|");
}

/** An example of a template. */
export function exampleOf(template: Template): string {
  const [first = ""] = expand(template);
  return partsOf(first).map(exampleOfPart).join("");
}

function ruleOf(kind: string, parts: readonly Part[], options: FormatOptions): SecretRule {
  const { severity = "critical", accepts } = options;
  const boundary = options.boundary ?? (isDashed(parts) ? "token" : "word");
  const { keyword, lead } = keywordOf(kind, parts);
  const last = parts.at(-1);
  const behind = last === undefined ? "" : notGoingOn(last.alphabet);
  const example =
    options.sample === undefined ? parts.map(exampleOfPart).join("") : fill(parts, options.sample);

  return {
    kind,
    severity,
    keywords: [keyword.toLowerCase()],
    literal: keyword,
    reach: lead === 0 ? { kind: "prefix", boundary } : { kind: "prefix", boundary, lead },
    pattern: new RegExp(parts.map(groupOf).join("") + behind),
    secretGroup: 0,
    accepts: (_secret, match) => {
      const body = match.slice(1).join("");
      return isRandomBody(body) && accepts?.(body) !== false;
    },
    examples: {
      match: [example, `x = "${example}";`],
      noMatch: [
        example.slice(0, Math.floor(leastLength(parts) / 2)),
        parts.map(filledIn).join(""),
        ...(boundary === "any" ? [] : [`q${example}`]),
      ],
    },
  };
}

/** `a(b|c)d` is `abd` and `acd`. */
function expand(template: Template): readonly string[] {
  const choice = /\(([^()]*)\)/.exec(template);
  if (choice === null) return [template.replaceAll("{uuid}", UUID)];
  const [whole, inner = ""] = choice;
  return inner.split("|").flatMap((one) => expand(template.replace(whole, one)));
}

function partsOf(template: string): readonly Part[] {
  return Array.from(template.matchAll(PART), ([, name, least, most, literal]) => {
    if (literal !== undefined) return { alphabet: "", literal, least: 0, most: 0 };
    if (name === "pad") return { alphabet: "=", literal: "", least: 0, most: 2 };
    const alphabet = ALPHABETS.get(name ?? "");
    assert(alphabet !== undefined && least !== undefined, `${template}: {${name}} is no part`);
    return { alphabet, literal: "", least: Number(least), most: Number(most ?? least) };
  });
}

/** The longest literal whose place in the token is fixed. */
function keywordOf(kind: string, parts: readonly Part[]): { keyword: string; lead: number } {
  let best = { keyword: "", lead: 0 };
  let at = 0;
  for (const { literal, least, most } of parts) {
    if (literal.length > best.keyword.length) best = { keyword: literal, lead: at };
    if (least !== most) break;
    at += literal.length + least;
  }
  assert(best.keyword.length >= LEAST_KEYWORD, `${kind} has no keyword`);
  return best;
}

function isDashed(parts: readonly Part[]): boolean {
  return parts.some(({ alphabet, literal }) => alphabet.endsWith("-") || literal.includes("-"));
}

/** A token does not go on behind its end; a sign of assignment or of the end of a sentence may. */
function notGoingOn(alphabet: string): string {
  const inside = alphabet.replace(/[=.]/g, "");
  return inside === "" ? "" : `(?![${inside}])`;
}

function groupOf(part: Part): string {
  return part.alphabet === "" ? sourceOf(part) : `(${sourceOf(part)})`;
}

function sourceOf({ alphabet, literal, least, most }: Part): string {
  if (alphabet === "") return literal.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
  return `[${alphabet}]{${least},${most}}`;
}

function exampleOfPart({ alphabet, literal, least }: Part): string {
  return alphabet === "" ? literal : sampleOf(alphabet, least);
}

function leastLength(parts: readonly Part[]): number {
  return parts.reduce((sum, { literal, least }) => sum + literal.length + least, 0);
}

function filledIn({ alphabet, literal, least }: Part): string {
  return alphabet === "" ? literal : "x".repeat(least);
}

function fill(parts: readonly Part[], sample: string): string {
  return parts.map(({ alphabet, literal }) => (alphabet === "" ? literal : sample)).join("");
}

function isRandomBody(body: string): boolean {
  return !isFilledIn(body) && (body.length < 16 || shannonEntropy(body) >= ENTROPY_FLOOR);
}
