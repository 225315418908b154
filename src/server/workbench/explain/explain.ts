import type { PolicyDecision, PolicyInput, Reason } from "../../../core/policy.ts";
import type { PolicyEngine } from "../../../core/ports.ts";
import type { PortableFile } from "../portable-file.ts";
import type { RuleMetadata } from "../rule-metadata.ts";
import { decideUnanswered } from "../unanswered.ts";
import { type Change, changesOf, describeRule, rulesById } from "./changes.ts";

/** Why one message was decided as it was. */
export interface Explanation {
  readonly allow: boolean;
  /** `tools/call delete_user on crm, by ana (support)` */
  readonly message: string;
  readonly reasons: readonly ExplainedReason[];
  /** What rules in shadow had against it: it passed them all the same. */
  readonly shadow: readonly ExplainedReason[];
  /** The rules that let it through, or would have but for the reasons. */
  readonly allowed_by: readonly string[];
  /** Allow rules that nearly fit, and what is in their way. */
  readonly nearly: readonly string[];
  readonly changes: readonly ExplainedChange[];
  readonly notes: readonly string[];
}

export interface ExplainedReason extends Reason {
  /** Of the rule's annotations; null where nothing is known of them. */
  readonly title: string | null;
  readonly description: string | null;
  /** The facts without which this reason would not have been there. */
  readonly facts: readonly string[];
}

export interface ExplainedChange {
  /** `if deny/0 did not fit` */
  readonly change: string;
  /** `it would be allowed`, or what would still stand against it. */
  readonly outcome: string;
  readonly allows: boolean;
}

export interface ExplainOptions {
  readonly portable: PortableFile | null;
  readonly metadata: readonly RuleMetadata[];
  /** What decided; null where another policy is in force now. */
  readonly engine: PolicyEngine | null;
}

/** One change, tried out. */
interface Tried extends Change {
  readonly allow: boolean;
  /** Codes and rules that would still stand against it. */
  readonly left: readonly Reason[];
  readonly shadow: readonly Reason[];
}

/** Tries every fact otherwise, and tells which of them decided. */
export function explain(
  input: PolicyInput,
  decision: Pick<PolicyDecision, "allow" | "reasons" | "shadow">,
  options: ExplainOptions,
): Explanation {
  const { portable, metadata, engine } = options;
  const { allow, reasons, shadow } = decision;
  const isAsked = engine !== null && !(allow && shadow.length === 0);
  const tried = isAsked ? tryAll(input, engine, portable) : [];
  const telling = allow
    ? []
    : tried.filter((one) => one.allow || removed(reasons, one.left).length > 0);
  return {
    allow,
    message: subjectOf(input),
    reasons: reasons.map((reason) => ({
      ...reason,
      ...aboutOf(reason, metadata),
      facts: factsBehind(reason, telling, ({ left }) => left),
    })),
    shadow: shadow.map((reason) => ({
      ...reason,
      ...aboutOf(reason, metadata),
      facts: factsBehind(reason, tried, (one) => one.shadow),
    })),
    allowed_by: allowedBy(input, portable),
    nearly: nearlyOf(input, portable),
    changes: allow ? [] : [...merged(telling), ...wayOut(input, decision, options, telling)],
    notes: [],
  };
}

function tryAll(
  input: PolicyInput,
  engine: PolicyEngine,
  portable: PortableFile | null,
): readonly Tried[] {
  return changesOf(input, portable).flatMap((change) => {
    const answer = decideUnanswered(engine, change.input);
    if (!answer.ok) return [];
    const { allow, reasons, shadow } = answer.value;
    return [{ ...change, allow, left: reasons, shadow }];
  });
}

/** The facts without which a reason would not be there. */
function factsBehind(
  reason: Reason,
  tried: readonly Tried[],
  leftOf: (one: Tried) => readonly Reason[],
): readonly string[] {
  const telling = tried.filter((one) => removed([reason], leftOf(one)).length > 0);
  return [...new Set(telling.map(({ fact }) => fact))];
}

/** The reasons that are no longer among those that are left. */
function removed(reasons: readonly Reason[], left: readonly Reason[]): readonly Reason[] {
  return reasons.filter(
    ({ code, rule }) => !left.some((one) => one.code === code && one.rule === rule),
  );
}

/** Hours and days come one by one; told together they are readable. */
function merged(telling: readonly Tried[]): readonly ExplainedChange[] {
  const changes = new Map<string, ExplainedChange>();
  for (const { change, allow, left } of telling) {
    const outcome = allow ? "it would be allowed" : `still denied: ${codesOf(left)}`;
    const time = /^it came (at|on a) /.exec(change)?.[0];
    const key = `${time ?? change}\0${outcome}`;
    const before = changes.get(key);
    const text =
      before === undefined ? change : `${before.change}, ${change.replace(time ?? "", "")}`;
    changes.set(key, { change: text, outcome, allows: allow });
  }
  return [...changes.values()].map((one) => ({ ...one, change: `if ${one.change}` }));
}

function codesOf(reasons: readonly Reason[]): string {
  return reasons.map(({ code, rule }) => `${code} (${rule})`).join(", ");
}

const STEPS_MAX = 8;

/** Where no single fact stands in the way: several do, or a rule is missing. */
function wayOut(
  input: PolicyInput,
  { reasons }: { readonly reasons: readonly Reason[] },
  { engine, portable }: ExplainOptions,
  telling: readonly Tried[],
): readonly ExplainedChange[] {
  if (engine === null || telling.some(({ allow }) => allow)) return [];
  if (telling.length > 0) {
    const together = severalSteps(input, reasons, engine, portable);
    if (together !== null) return [together];
  }
  if (!reasons.some(({ code }) => code === "not_allowed")) return [];
  const others = reasons.filter(({ code }) => code !== "not_allowed");
  return [
    {
      change: `if allow_rules of the policy held ${ruleFor(input)}`,
      outcome: others.length === 0 ? "it would be allowed" : `still denied: ${codesOf(others)}`,
      allows: others.length === 0,
    },
  ];
}

/** One change after the other, until it is allowed; null if it never is. */
function severalSteps(
  input: PolicyInput,
  reasons: readonly Reason[],
  engine: PolicyEngine,
  portable: PortableFile | null,
): ExplainedChange | null {
  const steps: string[] = [];
  let at = input;
  let left = reasons;
  while (steps.length < STEPS_MAX) {
    const tried = tryAll(at, engine, portable);
    const next =
      tried.find(({ allow }) => allow) ?? tried.find((one) => one.left.length < left.length);
    if (next === undefined) return null;
    steps.push(next.change);
    if (next.allow) {
      const change = `if ${steps.join(", and ")}`;
      return { change, outcome: "it would be allowed", allows: true };
    }
    at = next.input;
    left = next.left;
  }
  return null;
}

/** As it would stand in `allow_rules`. */
function ruleFor({ message, server }: PolicyInput): string {
  const { method, tool } = message;
  const selector =
    tool === null ? `method: ${JSON.stringify(method)}` : `tool: ${JSON.stringify(tool)}`;
  return `- { ${selector}, server: ${JSON.stringify(server.id)} }`;
}

function aboutOf(
  { code, rule }: Reason,
  metadata: readonly RuleMetadata[],
): Pick<ExplainedReason, "title" | "description"> {
  const about =
    metadata.find((one) => one.package === rule) ??
    metadata.find(({ reasons }) => reasons.some((one) => one.code === code));
  return { title: about?.title ?? null, description: firstSentence(about?.description ?? null) };
}

function firstSentence(text: string | null): string | null {
  return text === null ? null : (/^.*?\.(?= |$)/.exec(text)?.[0] ?? text);
}

function allowedBy(input: PolicyInput, portable: PortableFile | null): readonly string[] {
  const rules = rulesById(portable);
  const applied = input.rules.filter(({ rule, fit }) => {
    const { roles = [], scopes = [] } = rules.get(rule) ?? {};
    const { principal } = input;
    const holds =
      (roles.length === 0 || roles.some((role) => principal.roles.includes(role))) &&
      scopes.every((scope) => principal.scopes.includes(scope));
    return fit && rule.startsWith("allow/") && holds;
  });
  const named = applied.map(({ rule }) => describeRule(rule, portable));
  if (portable?.policy.default === "allow") named.push(`default: allow (${portable.file})`);
  return named;
}

function nearlyOf(input: PolicyInput, portable: PortableFile | null): readonly string[] {
  return changesOf(input, portable)
    .map(({ fact }) => fact)
    .filter((fact) => fact.includes(" nearly fits: "));
}

function subjectOf({ phase, message, server, principal, resource }: PolicyInput): string {
  const name = message.tool ?? message.prompt ?? resource.uri;
  const what = [message.method ?? message.kind, ...(name === null ? [] : [shownName(name)])].join(
    " ",
  );
  const roles = principal.roles.length === 0 ? "no roles" : principal.roles.join(", ");
  const way = phase === "response" ? `${message.kind} of ${what} from` : `${what} on`;
  return `${way} ${server.id}, by ${principal.id} (${roles})`;
}

/** A recorded name may stand there as its size alone. */
function shownName(name: unknown): string {
  return typeof name === "string" ? name : JSON.stringify(name);
}
