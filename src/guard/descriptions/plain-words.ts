import { isWorthAsking, known, type Meaning, meaningOf } from "./meaning.ts";
import { endAt, type Word, wordAt } from "./word.ts";

/**
 * The words of a text in plain ASCII, by hand: descriptions are many, and nearly all of them are
 * such. Letters set apart, and marks of ours, are left to the other reader.
 */

const LETTER = 1;
/** What else a word is made of: digits, and what joins the parts of a path, name or URL. */
const JOINT = 2;
const SIGN = 3;

const KINDS = kinds();
/** So many letters, each by itself, may be words set apart. */
const SINGLES_MAX = 4;
const MARK = "[REMOVED:";
const SET_APART = /^\w(?:[._-]{1,3}\w(?!\w)){4}/;

/** Null where the text is not as plain as that. */
export function plainWordsOf(text: string): readonly Word[] | null {
  if (text.includes(MARK)) return null;
  const words: Word[] = [];
  let position = 0;
  let singles = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code > LAST_ASCII) return null;
    if (!beginsWord(text, at, code)) {
      at = addEnd(words, text, at, position);
      continue;
    }
    const end = wordEnd(text, at);
    singles = end - at === 1 ? singles + 1 : 0;
    if (singles > SINGLES_MAX || isSetApart(text, at, end)) return null;
    position++;
    const meaning = meaningAt(text, at, end);
    if (meaning !== null) words.push(wordAt(at, end, position, meaning));
    at = end;
  }
  return words;
}

/** Goes on behind what is no word, the end of a sentence perhaps. */
function addEnd(words: Word[], text: string, at: number, position: number): number {
  const end = sentenceEnd(text, at, text.charCodeAt(at));
  if (end > at) words.push(endAt(at, end, position));
  return Math.max(at + 1, end);
}

const LAST_ASCII = 0x7e;

function isSetApart(text: string, start: number, end: number): boolean {
  const second = KINDS[text.charCodeAt(start + 1)];
  return end - start > SINGLES_MAX && second === JOINT && SET_APART.test(text.slice(start, end));
}

function meaningAt(text: string, start: number, end: number): Meaning | null {
  if (!isSimple(text, start, end)) return meaningOf(text.slice(start, end));
  if (!isWorthAsking(text.charCodeAt(start), text.charCodeAt(end - 1), end - start)) return null;
  return known(text.slice(start, end).toLowerCase());
}

/** A letter or digit does, and the joints before a path: `~/.ssh`, `/etc`, `.env`, `@name`. */
function beginsWord(text: string, at: number, first: number): boolean {
  const kind = KINDS[first];
  if (kind === LETTER || kind !== JOINT) return kind === LETTER;
  for (let next = at; next < at + 4; next++) {
    const code = text.charCodeAt(next);
    const kind = KINDS[code];
    if (kind === LETTER || (code >= 0x30 && code <= 0x39)) return true;
    if (kind !== JOINT || !OPENS.has(code)) return false;
  }
  return false;
}

const OPENS: ReadonlySet<number> = new Set(Array.from("~.$@/\\", (sign) => sign.charCodeAt(0)));

function wordEnd(text: string, start: number): number {
  let end = start;
  let last = start;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    const kind = KINDS[code] ?? 0;
    if (kind !== LETTER && kind !== JOINT) break;
    end++;
    if (kind === LETTER || (code >= 0x30 && code <= 0x39)) last = end;
  }
  return last;
}

/** Letters alone, none of them a capital within. */
function isSimple(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (KINDS[code] !== LETTER) return false;
    const isInner = at > start && code < 0x60 && text.charCodeAt(at - 1) > 0x60;
    if (isInner) return false;
  }
  return true;
}

/** Where a sentence's end is over; `at` where there is none. */
function sentenceEnd(text: string, at: number, code: number): number {
  if (KINDS[code] === SIGN || code === DOT) {
    let end = at;
    while (isMark(text.charCodeAt(end))) end++;
    return end === text.length || FOLLOWS.has(text.charCodeAt(end)) ? end : at;
  }
  if (code !== NEWLINE) return at;
  let end = at + 1;
  while (BLANK.has(text.charCodeAt(end))) end++;
  return text.charCodeAt(end) === NEWLINE ? end + 1 : at;
}

const DOT = 0x2e;
const NEWLINE = 0x0a;
const BLANK: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d]);
const FOLLOWS: ReadonlySet<number> = new Set(
  Array.from(" \t\r\n\f\v\"')]*", (sign) => sign.charCodeAt(0)),
);

function isMark(code: number): boolean {
  return code === DOT || code === 0x21 || code === 0x3f;
}

function kinds(): Uint8Array {
  const table = new Uint8Array(128);
  for (const letter of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
    table[letter.charCodeAt(0)] = LETTER;
  }
  for (const joint of "0123456789_'./\\:@~$-") table[joint.charCodeAt(0)] = JOINT;
  for (const sign of "!?") table[sign.charCodeAt(0)] = SIGN;
  return table;
}
