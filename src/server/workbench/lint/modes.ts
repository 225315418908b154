import { suggest } from "../../../core/suggest.ts";
import type { Mode } from "../../../policy/portable/policy.ts";
import { DEFAULT_DENY_RULE } from "../../../policy/portable/read-modes.ts";
import type { PortableFile } from "../portable-file.ts";
import { type LintFinding, placeOf } from "./finding.ts";

/**
 * What is to be said of the modes of a portable policy: names that no rule of the bundle has, and
 * rules that nobody asks. `bundleRules` are the names below `mcp.rules`; null where nobody knows them.
 */
export function lintModes(
  file: PortableFile,
  bundleRules: ReadonlySet<string> | null,
): readonly LintFinding[] {
  const { policy } = file;
  const named = [...(policy.modes?.rules ?? [])];
  const own = [...policy.allowRules, ...policy.denyRules, ...policy.denyFlows];
  return [
    ...named.flatMap(([name, mode]) => {
      const place = placeOf(file.placeOfMode(name));
      return isKnown(name, bundleRules)
        ? offFinding(name, mode, place)
        : unknownFinding(name, bundleRules ?? new Set(), place);
    }),
    ...own.flatMap(({ id, mode }) => offFinding(id, mode, placeOf(file.placeOf(id)))),
    ...offFinding(
      "validate/max_arg_bytes",
      policy.maxArgumentBytesMode,
      placeOf(file.placeOf("validate/max_arg_bytes")),
    ),
  ];
}

function isKnown(name: string, bundleRules: ReadonlySet<string> | null): boolean {
  return bundleRules === null || name === DEFAULT_DENY_RULE || bundleRules.has(name);
}

type Place = Pick<LintFinding, "file" | "line" | "column">;

function unknownFinding(
  name: string,
  bundleRules: ReadonlySet<string>,
  place: Place,
): readonly LintFinding[] {
  const near = suggest(name, [...bundleRules, DEFAULT_DENY_RULE]);
  const message = `modes.rules names a rule that the bundle does not have: ${name}`;
  const remedy =
    near === null
      ? "correct the name; docs/rules.md lists those that ship"
      : `did you mean ${near}?`;
  return [{ code: "unknown_rule", ...place, message, remedy }];
}

function offFinding(name: string, mode: Mode | null, place: Place): readonly LintFinding[] {
  if (mode !== "off") return [];
  const message = `${name} is off: it is not asked, and nothing tells what it would have said`;
  const remedy = name.startsWith("allow/")
    ? "remove it, or enforce it"
    : "remove it, or try it in shadow";
  return [{ code: "rule_off", ...place, message, remedy }];
}
