import type { Hit } from "../../core/finding.ts";
import { firstIndex } from "../../core/search.ts";
import { SEVERITY_RANK } from "../severity.ts";

/**
 * Hits in the order of the text and without overlaps. Edits that share characters become one; what
 * is only reported keeps the part that no edit takes.
 */
export function settle(hits: readonly Hit[]): readonly Hit[] {
  if (hits.length < 2) return hits;
  const edits = united(hits.filter(({ replacement }) => replacement !== null));
  const reports = united(hits.filter(({ replacement }) => replacement === null));
  const left = reports.map((report) => outside(report, edits)).filter((hit) => hit !== null);
  return [...edits, ...left].sort((one, other) => one.start - other.start);
}

function united(hits: readonly Hit[]): readonly Hit[] {
  const merged: Hit[] = [];
  for (const hit of hits.toSorted((one, other) => one.start - other.start)) {
    const last = merged.at(-1);
    if (last === undefined || hit.start >= last.end) merged.push(hit);
    else merged[merged.length - 1] = unite(last, hit);
  }
  return merged;
}

/** The worse names it; a mark stays rather than nothing. */
function unite(first: Hit, second: Hit): Hit {
  const isWorse = SEVERITY_RANK[second.severity] > SEVERITY_RANK[first.severity];
  const [worse, other] = isWorse ? [second, first] : [first, second];
  return {
    ...worse,
    start: first.start,
    end: Math.max(first.end, second.end),
    replacement: (worse.replacement || other.replacement) ?? worse.replacement,
  };
}

/** The first part of a report that lies outside all edits. */
function outside(report: Hit, edits: readonly Hit[]): Hit | null {
  let { start } = report;
  for (let index = firstEndingAfter(edits, start); index < edits.length; index++) {
    const edit = edits[index];
    if (edit === undefined || edit.start >= report.end) break;
    if (edit.start > start) return { ...report, start, end: edit.start };
    start = edit.end;
  }
  return start < report.end ? { ...report, start } : null;
}

function firstEndingAfter(edits: readonly Hit[], offset: number): number {
  return firstIndex(edits, ({ end }) => end > offset);
}
