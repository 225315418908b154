/** Terminals and mails wrap no earlier. */
const WIDTH_MIN = 60;
/** What is shorter was not cut for its length. */
const TOKEN_MIN_LENGTH = 32;
const LINES_MAX = 256;

const BREAK = /\\?\r?\n/y;
const REST_OF_TOKEN = /([\w+/-]{1,4096}={0,2})(?=[\r\n"']|$)/y;

/**
 * Where a token ends that fills its line to the edge and goes on over the next: the rule that found
 * it is content with its first part, and what is left over would still be most of a secret. The
 * lines behind hold nothing else, are no wider, and look no more like a word than like a token.
 */
export function wrappedEnd(text: string, start: number, end: number): number {
  if (end - start < TOKEN_MIN_LENGTH) return end;
  const width = end - text.lastIndexOf("\n", end - 1) - 1;
  if (width < WIDTH_MIN) return end;
  let at = end;
  for (let line = 0; line < LINES_MAX; line++) {
    const rest = restBehind(text, at, width);
    if (rest === null) return at;
    at = rest.end;
    if (rest.length < width) return at;
  }
  return at;
}

function restBehind(text: string, at: number, width: number) {
  BREAK.lastIndex = at;
  if (!BREAK.test(text)) return null;
  REST_OF_TOKEN.lastIndex = BREAK.lastIndex;
  const [, rest = ""] = REST_OF_TOKEN.exec(text) ?? [];
  const isToken = rest.length <= width && (/\d/.test(rest) || /[a-z][A-Z]/.test(rest));
  return isToken ? { end: REST_OF_TOKEN.lastIndex, length: rest.length } : null;
}
