import type { Spot } from "./spot.ts";

/** A text as people see it, and where its parts stand in the text as it was sent. */
export interface Visible {
  readonly text: string;
  /** Where `[start, end)` stands in the source, what is hidden inside included. */
  locate(start: number, end: number): readonly [start: number, end: number];
}

/** The text without its hidden spots; `spots` are in order and do not overlap. */
export function visibleOf(source: string, spots: readonly Spot[]): Visible {
  if (spots.length === 0) return { text: source, locate: (start, end) => [start, end] };

  const parts: string[] = [];
  /** By piece of the visible text: where it begins there, and in the source. */
  const begins: number[] = [];
  const sources: number[] = [];
  let length = 0;
  let from = 0;
  const take = (part: string, at: number) => {
    if (part === "") return;
    parts.push(part);
    begins.push(length);
    sources.push(at);
    length += part.length;
  };
  for (const { start, end, replacement } of spots) {
    take(source.slice(from, start), from);
    take(replacement ?? "", start);
    from = end;
  }
  take(source.slice(from), from);

  const sourceOf = (offset: number): number => {
    const piece = lastAtMost(begins, offset);
    return (sources[piece] ?? 0) + offset - (begins[piece] ?? 0);
  };
  return {
    text: parts.join(""),
    locate: (start, end) => [sourceOf(start), end > start ? sourceOf(end - 1) + 1 : sourceOf(end)],
  };
}

/** Index of the last entry that is not beyond `value`, 0 at least. */
function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
