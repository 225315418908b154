import type { ByteText } from "./byte-text.ts";

/** Member names that most messages have. Two of them may not be alike in length and both ends. */
const NAMES = [
  ...["jsonrpc", "id", "method", "params", "result", "error", "code", "message", "data"],
  ...["name", "arguments", "content", "type", "text", "uri", "isError", "structuredContent"],
  ...["_meta", "progressToken", "cursor", "nextCursor", "tools", "description", "inputSchema"],
  ...["properties", "required", "path", "query", "title", "mimeType"],
];

const BY_ENDS: ReadonlyMap<number, string> = new Map(
  NAMES.map((name) => [
    endsOf(name.length, name.charCodeAt(0), name.charCodeAt(name.length - 1)),
    name,
  ]),
);

const LONGEST = Math.max(...NAMES.map(({ length }) => length));

/**
 * The one string of a name that is met everywhere, where these bytes spell it: one that is made anew
 * is slow to compare and to look up.
 */
export function knownName(bytes: ByteText, start: number, end: number): string | undefined {
  const length = end - start;
  if (length > LONGEST) return undefined;
  const name = BY_ENDS.get(endsOf(length, bytes[start] ?? 0, bytes[end - 1] ?? 0));
  if (name === undefined) return undefined;
  for (let index = 1; index < name.length; index += 1) {
    if (bytes[start + index] !== name.charCodeAt(index)) return undefined;
  }
  return name;
}

/** Lengths of more than two bytes would not fit. */
function endsOf(length: number, first: number, last: number): number {
  return (length << 16) | (first << 8) | last;
}
