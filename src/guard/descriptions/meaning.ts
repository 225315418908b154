import { lookAlikeOf } from "../secrets/decode/look-alikes.ts";
import { CJK_LEXICON, CONCEPTS, FOREIGN_LEXICON, LEXICON, LITERAL } from "./concepts.ts";
import { LITERALS } from "./rules.ts";

export interface Meaning {
  readonly bits: number;
  /** In lower case, without accents and disguises; empty for a path or a name. */
  readonly text: string;
  /** One bit, shared with others, where rules ask for the word itself. */
  readonly mask: number;
}

const ADDRESS: Meaning = { bits: CONCEPTS.address, text: "", mask: 0 };

/** Longer ones are no words, and no paths. */
const WORD_MAX_LENGTH = 256;

const CREDENTIAL_FILE = new RegExp(
  [
    String.raw`id_(?:rsa|dsa|ecdsa|ed25519)|(?:^|[/\\~])\.(?:ssh|aws|gnupg|kube|azure)(?:[/\\]|$)`,
    String.raw`(?:^|[/\\~])\.(?:env|netrc|pgpass|npmrc|pypirc|git-credentials|bash_history|zsh_history)\b`,
    String.raw`\b(?:mcp|claude_desktop_config|credentials|secrets|auth)\.(?:json|ya?ml)\b`,
    String.raw`/etc/(?:passwd|shadow|sudoers)\b|wallet\.dat|authorized_keys|cookies\.sqlite`,
    String.raw`\.(?:cursor|docker|codeium)[/\\]|[/\\](?:keychain|\.config[/\\]gcloud)`,
  ].join("|"),
  "i",
);
const URL = /^[a-z][a-z0-9+.-]{1,16}:\/\//i;
const WALLET = /^0x[0-9a-f]{16,64}$/i;
const MAIL = /^[^@/\s]{1,64}@[^@/\s]{1,190}\.[a-z]{2,24}$/i;
const IDENTIFIER = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$|^[a-z]+[A-Z][A-Za-z]*$/;

/** What a word, path, address or URL stands for; null where it is nothing to any rule. */
export function meaningOf(token: string): Meaning | null {
  if (token.length > WORD_MAX_LENGTH) return null;
  const plain = trimmed(token);
  const found = lookUp(plain);
  if (WALLET.test(plain)) return ADDRESS;
  const isName = IDENTIFIER.test(plain);
  let bits = (found?.bits ?? 0) | (isName ? CONCEPTS.name : 0);
  if (COMPOUND.test(plain)) bits |= compoundBits(plain);
  if (bits === 0 || bits === found?.bits) return found;
  return { bits, text: found?.text ?? "", mask: found?.mask ?? 0 };
}

function compoundBits(plain: string): number {
  if (URL.test(plain) || MAIL.test(plain)) return CONCEPTS.address;
  const file = CREDENTIAL_FILE.test(plain) ? CONCEPTS.file : 0;
  // The parts of a name tell what it is called, not what is to be done.
  return file | (plain.includes("_") ? 0 : subwords(plain));
}

const COMPOUND = /[/\\.:@_~-]/;

function trimmed(token: string): string {
  return token.replace(/[.,;:'’/\\-]{1,8}$/, "");
}

function subwords(token: string): number {
  let bits = 0;
  for (const part of token.split(/[/\\.:@~-]/)) {
    if (part !== "") bits |= (lookUp(part)?.bits ?? 0) & ~LITERAL;
  }
  return bits;
}

const ASCII = /^[\x20-\x7e]*$/;
const LEET = /[0134578@$]/;
const LETTER = /\p{L}/u;

/** A word as written, without accents and disguises, or with digits for letters. */
function lookUp(word: string): Meaning | null {
  const lower = word.toLowerCase().replace("’", "'");
  const plain = ASCII.test(lower) ? lower : folded(lower);
  const found = known(plain);
  if (found !== null || !LEET.test(plain) || !LETTER.test(plain)) return found;
  const spelt = plain.replace(/[034578@$]/g, (digit) => DIGITS[digit] ?? digit);
  return known(spelt.replaceAll("1", "i")) ?? known(spelt.replaceAll("1", "l"));
}

const DIGITS: { readonly [digit: string]: string } = {
  ...{ "0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b" },
  ...{ "@": "a", $: "s" },
};

const MEANINGS = meanings();

/** By first letter, last letter and length of words: most words are known to be none of them. */
const SHAPES = shapes();

/** Whether a word of ASCII letters may be a known one, from its first and last letter and length. */
export function isWorthAsking(first: number, last: number, length: number): boolean {
  return SHAPES[shapeOf(first, last, length)] === 1;
}

function shapes(): Uint8Array {
  const table = new Uint8Array(1 << 15);
  for (const word of MEANINGS.keys()) {
    table[shapeOf(word.charCodeAt(0), word.charCodeAt(word.length - 1), word.length)] = 1;
  }
  return table;
}

/** Letters without their case. */
function shapeOf(first: number, last: number, length: number): number {
  return ((first & 31) << 10) | ((last & 31) << 5) | Math.min(length, 31);
}

/** What a word in lower case stands for, without accents and disguises. */
export function known(word: string): Meaning | null {
  return MEANINGS.get(word.endsWith("'s") ? word.slice(0, -2) : word) ?? null;
}

function meanings(): ReadonlyMap<string, Meaning> {
  const words = [
    ...LEXICON.keys(),
    ...FOREIGN_LEXICON.keys(),
    ...CJK_LEXICON.keys(),
    ...LITERALS.keys(),
  ];
  return new Map(
    words.map((text) => {
      const own = (LEXICON.get(text) ?? 0) | (FOREIGN_LEXICON.get(text) ?? 0);
      const mask = LITERALS.get(text) ?? 0;
      const bits = own | (CJK_LEXICON.get(text) ?? 0) | (mask === 0 ? 0 : LITERAL);
      return [text, { bits, text, mask }];
    }),
  );
}

const HAS_LATIN = /[a-z]/;

/** Without accents; where scripts are mixed, letters that only look Latin are taken for Latin. */
function folded(word: string): string {
  const bare = word.normalize("NFKD").replace(/\p{M}/gu, "");
  if (ASCII.test(bare) || !HAS_LATIN.test(bare)) return bare.normalize("NFC");
  return Array.from(bare, (letter) => lookAlikeOf(letter) ?? letter)
    .join("")
    .toLowerCase();
}
