import { expect, test } from "vitest";
import { exampleOf, format, patternOf } from "../../../../src/guard/secrets/format.ts";

test("a template becomes one rule for each way of writing it", () => {
  const rules = format("a-key", "(live|test)_{hex 8}-{alnum 2-4}");
  expect(rules.map(({ keywords, literal }) => [keywords, literal])).toEqual([
    [["live_"], "live_"],
    [["test_"], "test_"],
  ]);
  expect(rules[0]?.pattern.source).toBe("live_([a-f0-9]{8,8})\\-([A-Za-z0-9]{2,4})(?![A-Za-z0-9])");
});

test("the keyword is the longest text at a fixed place, and the pattern starts before it", () => {
  const [rule] = format("a-key", "{alnum 14}.atlasv1.{url 60-70}");
  expect(rule?.reach).toEqual({ kind: "prefix", boundary: "token", lead: 14 });
});

test("a template without a keyword, or with an unknown part, is a bug", () => {
  expect(() => format("a-key", "{hex 4-8}{hex 4}")).toThrow("a-key has no keyword");
  expect(() => format("a-key", "a_{octal 8}")).toThrow("{octal} is no part");
});

test("a pattern and an example of a template fit each other", () => {
  const template = "v(1|2)-{uuid}";
  expect(exampleOf(template)).toMatch(new RegExp(`^(?:${patternOf(template)})$`));
});
