import { describe, expect, test } from "vitest";
import { NO_COUNTS, type SessionFacts } from "../../../../src/core/policy.ts";
import { compilePortable } from "../../../../src/policy/portable/compile.ts";
import { parsePortable } from "../../../../src/policy/portable/parse.ts";

const HEAD = 'policy_id: t\nversion: "1"\ndefault: deny\n';

function parsed(rules: string) {
  return parsePortable(HEAD + rules, "p.yaml");
}

function compiled(rules: string) {
  const policy = parsed(rules);
  if (!policy.ok) throw new Error(JSON.stringify(policy.error));
  return compilePortable(policy.value);
}

const CALL = { server: "s", method: "tools/call", tool: "t", uri: null } as const;

/** What came of the only rule of a policy, in a session of which this is known. */
function outcome(rules: string, facts: Partial<SessionFacts>): string {
  const session = { ...NO_COUNTS.session, ...facts };
  const [fact] = compiled(rules).match({ ...CALL, arguments: undefined, session });
  if (fact === undefined) return "no fact";
  return fact.fit ? "fits" : fact.failed.map(({ check }) => check).join(" ");
}

const YOUNG = 'allow_rules: [{ tool: "*", session: { max_age_s: 60, max_calls: 3 } }]';
const TRUSTED = 'allow_rules: [{ tool: "*", session: { min_trust: 76, max_denied: 0 } }]';
const SUSPECT = 'deny_rules: [{ tool: "*", session: { max_trust: 50 } }]';

describe("a rule about the session", () => {
  test.each([
    { rules: YOUNG, facts: { age_s: 60, calls: 3 }, want: "fits" },
    { rules: YOUNG, facts: { age_s: 61, calls: 3 }, want: "max_age_s" },
    { rules: YOUNG, facts: { age_s: 60, calls: 4 }, want: "max_calls" },
    { rules: TRUSTED, facts: { trust: 76, denied: 0 }, want: "fits" },
    { rules: TRUSTED, facts: { trust: 75, denied: 1 }, want: "max_denied min_trust" },
    { rules: TRUSTED, facts: {}, want: "unjudged unjudged" },
    { rules: SUSPECT, facts: { trust: 50 }, want: "fits" },
    { rules: SUSPECT, facts: { trust: 51 }, want: "max_trust" },
    { rules: SUSPECT, facts: {}, want: "unjudged" },
  ])("$rules in $facts: $want", ({ rules, facts, want }) => {
    expect(outcome(rules, facts)).toBe(want);
  });

  test("lists a tool that some session may use, and hides none that some session may not", () => {
    const rules = `${YOUNG}\n${SUSPECT}`;
    expect(compiled(rules).matchItem({ ...CALL, isTemplate: false })).toEqual([
      { rule: "allow/0", fit: true, failed: [] },
    ]);
  });

  test("says where it is wrong", () => {
    const policy = parsed(
      [
        "allow_rules:",
        "  - { tool: a, session: {} }",
        "  - { tool: a, session: { min_trust: 101 } }",
        "  - { tool: a, session: { max_age_s: -1 } }",
        "  - { tool: a, session: { max_age: 60 } }",
      ].join("\n"),
    );
    expect(policy.ok ? [] : policy.error.map(({ path, message }) => [path, message])).toEqual([
      ["allow_rules[0].session", "this should name at least one bound"],
      ["allow_rules[1].session.min_trust", "trust is at most 100"],
      ["allow_rules[2].session.max_age_s", "this should be a whole number, 0 or more"],
      ["allow_rules[3].session.max_age", expect.stringContaining("max_age_s")],
    ]);
  });
});
