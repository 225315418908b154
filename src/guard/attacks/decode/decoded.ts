import { Buffer } from "node:buffer";
import { lookAlikeOf } from "../../secrets/decode/look-alikes.ts";
import { hasInnerSpace, SIGN } from "../signs.ts";

/** What is read so is short: a longer text in a code is a file. */
const CODE_MAX_LENGTH = 16_384;
const INNER_TEXTS_MAX = 4;

const NOTHING: readonly string[] = [];
/** Signs without which a text holds no escape. */
const ESCAPES = SIGN.percent | SIGN.ampersand | SIGN.backslash | SIGN.plus | SIGN.foreign;

/**
 * Everything that a text may stand for, one layer deep. Linear, and mostly nothing at all; `signs`
 * are those of the text.
 */
export function decoded(text: string, signs: number): readonly string[] {
  if (text.length > CODE_MAX_LENGTH) return NOTHING;
  const found: string[] = [];
  const plain = (signs & ESCAPES) === 0 ? text : withoutEscapes(text);
  if (plain !== text) found.push(plain);
  const inner = (signs & (SIGN.brace | SIGN.square)) === 0 ? null : innerTexts(text);
  if (inner !== null) return [...inner, ...found];
  // No code goes on behind a blank, but for the head of a `data:` URI.
  if (hasInnerSpace(text) && !DATA.test(text)) return found;
  const hex = fromHex(text);
  if (hex !== null) found.push(hex);
  const bytes = fromBase64(text);
  if (bytes !== null) found.push(bytes);
  return found;
}

const ESCAPED =
  /%[0-9a-f]{2}|%u[0-9a-f]{4}|&#|&[a-z]{2,8};|\\[ux0-7][0-9a-f{]|[^\x20-\x7e\t\n\r]|\+/i;

/** Percent, entities, backslashes and Unicode, each once. */
function withoutEscapes(text: string): string {
  if (!ESCAPED.test(text)) return text;
  let plain = text;
  if (plain.includes("%")) plain = withoutPercent(plain.replaceAll("%%", "%"));
  if (plain.includes("&")) plain = withoutEntities(plain);
  if (plain.includes("\\")) plain = withoutBackslashes(plain);
  return withoutLookAlikes(plain);
}

const PERCENT = /%u([0-9a-f]{4})|((?:%[0-9a-f]{2}){1,12})/gi;

function withoutPercent(text: string): string {
  const isForm = /%[0-7][0-9a-f]/i.test(text) && !text.includes(" ");
  const spaced = isForm ? text.replaceAll("+", " ") : text;
  return spaced.replace(PERCENT, (whole, wide: string | undefined) => {
    if (wide !== undefined) return characterOf(Number.parseInt(wide, 16));
    return looseUtf8(Buffer.from(whole.replaceAll("%", ""), "hex"));
  });
}

/** UTF-8 as careless decoders read it: longer forms than needed stand for what they say. */
function looseUtf8(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    const length = formLength(first);
    if (length === 1 || at + length > bytes.length) {
      text += String.fromCharCode(first);
      at++;
      continue;
    }
    let code = first & (0xff >> (length + 1));
    for (const byte of bytes.subarray(at + 1, at + length)) code = (code << 6) | (byte & 0x3f);
    text += characterOf(code);
    at += length;
  }
  return text;
}

/** How many bytes a form is long that begins with this one; 1 for what begins none. */
function formLength(first: number): number {
  if (first < 0xc0 || first >= 0xf8) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
}

const ENTITY = /&#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));?|&([a-z]{2,8});/gi;
const NAMED: ReadonlyMap<string, string> = new Map(
  (
    "amp& quot\" apos' lt< gt> equals= colon: semi; sol/ bsol\\ period. comma, num# excl! " +
    "lpar( rpar) lsqb[ rsqb] lbrace{ rbrace} lcub{ rcub} dollar$ percnt% plus+ ast* hyphen- " +
    "dash- lowbar_ grave` vert| verbar| quest? commat@ Tab\t NewLine\n nbsp\u00a0"
  )
    .split(" ")
    .map((entity) => [entity.slice(0, -1), entity.slice(-1)]),
);

function withoutEntities(text: string): string {
  return text.replace(ENTITY, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return NAMED.get(name) ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return characterOf(code);
  });
}

const BACKSLASHED =
  /\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|\\0?([0-1][0-7]{2}|[4-7][0-7])(?![0-7])/gi;

function withoutBackslashes(text: string): string {
  return text.replace(
    BACKSLASHED,
    (_, braced?: string, wide?: string, byte?: string, octal = "0") => {
      const hex = braced ?? wide ?? byte;
      return characterOf(hex === undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex, 16));
    },
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FOREIGN = /[^\x00-\x7e]/gu;
/** Nobody sees them, and many readers drop them. */
const UNSEEN = /\p{Default_Ignorable_Code_Point}|[\u180e\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
/** Dots, slashes, quotes and bars that NFKC does not know as such. */
const DRAWN_ALIKE: ReadonlyMap<string, string> = new Map(
  (
    "\u2215/ \u2044/ \u29f8/ \u2571/ \u2216\\ \u29f5\\ \u29f9\\ \u3002. \u2018' \u2019' \u02bc' " +
    '\u2032\' \u201c" \u201d" \u037e; \u2223| \u2212- \u2013- \u3000\u0020 \u00a0\u0020'
  )
    .split(" ")
    .filter((pair) => pair.length === 2)
    .map((pair) => [pair.slice(0, 1), pair.slice(1)]),
);

function withoutLookAlikes(text: string): string {
  return text.replace(FOREIGN, (character) => {
    if (UNSEEN.test(character)) return "";
    if (character === "\u3000" || character === "\u00a0") return " ";
    const alike = DRAWN_ALIKE.get(character) ?? lookAlikeOf(character);
    if (alike !== null) return alike;
    const folded = character.normalize("NFKC");
    return /^[\x20-\x7e]{1,4}$/.test(folded) ? folded : character;
  });
}

const DATA = /^\s*data:/i;
const BASE64 = /^[A-Za-z0-9+/_-]{8,4096}={0,2}$/;
const DATA_URI = /^data:[^,]{0,64};base64,/i;
const READABLE = /^[\t\n\r\x20-\x7e]{4,}$/;

/** A value that is base64 of readable text as a whole. */
function fromBase64(text: string): string | null {
  const trimmed = text.trim().replace(DATA_URI, "");
  if (!BASE64.test(trimmed)) return null;
  const plain = Buffer.from(trimmed, "base64").toString("latin1");
  return READABLE.test(plain) ? plain : null;
}

/** A value that is readable text in hexadecimal; a digest never is. */
function fromHex(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed.length % 2 !== 0 || !/^(?:[2-7][0-9a-f]){6,}$/i.test(trimmed)) return null;
  const plain = Buffer.from(trimmed, "hex").toString("latin1");
  return READABLE.test(plain) ? plain : null;
}

/** The strings of JSON in a string, keys too. */
function innerTexts(text: string): readonly string[] | null {
  const trimmed = text.trim();
  if (!/^[{[]/.test(trimmed) || !/[}\]]$/.test(trimmed)) return null;
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch {
    return null;
  }
  const found: string[] = [];
  const waiting: unknown[] = [value];
  for (
    let one = waiting.pop();
    one !== undefined && found.length < INNER_TEXTS_MAX;
    one = waiting.pop()
  ) {
    if (typeof one === "string") found.push(one);
    else if (Array.isArray(one)) waiting.push(...one.slice(0, 64));
    else if (typeof one === "object" && one !== null)
      waiting.push(...Object.values(one).slice(0, 64));
  }
  return found;
}
