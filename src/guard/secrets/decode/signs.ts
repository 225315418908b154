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

type Range = readonly [first: number, last: number];

/** Control characters that are no white space between two tokens (C0 and C1, ECMA-48). */
const CONTROLS: readonly Range[] = [
  [0x00, 0x08],
  [0x0b, 0x0c],
  [0x0e, 0x1f],
  [0x7f, 0x9f],
];
/** Characters that stand for ASCII, or for nothing, and first halves of such. */
const FOREIGN: readonly Range[] = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x370, 0x4ff],
  [0x115f, 0x1160],
  [0x180b, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x2064],
  [0x2100, 0x214f],
  [0x2460, 0x24ff],
  [0x3164, 0x3164],
  [0xd835, 0xd835],
  [0xdb40, 0xdb40],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xff01, 0xffdc],
];
const CHARACTERS: readonly (readonly [sign: number, characters: string])[] = [
  [SIGN.backslash, "\\"],
  [SIGN.percent, "%"],
  [SIGN.ampersand, "&"],
  [SIGN.equals, "="],
  [SIGN.quote, "\"'`"],
  [SIGN.lineFeed, "\n"],
];

export const CONTROL_SOURCE = classOf(CONTROLS);
export const FOREIGN_SOURCE = classOf(FOREIGN);

/** By UTF-16 code unit, the sign that it is. */
export const SIGNS = new Uint16Array(0x10000);
for (const [first, last] of CONTROLS) SIGNS.fill(SIGN.control, first, last + 1);
for (const [first, last] of FOREIGN) SIGNS.fill(SIGN.foreign, first, last + 1);
for (const [sign, characters] of CHARACTERS) {
  for (const character of characters) SIGNS[character.charCodeAt(0)] = sign;
}

/** Source of a class of characters. */
function classOf(ranges: readonly Range[]): string {
  const escaped = (code: number) => `\\u${code.toString(16).padStart(4, "0")}`;
  return `[${ranges.map(([first, last]) => `${escaped(first)}-${escaped(last)}`).join("")}]`;
}
