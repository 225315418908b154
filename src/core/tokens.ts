/** Characters of a text that are looked at for tokens. */
const TEXT_MAX_LENGTH = 262_144;
const TOKEN_MIN_LENGTH = 8;
/** Without a digit or an at sign, only a word this long is told from prose. */
const WORD_MIN_LENGTH = 24;

/** Of bounded length, and begun by what it may end with: each character is tried a bounded time. */
const CANDIDATE = /[\p{L}\p{N}][\p{L}\p{N}@._+-]{6,126}[\p{L}\p{N}]/gu;
/** What many texts hold without having it from each other: dates, times, versions, small numbers. */
const COMMON =
  /^(?:\d{4}-\d{2}-\d{2}(?:t[\d.+-]*z?)?|\d{1,2}\.\d{1,2}\.\d{4}|[v^~]?\d+(?:[._-]\d+){1,3}(?:-[a-z]+(?:[.-]?\d+)*)?|\d{1,7}|[.\d_-]+)$/;

/**
 * The tokens of a text that tell where it comes from: numbers of orders and customers, ids, mail
 * addresses, keys; in lower case, each once, at most `max`. Words, dates and versions are none.
 * Linear in the text, whatever it is.
 */
export function distinctiveTokens(text: string, max: number): readonly string[] {
  if (text.length < TOKEN_MIN_LENGTH) return [];
  const tokens = new Set<string>();
  for (const [found] of text.slice(0, TEXT_MAX_LENGTH).matchAll(CANDIDATE)) {
    if (!isDistinctive(found)) continue;
    tokens.add(found.toLowerCase());
    if (tokens.size === max) break;
  }
  return [...tokens];
}

function isDistinctive(token: string): boolean {
  if (/[\p{N}@]/u.test(token)) return !isCommon(token.toLowerCase());
  return token.length >= WORD_MIN_LENGTH;
}

/** A number of eight digits and more is somebody's; shorter ones are everybody's. */
function isCommon(token: string): boolean {
  return COMMON.test(token) && !/^\d{8,}$/.test(token);
}
