/**
 * One look at each character of a text tells which signs it holds and which words it may hold, so
 * that no judge looks for what needs a sign that is not there.
 */
export const SIGN = {
  quote: 1 << 0,
  backtick: 1 << 1,
  slash: 1 << 2,
  backslash: 1 << 3,
  percent: 1 << 4,
  dot: 1 << 5,
  colon: 1 << 6,
  semicolon: 1 << 7,
  open: 1 << 8,
  close: 1 << 9,
  square: 1 << 10,
  brace: 1 << 11,
  less: 1 << 12,
  greater: 1 << 13,
  equals: 1 << 14,
  bar: 1 << 15,
  ampersand: 1 << 16,
  dollar: 1 << 17,
  hash: 1 << 18,
  at: 1 << 19,
  dash: 1 << 20,
  plus: 1 << 21,
  star: 1 << 22,
  question: 1 << 23,
  bang: 1 << 24,
  underscore: 1 << 25,
  zero: 1 << 26,
  /** A line feed or a carriage return. */
  line: 1 << 27,
  /** Other controls but the tab, and all beyond printable ASCII. */
  foreign: 1 << 28,
  /** A word may begin here that `sql/hint.ts` looks at. */
  sqlWord: 1 << 29,
  /** And one that `command/loud.ts` looks for where no sign stands. */
  loudWord: 1 << 30,
} as const;

/** For a text of which nothing is known. */
export const ALL_SIGNS = -1;

const CHARACTERS: readonly (readonly [sign: number, characters: string])[] = [
  [SIGN.quote, "'\""],
  [SIGN.backtick, "`"],
  [SIGN.slash, "/"],
  [SIGN.backslash, "\\"],
  [SIGN.percent, "%"],
  [SIGN.dot, "."],
  [SIGN.colon, ":"],
  [SIGN.semicolon, ";"],
  [SIGN.open, "("],
  [SIGN.close, ")"],
  [SIGN.square, "[]"],
  [SIGN.brace, "{}"],
  [SIGN.less, "<"],
  [SIGN.greater, ">"],
  [SIGN.equals, "="],
  [SIGN.bar, "|"],
  [SIGN.ampersand, "&"],
  [SIGN.dollar, "$"],
  [SIGN.hash, "#"],
  [SIGN.at, "@"],
  [SIGN.dash, "-"],
  [SIGN.plus, "+"],
  [SIGN.star, "*"],
  [SIGN.question, "?"],
  [SIGN.bang, "!"],
  [SIGN.underscore, "_"],
  [SIGN.zero, "0"],
  [SIGN.line, "\n\r"],
];

const LETTER = 1 << 0;
/** What `\w` is: a word does not begin behind it. */
const IN_WORD = 1 << 1;

const SIGN_OF = new Int32Array(128);
const KIND_OF = new Uint8Array(128);
for (const [sign, characters] of CHARACTERS) {
  for (const character of characters) SIGN_OF[character.charCodeAt(0)] = sign;
}
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  if (/[A-Za-z]/.test(character)) KIND_OF[code] = LETTER | IN_WORD;
  else if (/\w/.test(character)) KIND_OF[code] = IN_WORD;
  else if (isControl(code)) SIGN_OF[code] = SIGN.foreign;
}

/** Beside those that part lines and columns. */
function isControl(code: number): boolean {
  return code === 0x7f || (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d);
}

/** Words, or beginnings of words of three letters and more, by what is made of them. */
const WORDS: readonly (readonly [sign: number, words: string])[] = [
  [
    SIGN.sqlWord,
    "except intersect minus select union or and xor order having procedure waitfor sleep benchmark " +
      "into program infile attach xp_ sp_ sys mysql like rlike regexp between extractvalue updatexml " +
      "openrowset opendatasource",
  ],
  [
    SIGN.loudWord,
    "iex invoke-expression downloadstring downloadfile frombase64string mshta regsvr32 rundll32 " +
      "cmstp installutil msbuild bitsadmin certutil wscript cscript msiexec wmic vssadmin reg " +
      "regedit schtasks net if",
  ],
];

/** By the first three characters of a word; of shorter words anything may follow. */
const STARTS = new Int32Array(1 << 15);
for (const [sign, words] of WORDS) {
  for (const word of words.split(" ")) {
    const rest = 1 << (5 * Math.max(0, 3 - word.length));
    const key = keyAt(word.padEnd(3, "\0"), 0) & ~(rest - 1);
    for (let tail = 0; tail < rest; tail++) STARTS[key | tail] = (STARTS[key | tail] ?? 0) | sign;
  }
}

/** Five bits of each of three characters: upper and lower case are one. */
function keyAt(text: string, at: number): number {
  const pair = ((text.charCodeAt(at) & 31) << 5) | (text.charCodeAt(at + 1) & 31);
  return (pair << 5) | (text.charCodeAt(at + 2) & 31);
}

/** The signs of a text; those of words may be wrong, and are never missing. */
export function signsOf(text: string): number {
  const { length } = text;
  let signs = 0;
  let before = 0;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) {
      signs |= SIGN.foreign;
      before = 0;
      continue;
    }
    const kind = KIND_OF[code] ?? 0;
    signs |= SIGN_OF[code] ?? 0;
    if (before === 0 && (kind & LETTER) !== 0) signs |= STARTS[keyAt(text, at)] ?? 0;
    before = kind;
  }
  return signs;
}

/** Calls `isAt` where a word begins that `sign` is about, until it says yes. */
export function someWord(text: string, sign: number, isAt: (at: number) => boolean): boolean {
  let before = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = code > 127 ? 0 : (KIND_OF[code] ?? 0);
    const isStart = before === 0 && (kind & LETTER) !== 0;
    if (isStart && ((STARTS[keyAt(text, at)] ?? 0) & sign) !== 0 && isAt(at)) return true;
    before = kind;
  }
  return false;
}

/** Whether a space stands between other characters, for sure: the ends are looked at alone. */
export function hasInnerSpace(text: string): boolean {
  return isVisible(text.charCodeAt(0)) && isVisible(text.charCodeAt(text.length - 1))
    ? text.includes(" ")
    : text.trim().includes(" ");
}

function isVisible(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}
