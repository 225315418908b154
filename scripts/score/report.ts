import type { Outcome, Scores } from "./judge.ts";

/** A table of the tiers, and below it what they come to. */
export function formatScores(scores: Scores): string {
  const tiers = Object.entries(scores.tiers).map(([tier, { rows, right }]) => {
    const share = ((100 * right) / rows).toFixed(1);
    const counts = `${String(right).padStart(6)} of ${String(rows).padStart(5)}`;
    return `${tier.padEnd(15)}${counts}  ${share} %`;
  });
  const { recall, precision, f1, partlyLeaked } = scores;
  const total =
    `recall ${recall.toFixed(4)}  precision ${precision.toFixed(4)}  F1 ${f1.toFixed(4)}  ` +
    `partly leaked ${partlyLeaked}`;
  return [...tiers, "", total].join("\n");
}

/** One line for each row that went wrong: where it stands and what it is, never what it holds. */
export function formatMisses(misses: readonly Outcome[]): readonly string[] {
  if (misses.length === 0) return [];
  const lines = misses.map(
    ({ row, kind, tier, result }) => `row ${row}: ${result} (${tier}, ${kind})`,
  );
  return ["", ...lines];
}
