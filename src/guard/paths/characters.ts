/**
 * What may stand in a path, and beside one, in running text. Concealing and revealing must agree
 * on each of these to the letter: it is what makes one the exact inverse of the other.
 */

export const SLASH = 0x2f;
export const BACKSLASH = 0x5c;
export const DOT = 0x2e;
export const COLON = 0x3a;
export const TILDE = 0x7e;
export const DOLLAR = 0x24;
export const UNDERSCORE = 0x5f;
const PLUS = 0x2b;
const MINUS = 0x2d;
const AT = 0x40;
const LESS = 0x3c;
const GREATER = 0x3e;
const NEWLINE = 0x0a;

const WORD = 1;
const NAME = 2;
const CLASSES = classesOf();

/** A letter or digit of ASCII, or `_`. */
export function isWord(unit: number): boolean {
  return unit < 128 && CLASSES[unit] === WORD;
}

/** A character that goes on with a file's name; spaces, brackets and punctuation end one. */
export function isName(unit: number): boolean {
  if (unit < 128) return CLASSES[unit] !== 0;
  if (unit < 0x2000) return unit >= 0xc0;
  // Behind the end of a text, there is no number.
  if (Number.isNaN(unit)) return false;
  const isPunctuation =
    unit <= 0x206f ||
    (unit >= 0x3000 && unit <= 0x303f) ||
    (unit >= 0xfe30 && unit <= 0xfe4f) ||
    unit >= 0xfe70;
  // A half of a pair cannot be told from a broken one here, and a name must survive UTF-8.
  const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
  return !isPunctuation && !isSurrogate;
}

export function isLetter(unit: number): boolean {
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/**
 * Whether a path can begin at `start`: not inside a relative path, a word or a URL. A letter may
 * stand in front as a JSON escape (`\n/srv`) or a flag (`-I/usr`), a sign as in a diff or `@/etc`.
 */
export function canBegin(text: string, start: number): boolean {
  if (start === 0) return true;
  const before = text.charCodeAt(start - 1);
  switch (before) {
    case SLASH:
    case DOT:
    case BACKSLASH:
    case TILDE:
      return false;
    case PLUS:
    case MINUS:
    case AT:
      return start === 1 || isApart(text.charCodeAt(start - 2));
    default:
      break;
  }
  if (before >= 128) return true;
  if (CLOSING.has(before)) return false;
  if (!isName(before)) return true;
  return isLetter(before) && start > 1 && isEscapeOrFlag(text, start);
}

/** Whether a path that ends at `end` is whole: what follows would not go on with its last name. */
export function canEnd(text: string, end: number): boolean {
  let at = end;
  while (text.charCodeAt(at) === DOT) at += 1;
  if (at === text.length) return true;
  const after = text.charCodeAt(at);
  return !isName(after) && (after !== SLASH || at === end);
}

/** Whether `</name>` of XML stands around these characters, and no path. */
export function isClosingTag(text: string, start: number, end: number): boolean {
  return text.charCodeAt(start - 1) === LESS && text.charCodeAt(end) === GREATER;
}

/** `$(pwd)/a`, `${BASE}/a`, `[id]/a`, `**` and `/a` go on with something. */
const CLOSING: ReadonlySet<number> = new Set([...")]}*"].map((sign) => sign.charCodeAt(0)));
const ESCAPES: ReadonlySet<number> = new Set([..."bfnrtv"].map((sign) => sign.charCodeAt(0)));

function isApart(unit: number): boolean {
  return unit === NEWLINE || (!isName(unit) && unit !== SLASH && unit !== DOT);
}

function isEscapeOrFlag(text: string, start: number): boolean {
  const second = text.charCodeAt(start - 2);
  if (second === BACKSLASH) return ESCAPES.has(text.charCodeAt(start - 1));
  return second === MINUS && (start === 2 || isApart(text.charCodeAt(start - 3)));
}

function classesOf(): Uint8Array {
  const classes = new Uint8Array(128);
  for (let unit = 0; unit < 128; unit += 1) {
    if (/\w/.test(String.fromCharCode(unit))) classes[unit] = WORD;
  }
  for (const sign of "+-@%~") classes[sign.charCodeAt(0)] = NAME;
  return classes;
}
