import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { compileGlob } from "../../../../src/core/glob.ts";
import { parsePortable } from "../../../../src/policy/portable/parse.ts";
import { globContains, ruleContains } from "../../../../src/server/workbench/lint/containment.ts";

describe("globContains", () => {
  test.each([
    ["*", "", true],
    ["*", "*", true],
    ["get_*", "get_user", true],
    ["get_*", "get_*_by_id", true],
    ["get_?", "get_a", true],
    ["get_?", "get_?", true],
    ["*_user", "get_*_user", true],
    ["a*b*c", "axbybc", true],
    ["get_user", "get_*", false],
    ["get_?", "get_*", false],
    ["get_?", "get_", false],
    ["get_*", "set_*", false],
    ["a?", "a", false],
    ["", "a", false],
  ])("%j over %j: %j", (outer, inner, expected) => {
    expect(globContains(outer, inner)).toBe(expected);
  });

  test("never says so of a text that the outer one does not fit", () => {
    const glob = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 6 });
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
    fc.assert(
      fc.property(glob, glob, text, (outer, inner, one) => {
        fc.pre(globContains(outer, inner) && compileGlob(inner).fits(one));
        expect(compileGlob(outer).fits(one)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("ruleContains", () => {
  test.each([
    { outer: "{ tool: '*' }", inner: "{ tool: a, server: x }", expected: true },
    { outer: "{ method: '*' }", inner: "{ tool: a }", expected: true },
    { outer: "{ method: tools/call }", inner: "{ tool: a, roles: [r] }", expected: true },
    { outer: "{ tool: a, roles: [r, s] }", inner: "{ tool: a, roles: [s] }", expected: true },
    { outer: "{ tool: '*' }", inner: "{ method: tools/call }", expected: false },
    { outer: "{ tool: a, roles: [r] }", inner: "{ tool: a }", expected: false },
    { outer: "{ tool: a, roles: [r] }", inner: "{ tool: a, roles: [r, s] }", expected: false },
    { outer: "{ tool: a, server: x }", inner: "{ tool: a }", expected: false },
    { outer: "{ tool: a, server: x }", inner: "{ tool: a, server: '?' }", expected: false },
    {
      outer: "{ tool: a, provenance: { tool: [INVENTORY] } }",
      inner: "{ tool: a }",
      expected: false,
    },
    {
      outer: "{ tool: a, constraints: { p: { required: true } } }",
      inner: "{ tool: a }",
      expected: false,
    },
    {
      outer: "{ method: 'resources/*', uri: 'file:*' }",
      inner: "{ method: resources/read, uri: 'file:///a/*' }",
      expected: true,
    },
    {
      outer: "{ method: 'resources/*', uri: 'file:*' }",
      inner: "{ method: resources/read }",
      expected: false,
    },
  ])("$outer over $inner: $expected", ({ outer, inner, expected }) => {
    const text = `policy_id: p\nversion: "1"\ndefault: deny\nallow_rules: [${outer}, ${inner}]\n`;
    const policy = parsePortable(text, "p.yaml");
    if (!policy.ok) throw new Error(JSON.stringify(policy.error));
    const [first, second] = policy.value.allowRules;
    if (first === undefined || second === undefined) throw new Error("two rules");
    expect(ruleContains(first, second)).toBe(expected);
  });
});
