import type { Finding } from "../core/finding.ts";

/** A message stuffed with secrets must not stuff the policy's input and the log. */
const FINDINGS_MAX = 100;

/**
 * The findings that a decision and its record carry: all of them, or of too many the first ones,
 * what is still there before what is gone, since only the former can deny.
 */
export function mostTelling(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= FINDINGS_MAX) return findings;
  const left = findings.filter(({ action }) => action === "found");
  const gone = findings.filter(({ action }) => action !== "found");
  return [...left, ...gone].slice(0, FINDINGS_MAX);
}
