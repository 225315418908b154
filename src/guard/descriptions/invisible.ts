import type { Severity } from "../../core/finding.ts";

/** Characters that nobody sees and every model reads, and where they have good use. */

export interface Invisible {
  readonly kind: string;
  readonly severity: Severity;
}

/** What a character stands between, and what else its text holds. */
export interface Surroundings {
  readonly text: string;
  /** Offset of the character, and of what follows it. */
  readonly start: number;
  readonly end: number;
  /** Whether letters of the text are written from right to left. */
  readonly isRightToLeft: boolean;
}

/** In the order of the code points. */
const RANGES: readonly {
  readonly from: number;
  readonly to: number;
  readonly found: Invisible;
  /** Whether it is at home where it stands. */
  readonly fits?: (around: Surroundings) => boolean;
}[] = [
  { from: 0xad, to: 0xad, found: low("soft_hyphen"), fits: isBetweenLetters },
  { from: 0x34f, to: 0x34f, found: low("zero_width"), fits: isBehindMark },
  { from: 0x61c, to: 0x61c, found: medium("bidi_control"), fits: isInRightToLeft },
  { from: 0x115f, to: 0x1160, found: medium("invisible_filler"), fits: isBesideJamo },
  { from: 0x17b4, to: 0x17b5, found: medium("invisible_filler") },
  { from: 0x180b, to: 0x180f, found: medium("zero_width"), fits: isBehind(/[\u1800-\u18af]/) },
  { from: 0x200b, to: 0x200b, found: medium("zero_width"), fits: isBesideUnspacedScript },
  { from: 0x200c, to: 0x200d, found: medium("zero_width"), fits: isJoining },
  { from: 0x200e, to: 0x200f, found: medium("bidi_control"), fits: isInRightToLeft },
  { from: 0x202a, to: 0x202c, found: high("bidi_control"), fits: isInRightToLeft },
  { from: 0x202d, to: 0x202e, found: high("bidi_control") },
  { from: 0x2060, to: 0x2065, found: medium("zero_width") },
  { from: 0x2066, to: 0x2069, found: high("bidi_control"), fits: isInRightToLeft },
  { from: 0x206a, to: 0x206f, found: high("bidi_control") },
  { from: 0x2800, to: 0x2800, found: low("invisible_filler"), fits: isBesideBraille },
  { from: 0x3164, to: 0x3164, found: medium("invisible_filler") },
  { from: 0xd800, to: 0xdfff, found: low("lone_surrogate") },
  { from: 0xe000, to: 0xf8ff, found: medium("private_use") },
  { from: 0xfdd0, to: 0xfdef, found: medium("noncharacter") },
  { from: 0xfe00, to: 0xfe0f, found: medium("variation_selector"), fits: isVariation },
  { from: 0xfeff, to: 0xfeff, found: low("zero_width") },
  { from: 0xffa0, to: 0xffa0, found: medium("invisible_filler") },
  { from: 0xfff0, to: 0xfffb, found: high("annotation_character") },
  { from: 0xfffe, to: 0xffff, found: medium("noncharacter") },
  { from: 0x1bca0, to: 0x1bca3, found: medium("zero_width") },
  { from: 0x1d173, to: 0x1d17a, found: medium("zero_width") },
  {
    from: 0xe0000,
    to: 0xe007f,
    found: { kind: "tag_character", severity: "critical" },
    fits: isFlag,
  },
  { from: 0xe0080, to: 0xe00ff, found: high("tag_character") },
  {
    from: 0xe0100,
    to: 0xe01ef,
    found: high("variation_selector"),
    fits: isBehind(/\p{Script=Han}/u),
  },
  { from: 0xe01f0, to: 0xe0fff, found: high("tag_character") },
  { from: 0xf0000, to: 0x10ffff, found: high("private_use") },
];

/** What a code point is, if it cannot be seen and has no business where it stands. */
export function invisibleAt(code: number, around: Surroundings): Invisible | null {
  const range = RANGES.find(({ to }) => code <= to);
  if (range === undefined || code < range.from) return null;
  return range.fits?.(around) === true ? null : range.found;
}

function low(kind: string): Invisible {
  return { kind, severity: "low" };
}

function medium(kind: string): Invisible {
  return { kind, severity: "medium" };
}

function high(kind: string): Invisible {
  return { kind, severity: "high" };
}

function before({ text, start }: Surroundings): string {
  const unit = text.charCodeAt(start - 1);
  const isLow = unit >= 0xdc00 && unit <= 0xdfff;
  return text.slice(Math.max(0, start - (isLow ? 2 : 1)), start);
}

function after({ text, end }: Surroundings): string {
  const code = text.codePointAt(end);
  return code === undefined ? "" : String.fromCodePoint(code);
}

function isBehind(script: RegExp): (around: Surroundings) => boolean {
  return (around) => script.test(before(around));
}

const LETTER = /\p{L}/u;

/** Where a long word may be broken. */
function isBetweenLetters(around: Surroundings): boolean {
  return LETTER.test(before(around)) && LETTER.test(after(around));
}

function isBehindMark(around: Surroundings): boolean {
  return /\p{M}/u.test(before(around));
}

function isInRightToLeft({ isRightToLeft }: Surroundings): boolean {
  return isRightToLeft;
}

const JAMO = /[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/;

function isBesideJamo(around: Surroundings): boolean {
  return JAMO.test(before(around)) || JAMO.test(after(around));
}

/** Scripts that put no spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer. */
const UNSPACED = /[\u0e00-\u109f\u1780-\u17ff]/;

function isBesideUnspacedScript(around: Surroundings): boolean {
  return UNSPACED.test(before(around)) || UNSPACED.test(after(around));
}

const BRAILLE = /[\u2801-\u28ff]/;

function isBesideBraille(around: Surroundings): boolean {
  return BRAILLE.test(before(around)) || BRAILLE.test(after(around));
}

/** Scripts whose letters join: from Arabic to Mongolian, and the newer blocks of the same. */
const JOINING = /[\u0600-\u109f\u1780-\u18af\ua840-\uabff\ufb50-\ufdfb\ufe70-\ufefc]/;
const PICTOGRAPH = /[\p{Extended_Pictographic}\p{Emoji_Modifier}]/u;

/** Persian and Indic spelling needs joiners, one at a time; so do pictographs made of several. */
function isJoining(around: Surroundings): boolean {
  const last = before(around);
  if (JOINING.test(last)) return true;
  const { text, start } = around;
  const drawn = last === "\ufe0f" ? before({ ...around, start: start - 1 }) : last;
  return PICTOGRAPH.test(drawn) && PICTOGRAPH.test(after({ ...around, text }));
}

/** Characters that have drawn and written forms, and scripts that have variants. */
const VARIED =
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{S}\p{Script=Han}\p{Script=Phags_Pa}]/u;
const VARIED_PUNCTUATION = /[\u1000-\u109f\u203c-\u2bff\u3000-\u303f\uff01-\uff60]/;
const KEYCAP_BASE = /[0-9#*]/;

function isVariation(around: Surroundings): boolean {
  const last = before(around);
  if (KEYCAP_BASE.test(last)) return after(around) === "\u20e3";
  if (last.length === 1 && last < "\u0080") return false;
  return VARIED.test(last) || VARIED_PUNCTUATION.test(last);
}

/** The flags of England, Scotland and Wales are spelt with tags. */
const FLAG =
  /\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}/gu;
const FLAG_LENGTH = 14;

function isFlag({ text, start }: Surroundings): boolean {
  const from = Math.max(0, start - FLAG_LENGTH);
  const part = text.slice(from, start + FLAG_LENGTH);
  for (const { index } of part.matchAll(FLAG)) {
    if (from + index < start && start < from + index + FLAG_LENGTH) return true;
  }
  return false;
}
