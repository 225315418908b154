import { firstIndex } from "../../core/search.ts";

/**
 * Where a sentence may end: at its mark, at an empty line, at a line that begins something new.
 */
const BOUNDARY =
  /[.!?]+["'”’)\]*]{0,4}(?=\s|$)|[。！？；]|\n[ \t\r]*\n|\n(?=[ \t]{0,64}(?:[-*•#<>]|\d{1,3}[.)]|\p{Lu}))|<\/?[A-Za-z][^<>\n]{0,64}>|-->|\]/gu;
/** What is taken out around an instruction is no more than this on each side. */
const REACH = 600;

/** Widens a part of a text to the sentences it stands in. */
export interface Sentences {
  around(start: number, end: number): readonly [start: number, end: number];
}

export function sentencesOf(text: string): Sentences {
  const ends = Array.from(text.matchAll(BOUNDARY), ({ index, 0: { length } }) => index + length);

  return {
    around(start, end) {
      const after = firstIndex(ends, (one) => one > start);
      const from = Math.max(ends[after - 1] ?? 0, wordBoundary(text, start - REACH));
      const to = Math.min(
        ends[firstIndex(ends, (one) => one >= end)] ?? text.length,
        wordBoundary(text, end + REACH),
      );
      return [from + leading(text.slice(from, start)), Math.max(end, trimmedEnd(text, from, to))];
    },
  };
}

/** The next space from there. */
function wordBoundary(text: string, offset: number): number {
  if (offset <= 0) return 0;
  for (let at = offset; at < Math.min(text.length, offset + 64); at++) {
    if (text.charCodeAt(at) <= 0x20) return at;
  }
  return Math.min(text.length, offset);
}

function leading(part: string): number {
  return part.length - part.trimStart().length;
}

function trimmedEnd(text: string, from: number, to: number): number {
  return from + text.slice(from, to).trimEnd().length;
}
