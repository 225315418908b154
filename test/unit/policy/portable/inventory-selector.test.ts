import { describe, expect, test } from "vitest";
import {
  NO_TOOL_FACTS,
  SIDE_EFFECT_NAMES,
  type ToolFacts,
} from "../../../../src/core/inventory.ts";
import { compilePortable } from "../../../../src/policy/portable/compile.ts";
import { parsePortable } from "../../../../src/policy/portable/parse.ts";

const HEAD = 'policy_id: t\nversion: "1"\ndefault: deny\n';

function parsed(rules: string) {
  return parsePortable(HEAD + rules, "p.yaml");
}

/** What came of the only rule of a policy, for a tool of which the inventory says this. */
function outcome(rules: string, facts: Partial<ToolFacts>): string {
  const policy = parsed(rules);
  if (!policy.ok) throw new Error(JSON.stringify(policy.error));
  const [fact] = compilePortable(policy.value).match({
    server: "s",
    method: "tools/call",
    tool: "t",
    uri: null,
    arguments: undefined,
    facts: { ...NO_TOOL_FACTS, ...facts },
  });
  if (fact === undefined) return "no fact";
  return fact.fit ? "fits" : fact.failed.map(({ check }) => check).join(" ");
}

const DENY_WRITING = 'deny_rules: [{ tool: "*", side_effects: [FS_WRITE, FS_DELETE] }]';
const ALLOW_READING = 'allow_rules: [{ tool: "*", side_effects: [FS_READ, DATABASE_READ] }]';
const ALLOW_TAME =
  'allow_rules: [{ tool: "*", risk: [low, medium], classification: [PUBLIC, INTERNAL] }]';

describe("a rule about what the inventory says", () => {
  test.each([
    { rules: DENY_WRITING, facts: { side_effects: ["FS_READ", "FS_WRITE"] }, want: "fits" },
    { rules: DENY_WRITING, facts: { side_effects: ["FS_READ"] }, want: "side_effects" },
    { rules: DENY_WRITING, facts: { side_effects: [] }, want: "side_effects" },
    { rules: DENY_WRITING, facts: {}, want: "unjudged" },
    { rules: ALLOW_READING, facts: { side_effects: ["FS_READ"] }, want: "fits" },
    { rules: ALLOW_READING, facts: { side_effects: [] }, want: "fits" },
    {
      rules: ALLOW_READING,
      facts: { side_effects: ["FS_READ", "NETWORK_EGRESS"] },
      want: "side_effects",
    },
    { rules: ALLOW_READING, facts: {}, want: "unjudged" },
    { rules: ALLOW_TAME, facts: { risk: "low", classification: "PUBLIC" }, want: "fits" },
    { rules: ALLOW_TAME, facts: { risk: "high", classification: "PUBLIC" }, want: "risk" },
    { rules: ALLOW_TAME, facts: { risk: "low", classification: null }, want: "unjudged" },
    {
      rules: ALLOW_TAME,
      facts: { risk: "critical", classification: "RESTRICTED" },
      want: "risk classification",
    },
  ] satisfies readonly { rules: string; facts: Partial<ToolFacts>; want: string }[])(
    "$rules: $facts gives $want",
    ({ rules, facts, want }) => {
      expect(outcome(rules, facts)).toBe(want);
    },
  );

  test("makes the policy ask for an inventory", () => {
    const asks = (rules: string) => {
      const policy = parsed(rules);
      return policy.ok && compilePortable(policy.value).asksForInventory;
    };
    expect(asks(DENY_WRITING)).toBe(true);
    expect(asks('deny_rules: [{ tool: "*" }]')).toBe(false);
  });

  test("is told where it is wrong", () => {
    const policy = parsed(`deny_rules:
  - { tool: "*", side_effects: [FS_RAED] }
  - { tool: "*", risk: high }
  - { method: "*", risk: [high] }
  - { tool: "*", classification: [] }
`);
    const names = SIDE_EFFECT_NAMES.join(", ");
    expect(
      policy.ok ? [] : policy.error.map(({ line, path, message }) => [line, path, message]),
    ).toEqual([
      [
        5,
        "deny_rules[0].side_effects[0]",
        `this should be one of ${names} (did you mean FS_READ?)`,
      ],
      [6, "deny_rules[1].risk", "this should be a list"],
      [7, "deny_rules[2].risk", 'the inventory is about tools: name the tool, such as "*"'],
      [8, "deny_rules[3].classification", "this should name at least one"],
    ]);
  });
});
