import { describe, expect, test } from "vitest";
import type { SecretRule } from "../../../../src/guard/secrets/rule.ts";
import { RULES } from "../../../../src/guard/secrets/rules.ts";
import { createScanner } from "../../../../src/guard/secrets/scan.ts";

/** Made once for each set of rules: a scanner's table takes longer than a test. */
const scanners = new Map<SecretRule | "all", ReturnType<typeof createScanner>>();

function scannerOf(rule: SecretRule | "all") {
  const scanner = scanners.get(rule) ?? createScanner(rule === "all" ? RULES : [rule]);
  scanners.set(rule, scanner);
  return scanner;
}

/** The kinds that this rule alone finds in a text, or all of them. */
function kindsIn(text: string, rule: SecretRule | "all" = "all"): readonly string[] {
  return scannerOf(rule)
    .scan(text, { contextual: false })
    .found.map(({ kind }) => kind);
}

const cases = RULES.map((rule, index) => ({ rule, title: `${rule.kind} (${index})` }));

describe.each(cases)("the rule $title", ({ rule }) => {
  test.each(rule.examples.match)("finds its example %#", (example) => {
    expect(kindsIn(example, rule)).toEqual([rule.kind]);
  });

  test.each(rule.examples.noMatch)("passes the near miss %#", (example) => {
    expect(kindsIn(example, rule)).toEqual([]);
  });

  test("names its examples among all rules", () => {
    for (const example of rule.examples.match) expect(kindsIn(example)).toContain(rule.kind);
  });

  test("has near misses, a kebab-case kind, and keywords in lower case", () => {
    expect(rule.examples.noMatch.length).toBeGreaterThan(0);
    expect(rule.kind).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
    for (const keyword of rule.keywords) expect(keyword).toBe(keyword.toLowerCase());
    expect(rule.keywords.length).toBeGreaterThan(0);
  });

  test("is linear: every repetition is bounded, and none stands inside another", () => {
    const shape = rule.pattern.source
      .replace(/\\./g, "e")
      .replace(/\[[^\]]*\]/g, "c")
      .replace(/\(\?(?:[:=!]|<[=!])/g, "(");
    expect(shape).not.toMatch(/[*+]|\{[0-9]+,\}/);
    expect(shape).not.toMatch(/\([^()]*\{[^()]*\)\{/);
  });
});

test("the wrong checksum of a random token does not clear it, that of a filled-in one does", () => {
  const random = ["ghp_", "a8Kq2ZvT9xLm4RcW7bYn", "3HdJ6sPf5GtE1uQo"].join("");
  const filled = ["ghp_", "abab".repeat(9)].join("");
  expect(kindsIn(random)).toEqual(["github-token"]);
  expect(kindsIn(filled)).toEqual([]);
});

test.each([
  { title: "AWS's own example", text: ["AKIA", "IOSFODNN7EXAMPLE"].join("") },
  { title: "a word that begins like a prefix", text: "https://a.example/EXO-XOXO-teaser-1.jpg" },
  { title: "an identifier", text: "const npm_config_user_agent_with_a_very_long_name_x = 1" },
])("$title passes", ({ text }) => {
  expect(kindsIn(text)).toEqual([]);
});
