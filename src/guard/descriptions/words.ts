import { lookAlikeOf } from "../secrets/decode/look-alikes.ts";
import { CJK_LEXICON, CONCEPTS, FOREIGN_LEXICON, LEXICON, LITERAL } from "./concepts.ts";
import { LITERALS } from "./literals.ts";

/** A word that stands for something, or the end of a sentence (`bits` 0). */
export interface Word {
  readonly start: number;
  readonly end: number;
  readonly bits: number;
  /** In lower case, without accents and disguises. */
  readonly text: string;
  /** Which word of the text it is; those that stand for nothing count too. */
  readonly position: number;
}

/** Longer ones are no words, and no paths. */
const WORD_MAX_LENGTH = 256;

const SCRIPT_WITHOUT_SPACES = String.raw`\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af`;
/**
 * A mark of ours; the end of a sentence; a run of a script without spaces; letters far apart; a
 * word, path, address or URL.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<mark>\[REMOVED:[a-z_]{1,32}\])`,
    String.raw`(?<end>[.!?]+(?=[\s"')\]*]|$)|[。！？；]|\n[ \t\r]*\n)`,
    `(?<run>[${SCRIPT_WITHOUT_SPACES}]+)`,
    String.raw`(?<spaced>(?<!\S)\S(?: {1,3}\S(?!\S)){7,}|(?<![\p{L}\p{N}])[\p{L}\p{N}](?:[._*|-]{1,3}[\p{L}\p{N}](?![\p{L}\p{N}])){5,})`,
    String.raw`(?<word>[~.$@/\\\\]{0,4}(?:(?![${SCRIPT_WITHOUT_SPACES}])[\p{L}\p{M}\p{N}])(?:(?![${SCRIPT_WITHOUT_SPACES}])[\p{L}\p{M}\p{N}_'’./\\:@~$-])*)`,
  ].join("|"),
  "gu",
);

/** What a sentence is made of, as far as rules ask. Reads the text once. */
export function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  let position = 0;
  for (const { index, groups = {}, 0: token } of text.matchAll(TOKEN)) {
    const end = index + token.length;
    if (groups.word !== undefined) {
      position++;
      const meaning = meaningOf(token);
      if (meaning !== null) words.push({ start: index, end, ...meaning, position });
      if (token.endsWith(".") && token.length > 1) words.push(endAt(end - 1, end, position));
    } else if (groups.run !== undefined) {
      position = addRun(words, token, index, position);
    } else if (groups.spaced !== undefined) {
      position = addSpaced(words, token, index, position);
    } else {
      words.push(endAt(index, end, position));
    }
  }
  return words;
}

function endAt(start: number, end: number, position: number): Word {
  return { start, end, bits: 0, text: "", position };
}

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

interface Meaning {
  readonly bits: number;
  readonly text: string;
}

function meaningOf(token: string): Meaning | null {
  if (token.length > WORD_MAX_LENGTH) return null;
  const plain = trimmed(token);
  const found = lookUp(plain);
  if (WALLET.test(plain)) return { bits: CONCEPTS.address, text: "" };
  const isName = IDENTIFIER.test(plain);
  let bits = (found?.bits ?? 0) | (isName ? CONCEPTS.name : 0);
  if (COMPOUND.test(plain)) bits |= compoundBits(plain);
  return bits === 0 ? null : { bits, text: found?.text ?? "" };
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

function known(word: string): Meaning | null {
  const text = word.endsWith("'s") ? word.slice(0, -2) : word;
  const bits =
    (LEXICON.get(text) ?? 0) |
    (FOREIGN_LEXICON.get(text) ?? 0) |
    (LITERALS.has(text) ? LITERAL : 0);
  return bits === 0 ? null : { bits, text };
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

const LONGEST_IN_RUN = 5;

/** Words of a script without spaces, the longest first; two characters else count as a word. */
function addRun(words: Word[], run: string, offset: number, before: number): number {
  let position = before;
  for (let at = 0; at < run.length; ) {
    const length = longestAt(run, at);
    const text = run.slice(at, at + length);
    const bits = (FOREIGN_LEXICON.get(text) ?? 0) | (CJK_LEXICON.get(text) ?? 0);
    position += bits === 0 ? 0.5 : 1;
    const start = offset + at;
    if (bits !== 0) words.push({ start, end: start + length, bits, text, position });
    at += length;
  }
  return position;
}

function longestAt(run: string, at: number): number {
  for (let length = LONGEST_IN_RUN; length > 1; length--) {
    const text = run.slice(at, at + length);
    if (FOREIGN_LEXICON.has(text) || CJK_LEXICON.has(text)) return length;
  }
  return 1;
}

/**
 * `i g n o r e   a l l`: more than one space, or another separator, parts the words. Where nothing
 * does, known words are looked for, the longest first.
 */
function addSpaced(words: Word[], token: string, offset: number, before: number): number {
  let position = before;
  const parts = token.split(/([ ._*|-]{2,3})/);
  let at = offset;
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) {
      const isWhole = parts.length > 1 || part.length < SPACED_WORD_MAX_LENGTH;
      position = isWhole
        ? addLetters(
            words,
            part.replaceAll(/[ *|]|(?<=\w)[.-](?=\w)/g, ""),
            at,
            at + part.length,
            position,
          )
        : addUnparted(words, part, at, position);
    }
    at += part.length;
  }
  return position;
}

const SPACED_WORD_MAX_LENGTH = 24;

function addLetters(
  words: Word[],
  letters: string,
  start: number,
  end: number,
  before: number,
): number {
  const meaning = meaningOf(letters);
  if (meaning !== null) words.push({ start, end, ...meaning, position: before + 1 });
  return before + 1;
}

/** Every second character is a letter. */
function addUnparted(words: Word[], part: string, offset: number, before: number): number {
  const letters = part.replace(/(.)[ ._*|-]/gs, "$1");
  let position = before;
  for (let at = 0; at < letters.length; ) {
    const length = longestWordAt(letters, at);
    const text = letters.slice(at, at + length).toLowerCase();
    const meaning = length > 1 ? known(text) : null;
    position += meaning === null ? 0.2 : 1;
    if (meaning !== null) {
      words.push({
        start: offset + 2 * at,
        end: offset + 2 * (at + length) - 1,
        ...meaning,
        position,
      });
    }
    at += length;
  }
  return position;
}

const SPELT_LONGEST = 14;
const SPELT_SHORTEST = 3;

function longestWordAt(letters: string, at: number): number {
  for (let length = SPELT_LONGEST; length >= SPELT_SHORTEST; length--) {
    if (at + length <= letters.length && known(letters.slice(at, at + length).toLowerCase())) {
      return length;
    }
  }
  return 1;
}
