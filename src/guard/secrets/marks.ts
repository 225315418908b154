/**
 * A mark, and whatever else is already accounted for, is hidden from the detectors behind a run of
 * this character: it is white space to a pattern and part of no token. Detectors thus see the same
 * text before and after an edit, which makes cleaning idempotent.
 */
export const FILLER = "\u2028";

const MARK_START = "[REDACTED:";
const MARK = /\[REDACTED:[A-Za-z0-9_-]{1,64}\]/y;

interface Extent {
  readonly start: number;
  readonly end: number;
}

/** The mark that stands in the place of a secret. */
export function markOf(kind: string): string {
  return `${MARK_START}${kind}]`;
}

/** `text` with the marks in it hidden, at the same length. */
export function hideMarks(text: string): string {
  let at = text.indexOf(MARK_START);
  if (at === -1) return text;

  const marks: Extent[] = [];
  while (at !== -1) {
    MARK.lastIndex = at;
    const end = MARK.test(text) ? MARK.lastIndex : at + MARK_START.length;
    if (end > at + MARK_START.length) marks.push({ start: at, end });
    at = text.indexOf(MARK_START, end);
  }
  return hideExtents(text, marks);
}

/** `text` with the extents hidden, at the same length; they are in order and do not overlap. */
export function hideExtents(text: string, extents: readonly Extent[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of extents) {
    parts.push(text.slice(from, start), FILLER.repeat(end - start));
    from = end;
  }
  parts.push(text.slice(from));
  return parts.join("");
}
