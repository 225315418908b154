import { shannonEntropy } from "../../core/entropy.ts";
import { assertNever } from "../../core/result.ts";
import { isInnocentShape } from "./innocent.ts";
import { classifyName, type NameClass } from "./names.ts";
import { anyOf, anyWordOf } from "./pattern.ts";
import { isPlaceholder } from "./placeholders.ts";

/** How a value stands where it was found, which decides how much may be read into it. */
export interface ValueSetting {
  readonly nameClass: NameClass;
  /** In quotes, a whole JSON string or between tags: it is a literal, not an expression. */
  readonly literal: boolean;
  /** The name is one of an environment variable or a JSON member: its value is data, not code. */
  readonly data: boolean;
}

/** Longer values are documents: of passwords and what stands without quotes, and of tokens. */
export const VALUE_MAX_LENGTH = 512;
export const TOKEN_MAX_LENGTH = 4096;

const CODE = new RegExp(
  anyOf(
    String.raw`^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+$`, // user.password
    String.raw`^[A-Za-z_$][\w$.]*(?:\(|\[|::|->)|=>`, // read(…), Some::thing
    String.raw`^[/.~]{0,2}/?(?:[\w.-]+/){2,}[\w.-]*$`, // a path
    String.raw`\\[xu]$`,
    String.raw`^!+[A-Za-z_$][\w$]*(?:\.|$)`, // !this.valid
  ),
);
const VERSION_RANGE = /^[~^<>=v]{0,2}[0-9]{1,4}(?:\.[0-9x*]{1,6}){1,3}$/;
const PLAIN_WORD = /^\p{L}?\p{Ll}*$|^\p{Lu}+$/u;
const ALPHABET_MIXED = /^(?=.*[A-Za-z])(?=.*[0-9])/;
const STRONG_SYMBOL = /[!@#$%^&*?+~]/;

/** Whether a value that its name calls secret is one, and no placeholder, reference or code. */
export function isCredible(value: string, setting: ValueSetting): boolean {
  const longest = setting.nameClass === "secret" ? TOKEN_MAX_LENGTH : VALUE_MAX_LENGTH;
  if (value.length > longest || isPlaceholder(value)) return false;
  switch (setting.nameClass) {
    case "password":
      return isCrediblePassword(value, setting);
    case "secret":
      return value.length >= 8 && isCredibleToken(value, setting);
    case "key":
      return value.length >= 16 && !isInnocentShape(value) && isCredibleToken(value, setting);
    default:
      return assertNever(setting.nameClass);
  }
}

/** Words that make a text a sentence about passwords, in the languages that interfaces have. */
const SENTENCE_WORDS = new RegExp(
  String.raw`\b${anyWordOf(
    "a an and are as at be by can cannot change confirm current de del der die das el enter est for",
    "forgot from has have het hide if in incorrect invalid is ist it la le least los match mot must",
    "new no not of old on only or oublié para passe password passwort per please required reset show",
    "su that the this to type use used was we when will with wrong you your votre con",
  )}\b`,
  "i",
);

/** Several plain words, or words with digits and symbols, that make no sentence. */
export function isPassphrase(value: string): boolean {
  const words = value.split(" ");
  if (value.length < 10 || value.length > 100 || /[\n\t\u2028]|[.:?…]$/.test(value)) return false;
  if (words.some((word) => word === "") || SENTENCE_WORDS.test(value)) return false;
  if (/[<>{}()=;]/.test(value)) return false;
  if (/[0-9]/.test(value) && /[a-zA-Z]/.test(value)) return words.length <= 8;
  return words.length >= 3 && words.length <= 8 && /^[a-z]+(?: [a-z]+)+$/.test(value);
}

/** Random beyond doubt: what a name alone, without a sign between, may be followed by. */
export function isStrong(value: string): boolean {
  return (
    value.length >= 20 &&
    /[0-9]/.test(value) &&
    /[A-Za-z]/.test(value) &&
    shannonEntropy(value) >= 3 &&
    digitSwitches(value) >= 4 &&
    !isInnocentShape(value) &&
    !isWordy(value)
  );
}

function isCrediblePassword(value: string, setting: ValueSetting): boolean {
  if (value.length < 4) return false;
  if (/\s/.test(value)) return setting.literal && isPassphrase(value);
  if (VERSION_RANGE.test(value) || (!setting.literal && CODE.test(value))) return false;
  if (PLAIN_WORD.test(value)) return setting.data && value.length >= 6 && !isLabel(value);
  if (/[0-9]/.test(value)) return setting.literal || setting.data || !isIdentifierLike(value);
  if (STRONG_SYMBOL.test(value)) return /[A-Za-z]{2}/.test(value) && !value.startsWith("@");
  return setting.data ? value.length >= 6 : isMixedCaseChance(value);
}

/** `Passwort`, as a translation of the word itself. */
function isLabel(value: string): boolean {
  return classifyName(value) !== null;
}

const ADDRESS_OR_ALPHABET = /^[a-z][a-z0-9+.-]{1,20}:\/\/|abcdefghijklm|ABCDEFGHIJKLM/;

function isCredibleToken(value: string, setting: ValueSetting): boolean {
  if (!/^[\x21-\x7e]+$/.test(value) || ADDRESS_OR_ALPHABET.test(value)) return false;
  if (CODE.test(value) && digitSwitches(value) < 4) return false;
  if (!ALPHABET_MIXED.test(value)) {
    if (/^[0-9]{16,64}$/.test(value)) return true;
    if (setting.nameClass === "key" || !isMixedCaseChance(value)) return false;
    return setting.literal || setting.data || value.length >= 24;
  }
  return shannonEntropy(value) >= Math.min(2.8, Math.log2(value.length) - 0.7) && !isWordy(value);
}

/** `utf8Key2`, `v2`, `Optional1`: words with a digit at an end, such as programs are made of. */
function isIdentifierLike(value: string): boolean {
  return /^[A-Za-z_]+[0-9]{0,2}$|^v?[0-9]+(?:\.[0-9]+)*$/.test(value) && !isMixedCaseChance(value);
}

/** Made of words, numbers and separators, as a person would name a thing. */
export function isWordy(value: string): boolean {
  if (digitSwitches(value) >= 4) return false;
  let inWords = 0;
  for (const word of value.match(/[A-Z]?[a-z]{3,}|[A-Z]{4,}/g) ?? []) {
    if (isPronounceable(word)) inWords += word.length;
  }
  const letters = value.replace(/[^A-Za-z]/g, "").length;
  return inWords >= letters * 0.7;
}

/** Letters only, in two cases, and not as `camelCase` would mix them. */
function isMixedCaseChance(value: string): boolean {
  if (value.length < 8 || !/[a-z]/.test(value) || !/[A-Z]/.test(value)) return false;
  const caseSwitches = value.match(/[a-z][A-Z]|[A-Z]{2}[a-z]/g)?.length ?? 0;
  return caseSwitches >= 3 && !isWordy(value);
}

function digitSwitches(value: string): number {
  return value.match(/[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])/g)?.length ?? 0;
}

/** A fifth to four fifths vowels, and no five consonants in a row. */
function isPronounceable(word: string): boolean {
  const vowels = word.match(/[aeiouy]/gi)?.length ?? 0;
  return vowels * 5 >= word.length && !/[^aeiouy]{5}/i.test(word);
}
