/** One thing about a policy that is not as its author will have meant it. */
export interface LintFinding {
  readonly code: LintCode;
  readonly file: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly remedy: string;
}

/** What `impedance policy lint` looks for; docs/policy.md says more of each. */
export const LINT_CODES = [
  "invalid_policy",
  "shadowed_rule",
  "unreachable_rule",
  "untested_rule",
  "unknown_tool",
  "unknown_rule",
  "rule_off",
  "invalid_rego",
  "missing_built_in",
  "slow_built_in",
  "reads_truncated",
  "misspelt_constant",
] as const;
export type LintCode = (typeof LINT_CODES)[number];

/** `policy.yaml:12:5`, taken apart; what has no line stands at the beginning. */
export function placeOf(place: string): Pick<LintFinding, "file" | "line" | "column"> {
  const found = /^(.*?):(\d+)(?::(\d+))?$/.exec(place);
  if (found === null) return { file: place, line: 1, column: 1 };
  const [, file = place, line = "1", column = "1"] = found;
  return { file, line: Number(line), column: Number(column) };
}
