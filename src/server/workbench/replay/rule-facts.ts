import { compileGlob, type Glob } from "../../../core/glob.ts";
import { escapePointer, type JsonNode } from "../../../core/json.ts";
import type { PolicyInput, RuleFact } from "../../../core/policy.ts";
import { hasDotSegment } from "../../../policy/paths.ts";
import type { CompiledPortable } from "../../../policy/portable/compile.ts";
import { judgeInventory } from "../../../policy/portable/inventory-selector.ts";
import type { PortablePolicy, PortableRule } from "../../../policy/portable/policy.ts";
import { judgePosture } from "../../../policy/portable/posture-selector.ts";
import { judgeProvenance } from "../../../policy/portable/provenance-selector.ts";
import { judgeSession } from "../../../policy/portable/session-selector.ts";
import { ofItsCall } from "../../../policy/provenance.ts";
import type { Recorded } from "../recorded.ts";
import { judgeRecorded, type Verdict } from "./recorded-arguments.ts";

/** What the rules of a policy say of a recorded message. */
export interface ReplayedRules {
  readonly facts: readonly RuleFact[];
  /** Of these nobody can tell whether they fit, and for want of what. */
  readonly unknown: readonly UnknownRule[];
}

export interface UnknownRule {
  readonly rule: string;
  readonly effect: "allow" | "deny";
  /** JSON Pointers in the message of what the log does not hold. */
  readonly missing: readonly string[];
}

/** Matches the rules of a new policy to what a log holds of a message. */
export type RuleReplayer = (
  input: PolicyInput,
  recorded: Pick<Recorded, "erased" | "arguments">,
) => ReplayedRules;

const SUBJECTS_REMEMBERED_MAX = 10_000;

interface Selected {
  readonly rule: PortableRule;
  readonly uri: Glob | null;
}

export function createRuleReplayer(
  policy: PortablePolicy,
  compiled: CompiledPortable,
): RuleReplayer {
  const rules = [...policy.allowRules, ...policy.denyRules].map((rule) => ({
    rule,
    tool: globOf(rule.tool),
    method: globOf(rule.method),
    server: globOf(rule.server),
    uri: globOf(rule.uri),
  }));
  const remembered = new Map<string, readonly Selected[]>();

  /** A log says the same names again and again. */
  function selected({ message: { method, tool }, server }: PolicyInput): readonly Selected[] {
    if (method === null) return [];
    const key = JSON.stringify([method, tool, server.id]);
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const found = rules.filter((rule) => {
      if (rule.server !== null && !rule.server.fits(server.id)) return false;
      if (rule.method !== null) return rule.method.fits(method);
      return method === "tools/call" && tool !== null && rule.tool?.fits(tool) === true;
    });
    if (remembered.size < SUBJECTS_REMEMBERED_MAX) remembered.set(key, found);
    return found;
  }

  return (input, recorded) => {
    const facts: RuleFact[] = [];
    const unknown: UnknownRule[] = [];
    const isCall = ["request", "notification"].includes(input.message.kind);
    if (!isCall) return { facts, unknown };
    for (const { rule, uri } of selected(input)) {
      const judged = judgeRule(rule, uri, input, recorded);
      if (judged === null) continue;
      const { failed, missing } = judged;
      if (failed.length === 0 && missing.length > 0) {
        unknown.push({ rule: rule.id, effect: rule.effect, missing });
      } else facts.push({ rule: rule.id, fit: failed.length === 0, failed });
    }
    unknown.push(...judgeArguments(policy, input, recorded.arguments));
    const origins = input.flow.map(({ from }) => from);
    return { facts: [...facts, ...compiled.flows(origins, input.server.id)], unknown };
  };
}

function globOf(source: string | null): Glob | null {
  return source === null ? null : compileGlob(source);
}

interface JudgedRule {
  /** What certainly does not hold. */
  readonly failed: RuleFact["failed"];
  /** What cannot be told, for want of what the log does not hold. */
  readonly missing: readonly string[];
}

/** Null for a rule that is not about this message. */
function judgeRule(
  rule: PortableRule,
  uri: Glob | null,
  input: PolicyInput,
  recorded: Pick<Recorded, "erased" | "arguments">,
): JudgedRule | null {
  const about = uri === null ? "holds" : judgeUri(uri, input, recorded.erased);
  const isListed = input.phase === "list";
  const isAboutSome = rule.constraints.size > 0 || rule.session !== null;
  // An item of a listing has no arguments yet: it is denied by what denies every call of it.
  const isLater = isListed && rule.effect === "deny" && isAboutSome;
  if (about === "fails" || isLater) return null;
  const failed = failuresBeside(rule, input);
  const missing = about === "unknown" ? ["/params/uri"] : [];
  for (const [name, constraint] of isListed ? [] : rule.constraints) {
    const verdict = judgeRecorded(name, constraint, input, recorded.arguments);
    const at = `/params/arguments/${escapePointer(name)}`;
    if (verdict === "fails") failed.push({ at, check: "recorded" });
    if (verdict === "unknown") missing.push(at);
  }
  return { failed, missing };
}

/** What does not hold of the facts beside the arguments. */
function failuresBeside(rule: PortableRule, input: PolicyInput): RuleFact["failed"][number][] {
  const { inventory, effect } = rule;
  const { tool, session, provenance } = input;
  const failed = inventory === null ? [] : [...judgeInventory(inventory, effect, tool)];
  failed.push(...judgePosture(rule.posture, input.posture));
  if (input.phase === "list") {
    return [...failed, ...judgeProvenance(rule.provenance, ofItsCall(provenance))];
  }
  failed.push(...judgeProvenance(rule.provenance, provenance));
  return [...failed, ...judgeSession(rule.session, session)];
}

function judgeUri(uri: Glob, { resource }: PolicyInput, erased: readonly string[]): Verdict {
  const { uri: shown, scheme } = resource;
  const isThere = typeof shown === "string" || scheme !== null || erased.includes(ERASED_URI);
  if (!isThere) return "fails";
  if (uri.source === "*") return "holds";
  const [, wanted] = /^([a-z][a-z0-9+.-]*):/i.exec(uri.source) ?? [];
  if (wanted !== undefined && typeof scheme === "string" && wanted !== scheme) return "fails";
  // What is shown lacks its query, and a URI with dot segments is not judged at all.
  if (typeof shown !== "string" || hasDotSegment(shown)) return "unknown";
  return uri.fits(shown) ? "holds" : "fails";
}

const ERASED_URI = "/input/resource/uri";

/** What a policy asks of the arguments as a whole, and what a log cannot tell of it. */
function judgeArguments(
  { maxArgumentBytes, rejectUnknownArguments }: PortablePolicy,
  { message, phase }: PolicyInput,
  whole: JsonNode | null,
): readonly UnknownRule[] {
  const isEmpty = Object.keys(message.arguments).length === 0 && message.truncated.length === 0;
  if (phase !== "request" || isEmpty) return [];
  const unknown = (rule: string) => {
    return { rule, effect: "deny", missing: ["/params/arguments"] } as const;
  };
  // The whole message is known to be no larger than the limit, or nobody knows.
  const bytes = whole === null ? message.bytes : whole.end - whole.start;
  const mayBeOver = maxArgumentBytes !== null && bytes > maxArgumentBytes;
  return [
    ...(mayBeOver ? [unknown("validate/max_arg_bytes")] : []),
    ...(rejectUnknownArguments ? [unknown("validate/reject_unknown_args")] : []),
  ];
}
