import type { View } from "./view.ts";

/** No token that is known by its form alone is shorter. */
const TOKEN_LEAST_LENGTH = 16;
/** What announces a token stands no further in front of it. */
const REACH = 96;
/** A token goes on over so many characters on one side of a break. */
const TOKEN_REACH = 4096;
/** Longer ones are blocks of base64 and the like, and are read as a whole alone. */
const APART_MAX_LENGTH = 1024;
/** Of so many breaks in a row, any ones beside each other may be inside a token. */
const APART_MAX_BREAKS = 6;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BACKSLASH = 0x5c;

const IN_TOKEN = codesOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-=.~:");
const DIGITS = codesOf("0123456789");

/**
 * The text around line breaks that stand inside what could be one token, without those breaks: as
 * a terminal, a mail or a table cell wraps it. Words on two lines are no token: one has a digit.
 */
export function joinedLines(text: string): readonly View[] {
  if (!text.includes("\n")) return NOTHING;
  const views: View[] = [];
  let chain: Break[] = [];
  let from = 0;
  let to = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
    const one = breakAt(text, at);
    if (one === null) continue;
    if (chain.length === 0 || one.start > to) {
      views.push(...viewsOf(text, from, to, chain));
      chain = [];
      from = backToEdge(text, one.start);
    }
    chain.push(one);
    to = onToEdge(text, one.end);
  }
  views.push(...viewsOf(text, from, to, chain));
  return views;
}

const NOTHING: readonly View[] = [];

/** A token may end at one break, and go on over the next: which, only its form tells. */
function viewsOf(text: string, from: number, to: number, chain: readonly Break[]): readonly View[] {
  if (!mayBeToken(text, from, to, chain)) return [];
  const whole = viewOf(text, from, to, chain);
  if (chain.length === 1 || to - from > APART_MAX_LENGTH) return [whole];
  const longest = chain.length > APART_MAX_BREAKS ? 1 : chain.length - 1;
  const parts = chain.flatMap((_, index) =>
    Array.from({ length: Math.min(longest, chain.length - index) }, (_length, more) =>
      viewOf(text, from, to, chain.slice(index, index + more + 1)),
    ),
  );
  return [whole, ...parts];
}

/** A line break, with the sign of continuation in front of it. */
interface Break {
  readonly start: number;
  readonly end: number;
}

/** Null where no token could go on behind the break. */
function breakAt(text: string, feed: number): Break | null {
  const end = feed + 1;
  if (!isIn(IN_TOKEN, text.charCodeAt(end))) return null;
  let start = feed;
  if (text.charCodeAt(start - 1) === CARRIAGE_RETURN) start--;
  if (text.charCodeAt(start - 1) === BACKSLASH) start--;
  return isIn(IN_TOKEN, text.charCodeAt(start - 1)) ? { start, end } : null;
}

function mayBeToken(text: string, from: number, to: number, chain: readonly Break[]): boolean {
  if (chain.length === 0 || to - from < TOKEN_LEAST_LENGTH) return false;
  for (let at = from; at < to; at++) {
    if (isIn(DIGITS, text.charCodeAt(at))) return true;
  }
  return false;
}

function viewOf(text: string, from: number, to: number, chain: readonly Break[]): View {
  const origin = lineStart(text, from);
  const limit = Math.min(text.length, to + 1);
  const parts: string[] = [];
  /** Where each part starts in the view, and how far behind that it stands in the text. */
  const starts: number[] = [];
  const shifts: number[] = [];
  let at = origin;
  let length = 0;
  for (const { start, end } of [...chain, { start: limit, end: limit }]) {
    parts.push(text.slice(at, start));
    starts.push(length);
    shifts.push(at - length);
    length += start - at;
    at = end;
  }
  const shiftAt = (offset: number): number => {
    let low = 0;
    let high = starts.length;
    while (low + 1 < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return shifts[low] ?? 0;
  };
  return {
    text: parts.join(""),
    // The end belongs to the character in front of it, so that no break behind it goes too.
    locate: (start, end) => [start + shiftAt(start), end + shiftAt(end - 1)],
    certainOnly: true,
  };
}

function lineStart(text: string, from: number): number {
  const floor = Math.max(0, from - REACH);
  let at = from;
  while (at > floor && text.charCodeAt(at - 1) !== LINE_FEED) at--;
  return at;
}

function backToEdge(text: string, start: number): number {
  const floor = Math.max(0, start - TOKEN_REACH);
  let at = start;
  while (at > floor && isIn(IN_TOKEN, text.charCodeAt(at - 1))) at--;
  return at;
}

function onToEdge(text: string, end: number): number {
  const limit = Math.min(text.length, end + TOKEN_REACH);
  let at = end;
  while (at < limit && isIn(IN_TOKEN, text.charCodeAt(at))) at++;
  return at;
}

function isIn(codes: Uint8Array, code: number): boolean {
  return code < 128 && codes[code] === 1;
}

function codesOf(characters: string): Uint8Array {
  const codes = new Uint8Array(128);
  for (const character of characters) codes[character.charCodeAt(0)] = 1;
  return codes;
}
