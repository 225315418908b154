import {
  endsFree,
  isAlphanumeric,
  isDigit,
  isHyphen,
  isLetter,
  isSpace,
  isUpper,
  startsFree,
} from "./characters.ts";
import type { Extent } from "./subject.ts";

/**
 * The written form of a number, one character for each of its own: `#` is a digit, `A` a letter,
 * `*` a digit or a letter, ` ` any space, `-` any hyphen; everything else stands for itself.
 */
export interface Template {
  readonly source: string;
  /** Characters before the first digit. */
  readonly lead: number;
  /** How long the first unbroken group of digits can be. */
  readonly firstDigits: readonly number[];
  /** All digits, nothing else. */
  readonly bare: boolean;
}

export function compileTemplate(source: string): Template {
  const lead = source.indexOf("#");
  const [, digits = "", either = ""] = /(#+)(\**)/.exec(source) ?? [];
  const firstDigits = Array.from({ length: either.length + 1 }, (_, more) => digits.length + more);
  return { source, lead, firstDigits, bare: /^#+$/.test(source) };
}

/**
 * Where the template stands in the text, given where its first digit does; null when it does not,
 * or when it is a part of something longer. Letters are capitals unless `anyCase`.
 */
export function matchTemplate(
  text: string,
  firstDigit: number,
  { source, lead }: Template,
  anyCase: boolean,
): Extent | null {
  const start = firstDigit - lead;
  if (start < 0 || firstDigit + source.length - lead > text.length) return null;
  for (let at = 0; at < source.length; at++) {
    if (!fits(text.charCodeAt(start + at), source.charCodeAt(at), anyCase)) return null;
  }
  const end = start + source.length;
  return startsFree(text, start) && endsFree(text, end) ? { start, end } : null;
}

const DIGIT = 0x23;
const LETTER = 0x41;
const EITHER = 0x2a;
const SPACE = 0x20;
const HYPHEN = 0x2d;

function fits(code: number, wanted: number, anyCase: boolean): boolean {
  switch (wanted) {
    case DIGIT:
      return isDigit(code);
    case LETTER:
      return anyCase ? isLetter(code) : isUpper(code);
    case EITHER:
      return anyCase ? isAlphanumeric(code) : isDigit(code) || isUpper(code);
    case SPACE:
      return isSpace(code);
    case HYPHEN:
      return isHyphen(code);
    default:
      return code === wanted;
  }
}

/** Letters and digits of a match, in capitals, without what separates them. */
export function compactValue(text: string, { start, end }: Extent): string {
  return text
    .slice(start, end)
    .replace(/[^0-9A-Za-z]/g, "")
    .toUpperCase();
}
