import { SIGN, someWord } from "../signs.ts";

/** At the start of a word: what is no prose, or is SQL as well. */
const WORD_HINT =
  /(?:except|intersect|minus)\s+(?:all\s+)?(?:select|values)\b|select\s*(?:\(|pg_)|union\b|(?:or|and|xor)\b[\s!(+-]*(?:[\d'"(@]|not\b|true|null|exists|\w+\s*\()|(?:order\s+by|having|procedure|waitfor|sleep|benchmark|into|program|infile|attach)\b|[xs]p_|sys\w|mysql\.|(?:r?like|regexp|between)\b\s*[\d'"(]|(?:extractvalue|updatexml|openrowset|opendatasource)\b/iy;
const FIRST_WORD = /^\s*(?:x?or|and|like)\b/i;
const LAST_WORD = /\bas\b[^\n]{0,64}\bfrom\s*$/i;
const OPEN_HINT = /\(\s*$|\(\s*select\b|_[a-z]+\s*\(/i;
const UNDERSCORE_HINT = /_(?:schema|tables|users|shadow|catalog)\b/i;
const STATEMENT_HINT = /;\s*[a-z]/i;
const COMPARISON_HINT =
  /^[\s(+~!-]*(?:\w+\s*,\s*)?['"\d@(][\s\S]*[=<>]|\b(?:x?or|and|having|where|not)\b[\s\S]{0,160}[=<>]/i;
const COMPARISON = SIGN.equals | SIGN.less | SIGN.greater;

/**
 * Without one of these, nothing in a text is SQL but what is prose as well. The text has no blanks
 * at its ends; `signs` are its own, or more.
 */
export function mayBeBareSql(text: string, signs: number): boolean {
  const has = (sign: number) => (signs & sign) !== 0;
  return (
    hasPair(text, signs) ||
    (has(SIGN.semicolon) && STATEMENT_HINT.test(text)) ||
    (has(SIGN.open) && OPEN_HINT.test(text)) ||
    (has(SIGN.underscore) && UNDERSCORE_HINT.test(text)) ||
    (has(COMPARISON) && COMPARISON_HINT.test(text)) ||
    hasWord(text, signs)
  );
}

const PAIRS: readonly (readonly [sign: number, pair: string])[] = [
  [SIGN.hash, "#"],
  [SIGN.colon, "::"],
  [SIGN.dash, "--"],
  [SIGN.star, "/*"],
  [SIGN.bar, "||"],
  [SIGN.ampersand, "&&"],
  [SIGN.at, "@@"],
];

function hasPair(text: string, signs: number): boolean {
  for (const [sign, pair] of PAIRS) if ((signs & sign) !== 0 && text.includes(pair)) return true;
  return false;
}

function hasWord(text: string, signs: number): boolean {
  if (/from$/i.test(text.slice(-4)) && LAST_WORD.test(text)) return true;
  if (FIRST_WORD.test(text)) return true;
  if ((signs & SIGN.sqlWord) === 0) return false;
  return someWord(text, SIGN.sqlWord, (at) => {
    WORD_HINT.lastIndex = at;
    return WORD_HINT.test(text);
  });
}
