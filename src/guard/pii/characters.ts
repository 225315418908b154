/** What characters are to the detectors; codes are UTF-16 code units, NaN outside the text. */

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

export function isLetter(code: number): boolean {
  return isUpper(code) || (code >= 0x61 && code <= 0x7a);
}

export function isAlphanumeric(code: number): boolean {
  return isDigit(code) || isLetter(code);
}

/** A space, no-break and thin ones too. */
export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0xa0 || code === 0x2009 || code === 0x202f;
}

/** A hyphen or a dash such as word processors make of it. */
export function isHyphen(code: number): boolean {
  return code === 0x2d || (code >= 0x2010 && code <= 0x2013) || code === 0x2212;
}

/** `. / ( )`, a space or a hyphen: what may stand between the groups of a number. */
export function isJoint(code: number): boolean {
  if (code === 0x20 || (code >= 0x2d && code <= 0x2f) || code === 0x28 || code === 0x29)
    return true;
  return code >= 0x80 && (isSpace(code) || isHyphen(code));
}

/**
 * Whether the letter before `start` belongs to an escape such as `\n`, as in JSON within a string:
 * then it continues no word.
 */
export function isEscapeBefore(text: string, start: number): boolean {
  return text.charCodeAt(start - 2) === 0x5c && "nrtbf".includes(text.charAt(start - 1));
}

/** Whether a value that starts here is not the rest of a longer word, number, path or version. */
export function startsFree(text: string, start: number): boolean {
  const before = text.charCodeAt(start - 1);
  if (Number.isNaN(before)) return true;
  if (isAlphanumeric(before)) return isEscapeBefore(text, start);
  return !NOT_BEFORE.has(before) && !isHyphen(before);
}

/** Whether a value that ends here goes on in no way. */
export function endsFree(text: string, end: number): boolean {
  const after = text.charCodeAt(end);
  if (Number.isNaN(after)) return true;
  if (isAlphanumeric(after) || NOT_AFTER.has(after)) return false;
  return !(CONTINUES.has(after) && isAlphanumeric(text.charCodeAt(end + 1)));
}

const NOT_BEFORE = codesOf("_./+$€£¥@%~^");
const NOT_AFTER = codesOf("_%$€£¥@^");
const CONTINUES = codesOf("-./+");

function codesOf(characters: string): ReadonlySet<number> {
  return new Set(Array.from(characters, (character) => character.charCodeAt(0)));
}
