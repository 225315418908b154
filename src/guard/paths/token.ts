import { canonicalBase32, isBase32 } from "./base32.ts";
import { canBegin, isLetter, isWord, UNDERSCORE } from "./characters.ts";
import { SHORT_CODE_LENGTH } from "./short-code.ts";

export const ROOT_WORD = "DIR_";
export const OPAQUE_WORD = "FILE_";

/** Something of the form of an alias, where an alias can stand: `DIR_…`, `FILE_…`. */
export interface AliasToken {
  readonly kind: "root" | "opaque";
  readonly start: number;
  /** The first `_`; of more than one, all but the first are stuffing (see `conceal.ts`). */
  readonly underscore: number;
  readonly underscores: number;
  /** Behind the code. */
  readonly end: number;
  /** In its canonical spelling. */
  readonly code: string;
  /** The path of a URI, whose slash in front belongs to the alias. */
  readonly inUri: boolean;
}

/** A 16 byte tag and one byte of path. */
const SEALED_MIN_LENGTH = 28;

/** The token whose first `_` stands at `underscore`; null when there is none. */
export function tokenAt(text: string, underscore: number): AliasToken | null {
  const kind = kindBefore(text, underscore);
  if (kind === null) return null;
  const start = underscore - (kind === "root" ? ROOT_WORD : OPAQUE_WORD).length + 1;

  let from = underscore + 1;
  while (text.charCodeAt(from) === UNDERSCORE) from += 1;
  let end = from;
  while (isBase32(text.charCodeAt(end))) end += 1;
  if (!isCodeLength(end - from, kind) || isWord(text.charCodeAt(end))) return null;

  const inUri = isUriPath(text, start - 1);
  if (!inUri && !canBegin(text, start)) return null;
  const code = canonicalBase32(text.slice(from, end));
  return { kind, start, underscore, underscores: from - underscore, end, code, inUri };
}

/** Whether the path of a URI without a foreign host begins at `slash`: `file:///`, `repo:///`. */
export function isUriPath(text: string, slash: number): boolean {
  if (text[slash] !== "/") return false;
  const host = text.startsWith("localhost", slash - 9) && slash >= 9 ? 9 : 0;
  const at = slash - host - 3;
  return at > 0 && text.startsWith("://", at) && isLetterOrDigit(text.charCodeAt(at - 1));
}

function isLetterOrDigit(unit: number): boolean {
  return isWord(unit) && unit !== UNDERSCORE;
}

function isCodeLength(length: number, kind: AliasToken["kind"]): boolean {
  if (length === SHORT_CODE_LENGTH) return true;
  return kind === "opaque" && length >= SEALED_MIN_LENGTH;
}

function kindBefore(text: string, underscore: number): AliasToken["kind"] | null {
  // The last letter tells most words apart at once: snake_case is full of underscores.
  switch (letterAt(text, underscore - 1)) {
    case LETTER_R:
      return isWordBefore(text, underscore, DIR) ? "root" : null;
    case LETTER_E:
      return isWordBefore(text, underscore, FILE) ? "opaque" : null;
    default:
      return null;
  }
}

const LETTER_E = 0x65;
const LETTER_R = 0x72;
const DIR = unitsOf("dir");
const FILE = unitsOf("file");

function isWordBefore(text: string, underscore: number, word: readonly number[]): boolean {
  const start = underscore - word.length;
  return start >= 0 && word.every((letter, index) => letterAt(text, start + index) === letter);
}

/** In lower case, if it is a letter. */
function letterAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return isLetter(unit) ? unit | 0x20 : unit;
}

function unitsOf(word: string): readonly number[] {
  return [...word].map((letter) => letter.charCodeAt(0));
}
