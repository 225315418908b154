import type { PolicyInput, RuleFact } from "../../../core/policy.ts";
import type { PortableRule } from "../../../policy/portable/policy.ts";
import { flowSelectionOf, type PortableFile, selectionOf } from "../portable-file.ts";
import { failureInWords } from "./words.ts";

/** A fact that may have decided, and the input as it would be otherwise. */
export interface Change {
  /** As it is: `the deny rule deny/0 fits (policy.yaml:12:5: tool: delete_*)`. */
  readonly fact: string;
  /** As it would have to be: `deny/0 did not fit`. */
  readonly change: string;
  readonly input: PolicyInput;
}

/** Every fact that a rule may have spoken about, changed by itself. */
export function changesOf(input: PolicyInput, portable: PortableFile | null): readonly Change[] {
  return [
    ...ruleChanges(input, portable),
    ...findingChanges(input),
    ...pathChanges(input),
    ...sizeChanges(input),
    ...timeChanges(input),
  ];
}

/** The rules of a portable policy by id. */
export function rulesById(portable: PortableFile | null): ReadonlyMap<string, PortableRule> {
  const { allowRules = [], denyRules = [] } = portable?.policy ?? {};
  return new Map([...allowRules, ...denyRules].map((rule) => [rule.id, rule]));
}

/** A rule with its place and what it selects. */
export function describeRule(id: string, portable: PortableFile | null): string {
  if (portable === null) return id;
  const rule = rulesById(portable).get(id);
  const flow = portable.policy.denyFlows.find((one) => one.id === id);
  const place = portable.placeOf(id);
  if (rule !== undefined) return `${id} (${place}: ${selectionOf(rule)})`;
  return flow === undefined ? `${id} (${place})` : `${id} (${place}: ${flowSelectionOf(flow)})`;
}

function ruleChanges(input: PolicyInput, portable: PortableFile | null): readonly Change[] {
  const rules = rulesById(portable);
  return input.rules.flatMap((fact) => {
    const rule = rules.get(fact.rule) ?? null;
    const isDeny = !fact.rule.startsWith("allow/");
    if (isDeny) return fact.fit || isUnjudged(fact) ? [withoutDeny(input, fact, portable)] : [];
    return rule === null ? [] : allowChange(input, fact, rule, portable);
  });
}

function isUnjudged({ failed }: RuleFact): boolean {
  return failed.length > 0 && failed.every(({ check }) => check === "unjudged");
}

function withoutDeny(input: PolicyInput, fact: RuleFact, portable: PortableFile | null): Change {
  const name = describeRule(fact.rule, portable);
  const rules = input.rules.filter((one) => one !== fact);
  return {
    fact: fact.fit ? `the rule ${name} fits` : `the rule ${name} could not be judged`,
    change: fact.fit ? `${fact.rule} did not fit` : `${fact.rule} could be judged and did not fit`,
    input: { ...input, rules },
  };
}

/** An allow rule that nearly let it through: an argument, or a role, stood against it. */
function allowChange(
  input: PolicyInput,
  fact: RuleFact,
  rule: PortableRule,
  portable: PortableFile | null,
): readonly Change[] {
  const { principal } = input;
  const holds =
    rule.roles.length === 0 || rule.roles.some((role) => principal.roles.includes(role));
  const missing = rule.scopes.filter((scope) => !principal.scopes.includes(scope));
  if (fact.fit && holds && missing.length === 0) return [];
  const [role] = rule.roles;
  const roles = holds || role === undefined ? principal.roles : [...principal.roles, role];
  const rules = input.rules.map((one) => (one === fact ? { ...fact, fit: true, failed: [] } : one));
  const failures = fact.failed.map((failure) => failureInWords(rule, failure));
  const lacking = [
    ...(holds ? [] : [`the caller does not hold ${rule.roles.join(" or ")}`]),
    ...(missing.length === 0 ? [] : [`the token lacks the scope ${missing.join(" and ")}`]),
  ];
  const wanted = [
    ...(fact.fit ? [] : [`${fact.failed.map(placeOf).join(", ")} were as it asks`]),
    ...(holds ? [] : [`the caller held ${rule.roles.join(" or ")}`]),
    ...(missing.length === 0 ? [] : [`the token had the scope ${missing.join(" and ")}`]),
  ];
  return [
    {
      fact: `${describeRule(fact.rule, portable)} nearly fits: ${[...failures, ...lacking].join("; ")}`,
      change: `${fact.rule} fitted: ${wanted.join(", and ")}`,
      input: {
        ...input,
        rules,
        principal: { ...principal, roles, scopes: [...principal.scopes, ...missing] },
      },
    },
  ];
}

function placeOf({ at, check }: RuleFact["failed"][number]): string {
  return at === "" ? check : at;
}

function findingChanges(input: PolicyInput): readonly Change[] {
  return input.findings.map((finding) => {
    const { guard, kind, at, action } = finding;
    const what = `${kind} at ${at === "" ? "the whole message" : at}`;
    const state = action === "found" ? "and it is still there" : "and took it out";
    return {
      fact: `the guard ${guard} found ${what}, ${state}`,
      change: `there were no ${what}`,
      input: { ...input, findings: input.findings.filter((one) => one !== finding) },
    };
  });
}

function pathChanges(input: PolicyInput): readonly Change[] {
  const judged = input.paths.flatMap((path, index) => {
    if (!path.traversal && !path.sensitive) return [];
    const why = path.traversal ? "climbs out of its folder" : "names a file of credentials";
    const paths = input.paths.with(index, { ...path, traversal: false, sensitive: false });
    return [
      {
        fact: `the path at ${path.at} ${why}`,
        change: `the path at ${path.at} did not`,
        input: { ...input, paths },
      },
    ];
  });
  const { raw_paths: raw } = input.strings;
  if (raw === null || raw === 0) return judged;
  const strings = { ...input.strings, raw_paths: 0 };
  const fact = `${raw} ${raw === 1 ? "path lies" : "paths lie"} under no configured root`;
  const change = "every path were under a root";
  return [...judged, { fact, change, input: { ...input, strings } }];
}

function sizeChanges(input: PolicyInput): readonly Change[] {
  const { message, strings } = input;
  const bits = Math.round(strings.max_entropy * 100) / 100;
  return [
    {
      fact: `the message has ${message.bytes} bytes`,
      change: "it were small",
      input: { ...input, message: { ...message, bytes: 0 } },
    },
    {
      fact: `its densest token has ${bits} bits a character`,
      change: "it held no blob",
      input: { ...input, strings: { ...strings, max_entropy: 0 } },
    },
  ];
}

/** A rule of an author's own may ask for the hour or the day. */
function timeChanges(input: PolicyInput): readonly Change[] {
  const { time } = input;
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  const days = Array.from({ length: 7 }, (_, weekday) => weekday);
  return [
    ...hours.map((hour) => ({
      fact: `it is ${time.hour}:${String(time.minute).padStart(2, "0")} UTC`,
      change: `it came at ${hour} o'clock UTC`,
      input: { ...input, time: { ...time, hour } },
    })),
    ...days.map((weekday) => ({
      fact: `it is ${DAYS[time.weekday]}`,
      change: `it came on a ${DAYS[weekday]}`,
      input: { ...input, time: { ...time, weekday } },
    })),
  ];
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
