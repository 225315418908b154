import { compileGlob } from "../../../core/glob.ts";
import { suggest } from "../../../core/suggest.ts";
import type { PortablePolicy, PortableRule } from "../../../policy/portable/policy.ts";
import { type PortableFile, selectionOf } from "../portable-file.ts";
import type { KnownTool } from "../tools-file.ts";
import { ruleContains } from "./containment.ts";
import { type LintCode, type LintFinding, placeOf } from "./finding.ts";

/** What is known beside a portable policy. */
export interface PortableContext {
  /** Tools that servers have; null where nobody said. */
  readonly tools: readonly KnownTool[] | null;
  /** Rules that fit a message of some table test; null where there are none. */
  readonly tested: ReadonlySet<string> | null;
}

/** What is to be said of a portable policy. */
export function lintPortable(
  file: PortableFile,
  { tools, tested }: PortableContext,
): readonly LintFinding[] {
  const { policy } = file;
  const rules = [...policy.allowRules, ...policy.denyRules];
  const say = (code: LintCode, rule: string, message: string, remedy: string): LintFinding => {
    return { code, ...placeOf(file.placeOf(rule)), message: `${rule} ${message}`, remedy };
  };
  return [
    ...shadowed(policy.allowRules, file, say),
    ...shadowed(policy.denyRules, file, say),
    ...unreachable(policy, file, say),
    ...(tools === null ? [] : rules.flatMap((rule) => unknownTool(rule, tools, say))),
    ...untested(policy, tested, say),
  ];
}

type Say = (code: LintCode, rule: string, message: string, remedy: string) => LintFinding;

/** Of two rules that say the same, the later is told. */
function shadowed(
  rules: readonly PortableRule[],
  file: PortableFile,
  say: Say,
): readonly LintFinding[] {
  return rules.flatMap((rule, index) => {
    // What it obliges to, it alone does.
    if (rule.obligations !== null) return [];
    const other = rules.find((one, at) => {
      if (at === index || !ruleContains(one, rule)) return false;
      return at < index || !ruleContains(rule, one);
    });
    // A denial with words of its own still says something.
    if (other === undefined || (rule.reason !== null && rule.reason !== other.reason)) return [];
    const at = placeOf(file.placeOf(other.id)).line;
    const message = `has no effect: ${other.id} (line ${at}: ${selectionOf(other)}) covers it`;
    return [say("shadowed_rule", rule.id, message, "remove it, or narrow the other one")];
  });
}

function unreachable(policy: PortablePolicy, file: PortableFile, say: Say): readonly LintFinding[] {
  return policy.allowRules.flatMap((rule) => {
    const deny = policy.denyRules.find(
      (one) => one.obligations === null && ruleContains(one, rule),
    );
    if (deny !== undefined) {
      const at = placeOf(file.placeOf(deny.id)).line;
      const message = `never allows: ${deny.id} (line ${at}: ${selectionOf(deny)}) denies all of it`;
      return [say("unreachable_rule", rule.id, message, "remove one of the two; deny wins")];
    }
    // By its method a rule makes a method known that MCP does not.
    const isMore = rule.tool === null || rule.obligations !== null;
    if (policy.default !== "allow" || isMore) return [];
    const message = "allows nothing more: default: allow lets it pass anyway";
    return [say("unreachable_rule", rule.id, message, "remove it, or write default: deny")];
  });
}

function unknownTool(
  rule: PortableRule,
  tools: readonly KnownTool[],
  say: Say,
): readonly LintFinding[] {
  if (rule.tool === null) return [];
  const tool = compileGlob(rule.tool);
  const server = rule.server === null ? null : compileGlob(rule.server);
  const there = tools.filter(
    (one) => one.server === "*" || server === null || server.fits(one.server),
  );
  if (there.some(({ name }) => tool.fits(name))) return [];
  const where = rule.server === null ? "no server" : `no server ${rule.server}`;
  const near = suggest(rule.tool, new Set(there.map(({ name }) => name)));
  const remedy =
    near === null
      ? "correct the name, or bring the list of tools up to date"
      : `did you mean ${near}?`;
  const message = `names a tool that ${where} has: ${rule.tool}`;
  return [say("unknown_tool", rule.id, message, remedy)];
}

function untested(
  policy: PortablePolicy,
  tested: PortableContext["tested"],
  say: Say,
): readonly LintFinding[] {
  const ids = [...policy.allowRules, ...policy.denyRules, ...policy.denyFlows].map(({ id }) => id);
  if (policy.maxArgumentBytes !== null) ids.push("validate/max_arg_bytes");
  const remedy = "write one in a file …_test.yaml; impedance policy test runs it";
  return ids
    .filter((id) => tested?.has(id) !== true)
    .map((id) => say("untested_rule", id, "fits no message of any table test", remedy));
}
