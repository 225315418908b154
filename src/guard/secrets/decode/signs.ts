/** Bits of what a text holds, so that nobody looks for what is not there. */
export const SIGN = {
  control: 1 << 8,
  backslash: 1 << 9,
  percent: 1 << 10,
  ampersand: 1 << 11,
  equals: 1 << 12,
  quote: 1 << 13,
  /** What looks like ASCII and is not, or cannot be seen. */
  foreign: 1 << 14,
  lineFeed: 1 << 15,
} as const;

/** For a text of which nothing is known. */
export const ALL_SIGNS = 0xff << 8;

const SIGNS: ReadonlyMap<string, number> = new Map([
  ["\\", SIGN.backslash],
  ["%", SIGN.percent],
  ["&", SIGN.ampersand],
  ["=", SIGN.equals],
  ['"', SIGN.quote],
  ["'", SIGN.quote],
  ["`", SIGN.quote],
  ["\n", SIGN.lineFeed],
]);

/** Control characters that are no white space between two tokens (C0 and C1, ECMA-48). */
export const CONTROL_SOURCE = String.raw`[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]`;
/** Characters that stand for ASCII, or for nothing, and halves of such. */
export const FOREIGN_SOURCE =
  "[\\u00ad\\u034f\\u0370-\\u04ff\\u115f\\u1160\\u180b-\\u180e\\u200b-\\u200f\\u202a-\\u202e" +
  "\\u2060-\\u2064\\u2100-\\u214f\\u2460-\\u24ff\\u3164\\ud835\\udb40\\ufe00-\\ufe0f\\ufeff" +
  "\\uff01-\\uffdc]";
const CONTROL = new RegExp(CONTROL_SOURCE);
const FOREIGN = new RegExp(FOREIGN_SOURCE);

/** The sign that a UTF-16 code unit is, or 0. */
export function signOf(code: number): number {
  const character = String.fromCharCode(code);
  const sign = SIGNS.get(character);
  if (sign !== undefined) return sign;
  if (CONTROL.test(character)) return SIGN.control;
  return FOREIGN.test(character) ? SIGN.foreign : 0;
}
