import { expect, test } from "vitest";
import { member } from "../../../src/core/json.ts";
import { compilePatterns } from "../../../src/policy/patterns.ts";
import { jsonObject } from "./examples.ts";

const paramsOf = (params: unknown) => member(jsonObject({ params }).node, "params");

function factsOf(patterns: unknown, params: unknown) {
  const compiled = compilePatterns({ impedance: { patterns } });
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value.facts(paramsOf(params));
}

test("a named pattern tells each place where it fits, and of one that fits nowhere none", () => {
  const patterns = { digits: "[0-9]{3}", upper: "^[A-Z]+$", never: "^$" };
  const params = {
    name: "tool",
    uri: "acme://123",
    arguments: { a: ["x", { "b/c": "ABC" }], n: 123456 },
    _meta: { trace: "999" },
  };
  expect(factsOf(patterns, params)).toEqual({
    digits: ["/params/uri"],
    upper: ["/params/arguments/a/1/b~1c"],
    never: [],
  });
});

test("without patterns there is nothing to tell", () => {
  expect(factsOf({}, { arguments: { a: "x" } })).toEqual({});
  const compiled = compilePatterns({});
  expect(compiled.ok && compiled.value.facts(undefined)).toEqual({});
});

test("a text that is too much to look at is named as such, and the rest is looked at", () => {
  const long = "x".repeat(2_000_000);
  expect(factsOf({ x: "x" }, { arguments: { long, short: "x" } })).toEqual({
    x: ["/params/arguments/short"],
    $unjudged: ["/params/arguments/long"],
  });
});

test("no more than some places are told of one pattern", () => {
  const many = Array.from({ length: 1_000 }, () => "x");
  expect(factsOf({ x: "x" }, { arguments: { many } }).x).toHaveLength(64);
});

test("of the worst texts and patterns no more is judged than is bounded", () => {
  const patterns = Object.fromEntries(
    Array.from({ length: 10 }, (_, at) => [`p${at}`, "(?:a?){40}b"]),
  );
  const list = Array.from({ length: 1_000 }, () => "a".repeat(500));
  const { $unjudged: unjudged = [] } = factsOf(patterns, { arguments: { list } });
  expect(unjudged[0]).toBe("/params/arguments/list/4");
});

test.each([
  {
    title: "a list",
    patterns: ["a"],
    error: "impedance.patterns is no object of patterns by name",
  },
  { title: "a number", patterns: { a: 1 }, error: "impedance.patterns.a is no text" },
  {
    title: "a name of ours",
    patterns: { $unjudged: "a" },
    error: "impedance.patterns has a name that is none: use [A-Za-z0-9_]",
  },
  {
    title: "a pattern that would backtrack",
    patterns: { a: "(a)\\1" },
    error:
      "impedance.patterns.a cannot be enforced: backreferences are not supported, at character 5",
  },
  {
    title: "too many of them",
    patterns: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`p${at}`, "a"])),
    error: "impedance.patterns has over 64",
  },
])("compilePatterns refuses $title", ({ patterns, error }) => {
  expect(compilePatterns({ impedance: { patterns } })).toEqual({ ok: false, error });
});
