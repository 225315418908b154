import { describe, expect, test } from "vitest";
import { compilePortable } from "../../../../src/policy/portable/compile.ts";
import { parsePortable } from "../../../../src/policy/portable/parse.ts";
import { PROVENANCE, type Provenance, VOUCHERS } from "../../../../src/policy/provenance.ts";

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

/** What came of the only rule of a policy, where these vouch for the facts. */
function outcome(rules: string, provenance: Provenance): string {
  const [fact] = compiled(rules).match({ ...CALL, arguments: undefined, provenance });
  if (fact === undefined) return "no fact";
  return fact.fit ? "fits" : fact.failed.map(({ check }) => check).join(" ");
}

const PROVEN = 'allow_rules: [{ tool: "*", provenance: { principal.id: [TOKEN, MTLS] } }]';
const UNPROVEN = 'deny_rules: [{ tool: "*", provenance: { principal.id: [NONE] } }]';
const CONFIRMED =
  'allow_rules: [{ tool: "*", provenance: { tool: [INVENTORY], principal.id: [TOKEN] } }]';
const { jwt, mtls, api_key, proxy, none } = PROVENANCE.request;

describe("a rule about whose word facts are", () => {
  test.each<readonly [rules: string, provenance: Provenance, want: string]>([
    [PROVEN, jwt, "fits"],
    [PROVEN, mtls, "fits"],
    [PROVEN, api_key, "provenance"],
    [PROVEN, proxy, "provenance"],
    [PROVEN, none, "provenance"],
    [PROVEN, {}, "unjudged"],
    [UNPROVEN, none, "fits"],
    [UNPROVEN, jwt, "provenance"],
    [UNPROVEN, {}, "unjudged"],
    [CONFIRMED, { ...jwt, tool: "INVENTORY" }, "fits"],
    [CONFIRMED, { ...jwt, tool: "INVENTORY_GUESS" }, "provenance"],
    [CONFIRMED, { ...none, tool: "INVENTORY" }, "provenance"],
    [CONFIRMED, jwt, "unjudged"],
  ])("%s, of %j: %s", (rules, provenance, want) => {
    expect(outcome(rules, provenance)).toBe(want);
  });

  test("lists what its caller may use, and hides what none of its calls may be", () => {
    const policy = compiled(`${PROVEN}\n${UNPROVEN}`);
    const fits = (provenance: Provenance) =>
      policy
        .matchItem({ ...CALL, provenance, isTemplate: false })
        .filter(({ fit }) => fit)
        .map(({ rule }) => rule);
    expect(fits(jwt)).toEqual(["allow/0"]);
    expect(fits(none)).toEqual(["deny/0"]);
    expect(fits(api_key)).toEqual([]);
  });

  test("lets a server ask only the clients that it is about, one after the other", () => {
    const policy = compiled(
      "allow_rules: [{ method: roots/list, provenance: { principal.id: [TOKEN] } }]",
    );
    const asked = (provenance: Provenance) => policy.serverRequests("s", provenance)["roots/list"];
    expect(asked(PROVENANCE.response.jwt)).toEqual(["allow/0"]);
    expect(asked(PROVENANCE.response.none)).toEqual([]);
    expect(asked(PROVENANCE.response.jwt)).toEqual(["allow/0"]);
  });

  test("says where it is wrong", () => {
    const policy = parsed(
      [
        "allow_rules:",
        "  - { tool: a, provenance: {} }",
        "  - { tool: a, provenance: { principal.id: [] } }",
        "  - { tool: a, provenance: { principal.id: [TOKENS] } }",
        "  - { tool: a, provenance: { principal: [TOKEN] } }",
        "  - { tool: a, provenance: { source.ip: [TOKEN] } }",
        "  - { tool: a, provenance: { principal.id: TOKEN } }",
      ].join("\n"),
    );
    expect(policy.ok ? [] : policy.error.map(({ path, message }) => [path, message])).toEqual([
      ["allow_rules[0].provenance", "this should name at least one fact"],
      ["allow_rules[1].provenance.principal.id", "this should name at least one"],
      ["allow_rules[2].provenance.principal.id[0]", expect.stringContaining("did you mean TOKEN?")],
      ["allow_rules[3].provenance.principal", expect.stringContaining("principal.id")],
      ["allow_rules[4].provenance.source.ip[0]", "this should be one of PROXY"],
      ["allow_rules[5].provenance.principal.id", "this should be a list"],
    ]);
  });
});

test("every fact that messages bring may be asked about, and every word that stands for one", () => {
  for (const phase of [PROVENANCE.request, PROVENANCE.response]) {
    for (const facts of Object.values(phase)) {
      for (const [fact, by] of Object.entries(facts)) expect(VOUCHERS.get(fact)).toContain(by);
    }
  }
});
