import { isDigit, isLetter } from "./characters.ts";
import type { Subject } from "./subject.ts";

/** Tells whether words beside a number say what it is. */
export interface Naming {
  /** Whether the text before `start`, or the key that names all of it, has one of the words. */
  isNamed(start: number, words: RegExp): boolean;
}

/** How far in front of a value the words that say what it is may stand. */
const REACH = 48;
/** Behind a number of so many digits, the words in front of it were about that one. */
const OTHER_NUMBER_LENGTH = 4;
const KEY_MAX_LENGTH = 128;

/** `anyWord` matches wherever any pattern does that will be asked for: most texts have none. */
export function createNaming({ text, name }: Subject, anyWord: RegExp): Naming {
  const key = name === null ? "" : asWords(name.slice(-KEY_MAX_LENGTH));
  const hasKey = key !== "" && anyWord.test(key);
  let readUpTo = -1;
  let before = "";

  return {
    isNamed(start, words) {
      if (hasKey && words.test(key)) return true;
      if (start !== readUpTo) {
        before = wordsBefore(text, start, anyWord);
        readUpTo = start;
      }
      return before !== "" && words.test(before);
    },
  };
}

/** `phoneNumber`, `phone_number` and `phone-number` as separate words, in lower case. */
export function asWords(text: string): string {
  return text
    .replace(/([a-z])(?=[A-Z])/g, "$1 ")
    .replace(/[_.-]/g, " ")
    .toLowerCase();
}

/**
 * A pattern for whole words, each written in lower case with single spaces; a plural `s` may follow.
 */
export function wordsPattern(words: readonly string[]): RegExp {
  return new RegExp(`(?<!\\p{L})(?:${words.join("|")})s?(?!\\p{L})`, "u");
}

/** What stands before `start`, as words; empty when none of them is asked for. */
function wordsBefore(text: string, start: number, anyWord: RegExp): string {
  const floor = Math.max(0, start - REACH);
  let digits = 0;
  let hasLetters = false;
  let at = start;
  while (at > floor && digits < OTHER_NUMBER_LENGTH) {
    const code = text.charCodeAt(--at);
    digits = isDigit(code) ? digits + 1 : 0;
    hasLetters ||= isLetter(code) || code > 0x7f;
  }
  if (!hasLetters) return "";
  const window = asWords(text.slice(at, start));
  return anyWord.test(window) ? window : "";
}
