import assert from "node:assert/strict";

/** Called for each keyword that ends before offset `end`, in the order of the ends. */
export type KeywordVisitor<Context> = (context: Context, keyword: number, end: number) => void;

/** Finds all keywords in one pass, without regard to case. */
export interface KeywordIndex {
  /** Returns the signs of all characters of the text together. */
  visit<Context>(text: string, visitor: KeywordVisitor<Context>, context: Context): number;
}

/** What a character is, as a set of bits of which the low eight are not used. */
export type SignOf = (code: number) => number;

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
  readonly far: ReadonlyMap<number, number>;
  readonly firstEnding: number;
  /** The keywords that end at a row, by its distance from `firstEnding`. */
  readonly endings: readonly (readonly number[])[];
}

/**
 * An Aho-Corasick automaton (Aho and Corasick, 1975) as a dense table: two array reads for each
 * character, whatever the number of keywords. Keywords are lower-case and distinct. Rows near the
 * start stand side by side, so that ordinary text stays in the fast part of memory.
 */
export function createKeywordIndex(
  keywords: readonly string[],
  signOf: SignOf = () => 0,
): KeywordIndex {
  const { symbols, shift, next, far, firstEnding, endings } = buildAutomaton(keywords, signOf);
  const width = 1 << shift;

  function visit<Context>(
    text: string,
    visitor: KeywordVisitor<Context>,
    context: Context,
  ): number {
    const { length } = text;
    let row = 0;
    let signs = 0;
    for (let index = 0; index < length; index++) {
      const symbol = symbols[text.charCodeAt(index)] ?? 0;
      signs |= symbol;
      const kind = symbol & CLASS_MASK;
      row = kind < width ? (next[(row << shift) | kind] ?? 0) : farFrom(far, row, kind);
      if (row < firstEnding) continue;
      for (const keyword of endings[row - firstEnding] ?? []) visitor(context, keyword, index + 1);
    }
    return signs & ~CLASS_MASK;
  }

  return { visit };
}

/** Where no row says otherwise, the way is that of the start. */
function farFrom(far: ReadonlyMap<number, number>, row: number, kind: number): number {
  return far.get((row << CLASS_BITS) | kind) ?? far.get(kind) ?? 0;
}

function buildAutomaton(keywords: readonly string[], signOf: SignOf): Automaton {
  const { classes, asciiCount, count } = assignClasses(keywords);
  const trie = buildTrie(keywords, classes);
  const { order, failures } = breadthFirst(trie);
  inheritEndings(order, failures);

  const plain = order.filter((node) => node.endings.length === 0);
  const ending = order.filter((node) => node.endings.length > 0);
  const rows = new Map([...plain, ...ending].map((node, row) => [node, row]));
  assert(rows.size <= 0x10000, "a row fits in 16 bits");

  const shift = Math.ceil(Math.log2(asciiCount));
  const next = new Uint16Array(rows.size << shift);
  const far = new Map<number, number>();
  for (const node of order) {
    const row = rows.get(node) ?? 0;
    // Where a row has no way on, it takes that of the longest suffix which has one.
    const suffix = rows.get(failures.get(node) ?? trie) ?? 0;
    const wayOn = (kind: number, detour: number): number => {
      const child = node.children.get(kind);
      return child === undefined ? detour : (rows.get(child) ?? 0);
    };
    for (let kind = 1; kind < asciiCount; kind++) {
      next[(row << shift) | kind] = wayOn(kind, next[(suffix << shift) | kind] ?? 0);
    }
    for (let kind = 1 << shift; kind < count; kind++) {
      const target = wayOn(kind, farFrom(far, suffix, kind));
      if (target !== farFrom(far, 0, kind)) far.set((row << CLASS_BITS) | kind, target);
    }
  }
  const symbols = Uint16Array.from(classes, (kind, code) => kind | (signOf(code) & ~CLASS_MASK));
  const endings = ending.map((node) => node.endings);
  return { symbols, shift, next, far, firstEnding: plain.length, endings };
}

/**
 * Gives each character of the keywords a class, in both cases: those of ASCII the first ones, the
 * others such as have no cell in a row.
 */
function assignClasses(keywords: readonly string[]) {
  const classes = new Uint8Array(0x10000);
  let count = 1;
  const assign = (code: number): void => {
    if (classes[code] !== 0) return;
    assert(count <= CLASS_MASK, "a class fits in a byte");
    classes[code] = count;
    const upper = String.fromCharCode(code).toUpperCase();
    if (upper.length === 1) classes[upper.charCodeAt(0)] = count;
    count++;
  };
  const codes = keywords.flatMap((keyword) => {
    assert(keyword.length > 0 && keyword === keyword.toLowerCase(), "a keyword is lower-case");
    return Array.from({ length: keyword.length }, (_, at) => keyword.charCodeAt(at));
  });
  for (const code of codes) if (code < ASCII_SIZE) assign(code);
  const asciiCount = count;
  count = 1 << Math.ceil(Math.log2(asciiCount));
  for (const code of codes) if (code >= ASCII_SIZE) assign(code);
  return { classes, asciiCount, count };
}

interface TrieNode {
  readonly children: Map<number, TrieNode>;
  endings: readonly number[];
}

function buildTrie(keywords: readonly string[], classes: Uint8Array): TrieNode {
  const root: TrieNode = { children: new Map(), endings: [] };
  for (const [index, keyword] of keywords.entries()) {
    let node = root;
    for (let at = 0; at < keyword.length; at++) {
      const kind = classes[keyword.charCodeAt(at)] ?? 0;
      const child = node.children.get(kind) ?? { children: new Map(), endings: [] };
      node.children.set(kind, child);
      node = child;
    }
    node.endings = [...node.endings, index];
  }
  return root;
}

/** The nodes by their distance from the root, and the longest suffix of each that is one, too. */
function breadthFirst(root: TrieNode) {
  const order: TrieNode[] = [root];
  const failures = new Map<TrieNode, TrieNode>();
  for (const node of order) {
    for (const [kind, child] of node.children) {
      failures.set(
        child,
        node === root ? root : suffixOf(kind, failures.get(node), failures, root),
      );
      order.push(child);
    }
  }
  return { order, failures };
}

function suffixOf(
  kind: number,
  from: TrieNode | undefined,
  failures: ReadonlyMap<TrieNode, TrieNode>,
  root: TrieNode,
): TrieNode {
  for (let at = from; at !== undefined; at = failures.get(at)) {
    const child = at.children.get(kind);
    if (child !== undefined) return child;
  }
  return root;
}

function inheritEndings(
  order: readonly TrieNode[],
  failures: ReadonlyMap<TrieNode, TrieNode>,
): void {
  for (const node of order) {
    const inherited = failures.get(node)?.endings ?? [];
    if (inherited.length > 0) node.endings = [...node.endings, ...inherited];
  }
}
