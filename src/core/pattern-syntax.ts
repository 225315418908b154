import { type CharacterSet, DIGITS, LINE, negated, SPACES, setOf, WORDS } from "./character-set.ts";
import { err, ok, type Result } from "./result.ts";

/** A pattern as a tree. Its meaning is that of `new RegExp(source, "u")`, without captures. */
export type Pattern =
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "assert"; readonly what: Assertion }
  | { readonly kind: "sequence"; readonly items: readonly Pattern[] }
  | { readonly kind: "choice"; readonly options: readonly Pattern[] }
  | {
      readonly kind: "repeat";
      readonly item: Pattern;
      readonly min: number;
      /** Null: any number of times. */
      readonly max: number | null;
    };

export type Assertion = "start" | "end" | "boundary" | "no_boundary";

const DEPTH_MAX = 32;

/** Why a pattern cannot be had. Thrown and caught in this file alone. */
class Unreadable extends Error {}

/** Parses a pattern; the error says what is not supported, or wrong. */
export function parsePattern(source: string): Result<Pattern, string> {
  const cursor: Cursor = { characters: [...source], at: 0, depth: 0 };
  try {
    const pattern = readChoice(cursor);
    if (cursor.at < cursor.characters.length) throw new Unreadable("a ) without its (");
    return ok(pattern);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return err(`${error.message}, at character ${Math.min(cursor.at, cursor.characters.length)}`);
  }
}

interface Cursor {
  readonly characters: readonly string[];
  at: number;
  depth: number;
}

function peek(cursor: Cursor): string {
  return cursor.characters[cursor.at] ?? "";
}

function take(cursor: Cursor): string {
  const character = peek(cursor);
  cursor.at += 1;
  return character;
}

function takeIf(cursor: Cursor, text: string): boolean {
  const found = cursor.characters.slice(cursor.at, cursor.at + text.length).join("") === text;
  if (found) cursor.at += text.length;
  return found;
}

function readChoice(cursor: Cursor): Pattern {
  const options = [readSequence(cursor)];
  while (takeIf(cursor, "|")) options.push(readSequence(cursor));
  const [only] = options;
  return options.length === 1 && only !== undefined ? only : { kind: "choice", options };
}

function readSequence(cursor: Cursor): Pattern {
  const items: Pattern[] = [];
  while (!["", "|", ")"].includes(peek(cursor))) items.push(readRepeat(cursor));
  return { kind: "sequence", items };
}

function readRepeat(cursor: Cursor): Pattern {
  const item = readAtom(cursor);
  const counts = readCounts(cursor);
  if (counts === null) return item;
  if (item.kind === "assert") throw new Unreadable("nothing here can be repeated");
  takeIf(cursor, "?");
  if (readCounts(cursor) !== null) throw new Unreadable("a repetition of a repetition");
  return { kind: "repeat", item, ...counts };
}

function readCounts(cursor: Cursor): { readonly min: number; readonly max: number | null } | null {
  if (takeIf(cursor, "*")) return { min: 0, max: null };
  if (takeIf(cursor, "+")) return { min: 1, max: null };
  if (takeIf(cursor, "?")) return { min: 0, max: 1 };
  if (!takeIf(cursor, "{")) return null;

  const min = readNumber(cursor);
  let max: number | null = min;
  if (takeIf(cursor, ",")) max = peek(cursor) === "}" ? null : readNumber(cursor);
  if (!takeIf(cursor, "}")) throw new Unreadable("a { without its } (write \\{ for the character)");
  if (max !== null && max < min) throw new Unreadable("a repetition from more to less");
  return { min, max };
}

function readNumber(cursor: Cursor): number {
  let digits = "";
  while (/^[0-9]$/.test(peek(cursor))) digits += take(cursor);
  if (digits === "" || digits.length > 4) throw new Unreadable("a number of 1 to 4 digits missing");
  return Number(digits);
}

function readAtom(cursor: Cursor): Pattern {
  const character = take(cursor);
  switch (character) {
    case "^":
      return { kind: "assert", what: "start" };
    case "$":
      return { kind: "assert", what: "end" };
    case ".":
      return { kind: "set", set: negated(LINE) };
    case "(":
      return readGroup(cursor);
    case "[":
      return { kind: "set", set: readClass(cursor) };
    case "\\":
      return readEscape(cursor);
    case "*":
    case "+":
    case "?":
    case "{":
    case "}":
    case "]":
      throw new Unreadable(`a ${character} that stands alone (write \\${character})`);
    default:
      return { kind: "set", set: setOf(character) };
  }
}

function readGroup(cursor: Cursor): Pattern {
  if (takeIf(cursor, "?") && !takeIf(cursor, ":")) {
    throw new Unreadable("lookaround, named groups and flags are not supported");
  }
  cursor.depth += 1;
  if (cursor.depth > DEPTH_MAX) throw new Unreadable(`groups may nest ${DEPTH_MAX} deep`);
  const pattern = readChoice(cursor);
  if (!takeIf(cursor, ")")) throw new Unreadable("a ( without its )");
  cursor.depth -= 1;
  return pattern;
}

function readEscape(cursor: Cursor): Pattern {
  if (takeIf(cursor, "b")) return { kind: "assert", what: "boundary" };
  if (takeIf(cursor, "B")) return { kind: "assert", what: "no_boundary" };
  return { kind: "set", set: readEscapedSet(cursor, SYNTAX) };
}

const CLASSES: ReadonlyMap<string, CharacterSet> = new Map([
  ["d", DIGITS],
  ["D", negated(DIGITS)],
  ["w", WORDS],
  ["W", negated(WORDS)],
  ["s", SPACES],
  ["S", negated(SPACES)],
]);
const CONTROLS: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["f", "\f"],
  ["v", "\v"],
]);

/** What a backslash may stand before to take its meaning away. */
const SYNTAX = /^[$()*+./?[\\\]^{|}]$/;
const SYNTAX_IN_CLASS = /^[$()*+./?[\\\]^{|}-]$/;

function readEscapedSet(cursor: Cursor, escapable: RegExp): CharacterSet {
  const known = CLASSES.get(peek(cursor));
  if (known === undefined) return setOf(readEscapedCharacter(cursor, escapable));
  cursor.at += 1;
  return known;
}

function readEscapedCharacter(cursor: Cursor, escapable: RegExp): string {
  const character = take(cursor);
  const control = CONTROLS.get(character);
  if (control !== undefined) return control;
  if (character === "x") return readHexadecimal(cursor, 2);
  if (character === "u") return readHexadecimal(cursor, 4);
  if (escapable.test(character)) return character;
  throw new Unreadable(
    /^[0-9k]$/.test(character) ? "backreferences are not supported" : "an escape that is not known",
  );
}

function readHexadecimal(cursor: Cursor, length: number): string {
  const digits = cursor.characters.slice(cursor.at, cursor.at + length).join("");
  if (digits.length < length || !/^[0-9a-f]+$/i.test(digits)) {
    throw new Unreadable(`${length} hexadecimal digits missing`);
  }
  cursor.at += length;
  return String.fromCharCode(Number.parseInt(digits, 16));
}

function readClass(cursor: Cursor): CharacterSet {
  const isNegated = takeIf(cursor, "^");
  const ranges: (readonly [number, number])[] = [];
  while (!takeIf(cursor, "]")) {
    const low = readClassItem(cursor);
    const isRange = peek(cursor) === "-" && cursor.characters[cursor.at + 1] !== "]";
    if (!isRange) {
      ranges.push(...low);
      continue;
    }
    cursor.at += 1;
    ranges.push(rangeOf(low, readClassItem(cursor)));
  }
  return isNegated ? negated(ranges) : ranges;
}

function readClassItem(cursor: Cursor): CharacterSet {
  const character = take(cursor);
  if (character === "") throw new Unreadable("a [ without its ]");
  if (character !== "\\") return setOf(character);
  return takeIf(cursor, "b") ? setOf("\b") : readEscapedSet(cursor, SYNTAX_IN_CLASS);
}

function rangeOf(low: CharacterSet, high: CharacterSet): readonly [number, number] {
  const from = single(low);
  const to = single(high);
  if (from === null || to === null || from > to) throw new Unreadable("a range that is none");
  return [from, to];
}

function single(set: CharacterSet): number | null {
  const [range] = set;
  return set.length === 1 && range !== undefined && range[0] === range[1] ? range[0] : null;
}
