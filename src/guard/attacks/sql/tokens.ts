import { sqlWord } from "./words.ts";

/**
 * One token of SQL, folded to a letter, so that the structure of a text is itself a short text:
 *
 * `1` number or constant, `s` string, `q` string without an end, `n` name, `v` variable, `f` call
 * of any function, `F` call of one that SQL injection lives on, `o` comparison (`L` in words), `a` arithmetic,
 * `p` `||`, `B` and/or, `!` not, `c` comment to the end, `k` comment inside, the rest: `words.ts`
 * and the character itself.
 */
export interface SqlToken {
  readonly letter: string;
  /** In lower case; of strings and comments what is inside. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export type Quote = "" | "'" | '"' | "`";

/** No statement that injects needs more to be known for what it is. */
const TOKENS_MAX = 400;

/**
 * Linear: each pattern is tried at one place, and eats what it fits. The order matters. `word` may
 * be a name in brackets or a number in any base.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<space>[\s\0\u00a0]+)`,
    String.raw`(?<line>--[^\n]*|#[^\n]*)`,
    String.raw`\/\*(?<inside>[^*]*(?:\*(?!\/)[^*]*)*)(?<closed>\*\/)?`,
    String.raw`(?<number>(?:0x[0-9a-f]+|0b[01]+|[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]+)?|\.[0-9]+)(?![a-z_])|[0-9]+(?:\.[0-9]+)?(?=(?:union|and|or|xor|from|where|order)\b))`,
    String.raw`(?<variable>@{1,2}[\w.$\x60]*|:\w+|\$\d+)`,
    String.raw`(?<word>[a-z_\u0080-\uffff0-9][\w$\u0080-\uffff]*)`,
    String.raw`(?<compare><=>|<>|[<>!=]=?=?|~\*?)`,
    String.raw`(?<either>\|\|)`,
    "(?<both>&&)",
    "(?<arithmetic>[-+*/%|&^])",
    "(?<other>[\\s\\S])",
  ].join("|"),
  "iy",
);

/** Reads `text` as it would be read behind an open `quote`. */
export function sqlTokens(text: string, quote: Quote): readonly SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  if (quote !== "") {
    const token = stringAt(text, -1, quote);
    tokens.push(token);
    at = token.end;
  }
  while (at < text.length && tokens.length < TOKENS_MAX) {
    const character = text[at] ?? "";
    if (character === "'" || character === '"' || character === "`") {
      const token = stringAt(text, at, character);
      tokens.push(token);
      at = token.end;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) break;
    const end = TOKEN.lastIndex;
    const token = tokenOf(match, text, at, end);
    if (token !== null) tokens.push(token);
    at = end;
  }
  return pairs(tokens);
}

/** `''` and `\'` go on with a string; one without an end is `q`. */
function stringAt(text: string, start: number, quote: string): SqlToken {
  let at = start + 1;
  for (; at < text.length; at++) {
    if (text[at] === "\\" && quote !== "`" && start >= 0) at++;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote || start < 0) break;
      at++;
    }
  }
  const isOpen = at >= text.length;
  // What stands between backticks is a name, in MySQL.
  const closed = quote === "`" && start >= 0 ? "n" : "s";
  const letter = isOpen ? "q" : closed;
  const end = isOpen ? text.length : at + 1;
  return { letter, text: text.slice(start + 1, at).toLowerCase(), start: Math.max(0, start), end };
}

function tokenOf(
  { groups = {}, 0: whole }: RegExpExecArray,
  text: string,
  start: number,
  end: number,
): SqlToken | null {
  const token = (letter: string, of = whole) => ({ letter, text: of.toLowerCase(), start, end });
  if (groups.space !== undefined) return null;
  if (groups.line !== undefined) return token("c", groups.line.replace(/^(?:--|#)/, ""));
  if (groups.inside !== undefined) return commentOf(groups.inside, groups.closed, token);
  if (groups.number !== undefined) return token("1");
  if (groups.variable !== undefined) return token("v");
  if (groups.word !== undefined) return token(sqlWord(whole.toLowerCase(), text, end));
  if (groups.compare !== undefined) return whole === "!" ? token("!") : token("o");
  if (groups.either !== undefined) return token("p");
  if (groups.both !== undefined) return token("B");
  if (groups.arithmetic !== undefined) return token("a");
  return token(whole);
}

function commentOf(
  inside: string,
  closed: string | undefined,
  token: (letter: string, of?: string) => SqlToken,
): SqlToken {
  if (inside.startsWith("!")) return token("K", inside);
  return token(closed === undefined ? "c" : "k", inside);
}

/** `order by`, `group by`, `sounds like`: two words that are one. */
function pairs(tokens: readonly SqlToken[]): readonly SqlToken[] {
  const folded: SqlToken[] = [];
  for (const token of tokens) {
    const last = folded.at(-1);
    if (last !== undefined && token.text === "by" && /^(?:order|group)$/.test(last.text)) {
      folded[folded.length - 1] = { ...token, letter: "O", start: last.start };
    } else {
      folded.push(token);
    }
  }
  return folded;
}
