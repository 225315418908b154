import assert from "node:assert/strict";

/** Called for each keyword that ends before offset `end`, in the order of the ends. */
export type KeywordVisitor<Context> = (context: Context, keyword: number, end: number) => void;

/** Finds all keywords in one pass, without regard to case. */
export interface KeywordIndex {
  /** Returns the signs of all characters of the text together. */
  visit<Context>(text: string, visitor: KeywordVisitor<Context>, context: Context): number;
}

/** By row and class. */
type Far = ReadonlyMap<number, ReadonlyMap<number, number>>;

const CLASS_BITS = 8;
const CLASS_MASK = (1 << CLASS_BITS) - 1;
const ASCII_SIZE = 0x80;

/**
 * States of the automaton are rows of one table; a row has a cell for each class of ASCII character.
 * The first row is the start; the rows of the last part are those at which keywords end.
 */
interface Automaton {
  /** From a UTF-16 code unit to its signs and, in the low bits, its class; 0 is in no keyword. */
  readonly symbols: Uint16Array;
  /** A row has `1 << shift` cells: classes below that have one, others are looked up in `far`. */
  readonly shift: number;
  /** The next row, by row and class. */
  readonly next: Uint16Array;
  /** The same for characters beyond ASCII, which hardly any row goes on with. */
  readonly far: Far;
  readonly firstEnding: number;
  /** The keywords that end at a row, by its distance from `firstEnding`. */
  readonly endings: readonly (readonly number[])[];
}

/**
 * An Aho-Corasick automaton (Aho and Corasick, 1975) as a dense table: two array reads for each
 * character, whatever the number of keywords. Keywords are lower-case and distinct. Rows near the
 * start stand side by side, so that ordinary text stays in the fast part of memory. `signs` says
 * what each UTF-16 code unit is, in the high eight bits of a number.
 */
export function createKeywordIndex(
  keywords: readonly string[],
  signs: Uint16Array = new Uint16Array(0x10000),
): KeywordIndex {
  const { symbols, shift, next, far, firstEnding, endings } = buildAutomaton(keywords, signs);
  const width = 1 << shift;

  function visit<Context>(
    text: string,
    visitor: KeywordVisitor<Context>,
    context: Context,
  ): number {
    const { length } = text;
    let row = 0;
    let seen = 0;
    for (let index = 0; index < length; index++) {
      const symbol = symbols[text.charCodeAt(index)] ?? 0;
      seen |= symbol;
      const kind = symbol & CLASS_MASK;
      row = kind < width ? (next[(row << shift) | kind] ?? 0) : farFrom(far, row, kind);
      if (row < firstEnding) continue;
      for (const keyword of endings[row - firstEnding] ?? []) visitor(context, keyword, index + 1);
    }
    return seen & ~CLASS_MASK;
  }

  return { visit };
}

/** Where no row says otherwise, the way is that of the start. */
function farFrom(far: Far, row: number, kind: number): number {
  return far.get(row)?.get(kind) ?? far.get(0)?.get(kind) ?? 0;
}

function buildAutomaton(keywords: readonly string[], signs: Uint16Array): Automaton {
  const symbols = signs.slice();
  const shift = assignClasses(keywords, symbols);
  const trie = growTrie(keywords, symbols, shift);
  const order = closeTransitions(trie);

  const isEnding = (row: number) => trie.endings.has(row);
  const ending = order.filter(isEnding);
  const firstEnding = order.length - ending.length;
  const rows = new Uint16Array(order.length);
  for (const [at, row] of [...order.filter((row) => !isEnding(row)), ...ending].entries()) {
    rows[row] = at;
  }
  const next = new Uint16Array(order.length << shift);
  for (const row of order) copyRow(trie, row, rows, next);
  const rowOf = (row: number): number => rows[row] ?? 0;
  const far = new Map(
    [...trie.far].map(([row, ways]) => [
      rowOf(row),
      new Map([...ways].map(([kind, target]) => [kind, rowOf(target)])),
    ]),
  );
  const endings = ending.map((row) => trie.endings.get(row) ?? []);
  return { symbols, shift, next, far, firstEnding, endings };
}

function copyRow(trie: Trie, row: number, rows: Uint16Array, into: Uint16Array): void {
  const width = 1 << trie.shift;
  const from = row * width;
  const to = (rows[row] ?? 0) * width;
  for (let kind = 1; kind < width; kind++) {
    into[to + kind] = rows[trie.next[from + kind] ?? 0] ?? 0;
  }
}

/**
 * Gives each character of the keywords a class, in both cases: those of ASCII the first ones, the
 * others such as have no cell in a row. Returns how many bits the first ones take.
 */
function assignClasses(keywords: readonly string[], symbols: Uint16Array): number {
  let count = 1;
  const assign = (code: number): void => {
    if (((symbols[code] ?? 0) & CLASS_MASK) !== 0) return;
    assert(count <= CLASS_MASK, "a class fits in a byte");
    const upper = String.fromCharCode(code).toUpperCase();
    const cases = upper.length === 1 ? [code, upper.charCodeAt(0)] : [code];
    for (const one of cases) symbols[one] = ((symbols[one] ?? 0) & ~CLASS_MASK) | count;
    count++;
  };
  const codes = new Set<number>();
  for (const keyword of keywords) {
    assert(keyword.length > 0 && keyword === keyword.toLowerCase(), "a keyword is lower-case");
    for (let at = 0; at < keyword.length; at++) codes.add(keyword.charCodeAt(at));
  }
  for (const code of codes) if (code < ASCII_SIZE) assign(code);
  const shift = Math.ceil(Math.log2(count));
  count = 1 << shift;
  for (const code of codes) if (code >= ASCII_SIZE) assign(code);
  return shift;
}

/** As `Automaton`, with its rows in the order they grew in. */
interface Trie {
  readonly shift: number;
  readonly next: Uint16Array;
  readonly far: Map<number, Map<number, number>>;
  readonly endings: Map<number, readonly number[]>;
}

function growTrie(keywords: readonly string[], symbols: Uint16Array, shift: number): Trie {
  const most = keywords.reduce((sum, keyword) => sum + keyword.length, 1);
  assert(most <= 0x10000, "a row fits in 16 bits");
  const trie: Trie = {
    shift,
    next: new Uint16Array(most << shift),
    far: new Map(),
    endings: new Map(),
  };
  let rows = 1;
  for (const [index, keyword] of keywords.entries()) {
    let row = 0;
    for (let at = 0; at < keyword.length; at++) {
      const kind = (symbols[keyword.charCodeAt(at)] ?? 0) & CLASS_MASK;
      const child = childOf(trie, row, kind) || rows++;
      addChild(trie, row, kind, child);
      row = child;
    }
    trie.endings.set(row, [...(trie.endings.get(row) ?? []), index]);
  }
  return trie;
}

function childOf({ shift, next, far }: Trie, row: number, kind: number): number {
  return (kind < 1 << shift ? next[(row << shift) | kind] : far.get(row)?.get(kind)) ?? 0;
}

function addChild({ shift, next, far }: Trie, row: number, kind: number, child: number): void {
  if (kind < 1 << shift) {
    next[(row << shift) | kind] = child;
    return;
  }
  const ways = far.get(row) ?? new Map<number, number>();
  far.set(row, ways.set(kind, child));
}

/**
 * Where a row has no way on, it takes that of the longest suffix which has one. Returns the rows,
 * those nearer to the start first.
 */
function closeTransitions(trie: Trie): readonly number[] {
  const suffixes = new Map<number, number>();
  const queue: number[] = [0];
  for (const row of queue) {
    const suffix = suffixes.get(row) ?? 0;
    if (row !== 0) inheritEndings(trie.endings, row, suffix);
    const adopt = (child: number, detour: number): void => {
      suffixes.set(child, detour);
      queue.push(child);
    };
    closeRow(trie, row, suffix, adopt);
    closeFar(trie.far, row, suffix, adopt);
  }
  return queue;
}

type Adopt = (child: number, suffix: number) => void;

function closeRow({ shift, next }: Trie, row: number, suffix: number, adopt: Adopt): void {
  for (let kind = 1; kind < 1 << shift; kind++) {
    const child = next[(row << shift) | kind] ?? 0;
    const detour = row === 0 ? 0 : (next[(suffix << shift) | kind] ?? 0);
    if (child === 0) next[(row << shift) | kind] = detour;
    else adopt(child, detour);
  }
}

function closeFar(far: Trie["far"], row: number, suffix: number, adopt: Adopt): void {
  const own = far.get(row);
  for (const [kind, child] of own ?? []) adopt(child, row === 0 ? 0 : farFrom(far, suffix, kind));
  const inherited = suffix === 0 ? undefined : far.get(suffix);
  if (inherited !== undefined) far.set(row, new Map([...inherited, ...(own ?? [])]));
}

function inheritEndings(
  endings: Map<number, readonly number[]>,
  row: number,
  suffix: number,
): void {
  const inherited = endings.get(suffix) ?? [];
  if (inherited.length > 0) endings.set(row, [...(endings.get(row) ?? []), ...inherited]);
}
