import assert from "node:assert/strict";

/** Called for each keyword that ends before offset `end`, in the order of the ends. */
export type KeywordVisitor = (keyword: number, end: number) => void;

/** Finds all keywords in one pass, without regard to case. */
export interface KeywordIndex {
  visit(text: string, visitor: KeywordVisitor): void;
}

/** States of the automaton are rows of one table; a row has a cell for each class of character. */
interface Automaton {
  /** From a UTF-16 code unit to its class; 0 stands in no keyword. */
  readonly classes: Uint8Array;
  /** Offset of the next row, by offset of the row plus class. */
  readonly next: Uint32Array;
  /** By offset of the row: the keywords that end there. */
  readonly endings: ReadonlyMap<number, readonly number[]>;
  readonly isEnding: Uint8Array;
}

/**
 * An Aho-Corasick automaton (Aho and Corasick, 1975) as a dense table: two array reads for each
 * character, whatever the number of keywords. Keywords are lower-case and distinct. Every character
 * of `alike` counts as the first of them, which a keyword may be.
 */
export function createKeywordIndex(keywords: readonly string[], alike = ""): KeywordIndex {
  const { classes, next, endings, isEnding } = buildAutomaton(keywords);
  for (const character of alike) {
    classes[character.charCodeAt(0)] = classes[alike.charCodeAt(0)] ?? 0;
  }

  function visit(text: string, visitor: KeywordVisitor): void {
    const { length } = text;
    let row = 0;
    for (let index = 0; index < length; index++) {
      row = next[row + (classes[text.charCodeAt(index)] ?? 0)] ?? 0;
      if (isEnding[row] === 1) {
        for (const keyword of endings.get(row) ?? []) visitor(keyword, index + 1);
      }
    }
  }

  return { visit };
}

function buildAutomaton(keywords: readonly string[]): Automaton {
  const classes = new Uint8Array(0x10000);
  const width = assignClasses(keywords, classes);
  const cells = keywords.reduce((sum, keyword) => sum + keyword.length, 1) * width;
  const next = new Uint32Array(cells);
  const endings = new Map<number, number[]>();

  let rows = width;
  for (const [index, keyword] of keywords.entries()) {
    let row = 0;
    for (let at = 0; at < keyword.length; at++) {
      const cell = row + (classes[keyword.charCodeAt(at)] ?? 0);
      if (next[cell] === 0) {
        next[cell] = rows;
        rows += width;
      }
      row = next[cell] ?? 0;
    }
    endings.set(row, [...(endings.get(row) ?? []), index]);
  }

  closeTransitions(next, endings, width);
  const isEnding = new Uint8Array(cells);
  for (const row of endings.keys()) isEnding[row] = 1;
  return { classes, next, endings, isEnding };
}

/** Gives each character of the keywords a class, in both cases; returns the number of classes. */
function assignClasses(keywords: readonly string[], classes: Uint8Array): number {
  let width = 1;
  for (const keyword of keywords) {
    assert(keyword.length > 0 && keyword === keyword.toLowerCase(), "a keyword is lower-case");
    for (let at = 0; at < keyword.length; at++) {
      const code = keyword.charCodeAt(at);
      if (classes[code] !== 0) continue;
      assert(width < 256, "a class fits in a byte");
      classes[code] = width;
      const upper = String.fromCharCode(code).toUpperCase();
      if (upper.length === 1) classes[upper.charCodeAt(0)] = width;
      width++;
    }
  }
  return width;
}

/** Breadth first: where a row has no way on, it takes that of the longest suffix which has one. */
function closeTransitions(next: Uint32Array, endings: Map<number, number[]>, width: number): void {
  const failures = new Map<number, number>();
  const queue: number[] = [0];
  for (const row of queue) {
    const failure = failures.get(row) ?? 0;
    if (row !== 0) inheritEndings(endings, row, failure);

    for (let symbol = 1; symbol < width; symbol++) {
      const child = next[row + symbol] ?? 0;
      const detour = row === 0 ? 0 : (next[failure + symbol] ?? 0);
      if (child === 0) {
        next[row + symbol] = detour;
        continue;
      }
      failures.set(child, detour);
      queue.push(child);
    }
  }
}

function inheritEndings(endings: Map<number, number[]>, row: number, failure: number): void {
  const inherited = endings.get(failure) ?? [];
  if (inherited.length > 0) endings.set(row, [...(endings.get(row) ?? []), ...inherited]);
}
