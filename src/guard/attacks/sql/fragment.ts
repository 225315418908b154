import { CATALOGUE } from "./words.ts";

/** Pieces of SQL by their letters: what no name, id or column is, though no attack alone. */
const FRAGMENTS = [
  // a whole query, and definitions
  /^\(*S(?:.*w|[^n]*[fF(sv]|.*p)/,
  /^(?:Mi[nT].*[(t]|Mw[nT]|D[nA]?Tn|G[nvA].*w|En?[qs])/,
  // what goes on behind a value that is not there
  /^[)(]*!?L[)(]+/,
  /^\)+[(B]/,
  /nL[q]$/,
  /^B!?\(*(?:1|n[oL]n?)/,
  /^1k*[Bp]k*1[ac]?$/,
  /^[()s]*U[A]?(?:S|$)/,
  /^(?:F|f)\([1n][o,]?$/,
];
/** `password::int`: PostgreSQL casts, and tells the value when it cannot. */
const CAST =
  /::\s{0,4}(?:int|integer|bigint|smallint|text|varchar|char|numeric|double|real|bool|boolean|date|timestamp|uuid|bytea|jsonb?|xml|regclass|name|oid)\b/i;

/** Of an argument for a name, an id or a column, whose value reads as a piece of SQL. */
export function isFragment(shape: string, text: string): boolean {
  if (CAST.test(text) || /^['"`]+;/.test(text)) return true;
  if (/\bcase\s{1,8}when\b/i.test(text)) return true;
  const bare = text.trim();
  if (/^[\w$.@]+$/.test(bare)) return CATALOGUE.test(bare);
  return FRAGMENTS.some((pattern) => pattern.test(shape));
}

/** A quote at the very beginning that nothing closes: what follows it is what is meant. */
export function behindLoneQuote(text: string): string | null {
  const rest = /^\\?(['"`])([^'"`]+)$/.exec(text)?.[2];
  return rest ?? null;
}
