import { type JsonNode, member } from "../../../core/json.ts";
import { DEFAULT_LIMITS } from "../../../core/limits.ts";
import type { Json, PolicyInput } from "../../../core/policy.ts";
import { parseJson } from "../../../mcp/json/parse.ts";
import { type Failure, judge } from "../../../policy/portable/constraint.ts";
import type { Constraint } from "../../../policy/portable/policy.ts";

/** What can be said of a constraint from what a log holds. */
export type Verdict = "holds" | "fails" | "unknown";

const ARGUMENTS = "/params/arguments";

/** Whether a constraint held of an argument, as far as the log tells; `whole` if it tells all. */
export function judgeRecorded(
  name: string,
  constraint: Constraint,
  { message, strings }: Pick<PolicyInput, "message" | "strings">,
  whole: JsonNode | null = null,
): Verdict {
  if (whole !== null) return verdictOn(constraint, member(whole, name));
  const value = Object.hasOwn(message.arguments, name) ? message.arguments[name] : undefined;
  if (value === undefined) {
    if (mayHideKeys(message)) return "unknown";
    return constraint.required ? "fails" : "holds";
  }
  // Where aliases stood for paths the rule was held to the paths, and the log shows the aliases.
  const isShown = (strings.aliases ?? 0) === 0 && !isHidden(value);
  if (!isShown) return asksOfValue(constraint) ? "unknown" : "holds";
  const node = nodeOf(value);
  if (node === null) return "unknown";
  return verdictOn(constraint, node);
}

function verdictOn(constraint: Constraint, node: JsonNode | undefined): Verdict {
  const failures: Failure[] = [];
  judge(constraint, node, "", failures);
  return failures.length === 0 ? "holds" : "fails";
}

/** Whether an argument may have been there under a name that the log does not show. */
function mayHideKeys({ arguments: shown, truncated }: PolicyInput["message"]): boolean {
  return (
    truncated.includes(ARGUMENTS) || Object.keys(shown).some((key) => /^\$key:|#\d+$/.test(key))
  );
}

/** `{"$bytes": n}` stands for what is not there, in the log and in the policy's input alike. */
function isHidden(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(isHidden);
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === "$bytes") return true;
  return entries.some(([, one]) => isHidden(one));
}

/** All but whether it is there. */
function asksOfValue(constraint: Constraint): boolean {
  const { required: _, ...checks } = constraint;
  return Object.values(checks).some((check) => check !== null);
}

function nodeOf(value: Json): JsonNode | null {
  const document = parseJson(Buffer.from(JSON.stringify(value)), DEFAULT_LIMITS);
  return document.ok ? document.value.root : null;
}
