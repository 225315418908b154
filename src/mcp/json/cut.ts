import type { Span } from "../../core/json.ts";
import type { Splice } from "./splice.ts";

const NOTHING = new Uint8Array(0);

/**
 * Takes entries out of a list whose entries are parted by commas: members of an object, items of an
 * array. One splice for each run of neighbours. A run goes with the comma in front of it, the run
 * that begins the list with the comma behind it.
 */
export function cut(entries: readonly Span[], isCut: (index: number) => boolean): Splice[] {
  const splices: Splice[] = [];
  let kept: Span | null = null;
  let first: Span | null = null;
  let last: Span | null = null;
  for (const [index, entry] of entries.entries()) {
    if (isCut(index)) {
      first ??= entry;
      last = entry;
    } else {
      if (first !== null && last !== null) splices.push(gap(kept, first, last, entry));
      first = null;
      kept = entry;
    }
  }
  if (first !== null && last !== null) splices.push(gap(kept, first, last, null));
  return splices;
}

/** The bytes from `first` to `last`, and the comma that parts them from an entry that stays. */
function gap(before: Span | null, first: Span, last: Span, behind: Span | null): Splice {
  if (before !== null) return { start: before.end, end: last.end, bytes: NOTHING };
  return { start: first.start, end: behind === null ? last.end : behind.start, bytes: NOTHING };
}
