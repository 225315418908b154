import type { Severity } from "../core/finding.ts";

/** Severities as numbers, the worse the higher. */
export const SEVERITY_RANK: { readonly [severity in Severity]: number } = {
  low: 0,
  medium: 1,
  high: 2,
  critical: 3,
};
