import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileLinearPattern } from "../../../src/core/linear-pattern.ts";
import { expectLinear } from "../../support/linear.ts";

function compiled(source: string) {
  const pattern = compileLinearPattern(source);
  if (!pattern.ok) throw new Error(`${source}: ${pattern.error}`);
  return pattern.value;
}

test.each([
  { source: "^EMP[0-9]{6}$", fits: ["EMP123456"], not: ["EMP12345", "xEMP123456", "EMP123456\n"] },
  { source: "a|b|", fits: ["", "c"], not: [] },
  { source: "^(?:a|bc)+$", fits: ["abca"], not: ["", "ab"] },
  { source: "^a{2,3}?$", fits: ["aa", "aaa"], not: ["a", "aaaa"] },
  { source: "^a{0}b{2,}$", fits: ["bb", "bbbb"], not: ["b", "abb"] },
  { source: "\\bcat\\b", fits: ["a cat."], not: ["concat"] },
  { source: "\\Bcat", fits: ["concat"], not: ["cat"] },
  { source: "^[^\\s@]+@[\\w.-]+$", fits: ["a@b-c.d"], not: ["a b@c", "@c"] },
  { source: "^[\\]\\-a]+$", fits: ["]-a"], not: ["b"] },
  { source: "^[a-]$", fits: ["a", "-"], not: ["b"] },
  { source: "^.$", fits: ["a", "é", "😀"], not: ["", "\n", "ab"] },
  { source: "^\\x41\\u0042\\.\\/$", fits: ["AB./"], not: ["AB:/"] },
  { source: "^(a*)*$", fits: ["", "aaa"], not: ["b"] },
  { source: "", fits: ["", "x"], not: [] },
  { source: "^[]$", fits: [], not: ["", "]"] },
])("the pattern $source fits $fits and not $not, as V8's does", ({ source, fits, not }) => {
  const pattern = compiled(source);
  const oracle = new RegExp(source, "u");
  for (const text of fits)
    expect([text, pattern.test(text), oracle.test(text)]).toEqual([text, true, true]);
  for (const text of not)
    expect([text, pattern.test(text), oracle.test(text)]).toEqual([text, false, false]);
});

test.each([
  { source: "(a)\\1", error: "backreferences are not supported" },
  { source: "(?=a)", error: "lookaround, named groups and flags are not supported" },
  { source: "(?<!a)b", error: "lookaround, named groups and flags are not supported" },
  { source: "(?i)a", error: "lookaround, named groups and flags are not supported" },
  { source: "\\p{L}", error: "an escape that is not known" },
  { source: "a**", error: "a repetition of a repetition" },
  { source: "^*", error: "nothing here can be repeated" },
  { source: "(a", error: "a ( without its )" },
  { source: "a)", error: "a ) without its (" },
  { source: "[a", error: "a [ without its ]" },
  { source: "[z-a]", error: "a range that is none" },
  { source: "[\\d-z]", error: "a range that is none" },
  { source: "a{3,2}", error: "a repetition from more to less" },
  { source: "a{2", error: "a { without its }" },
  { source: "a{x}", error: "a number of 1 to 4 digits missing" },
  { source: "*a", error: "a * that stands alone" },
  { source: "a]", error: "a ] that stands alone" },
  { source: "\\x4", error: "2 hexadecimal digits missing" },
  { source: "(".repeat(40) + ")".repeat(40), error: "groups may nest 32 deep" },
  { source: "((a{100}){100}){100}", error: "it is too large" },
  { source: "((a{0}){9999}){9999}", error: "it is too large" },
  { source: "\\", error: "an escape that is not known" },
])("the pattern $source is refused: $error", ({ source, error }) => {
  expect(compileLinearPattern(source)).toEqual({
    ok: false,
    error: expect.stringContaining(error),
  });
});

const patterns = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\w", "\\b", "^", "$", "\\s", "é"),
    fc.tuple(tie("any"), tie("any")).map(([one, two]) => one + two),
    fc.tuple(tie("any"), tie("any")).map(([one, two]) => `(?:${one}|${two})`),
    fc
      .tuple(tie("any"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{0,}", "*?"))
      .map(([one, counts]) => `(?:${one})${counts}`),
  ),
})).any;

describe("any pattern", () => {
  test("means what V8 takes it for", () => {
    const texts = fc.array(fc.constantFrom("a", "b", " ", "é", "\n"), { maxLength: 8 });
    fc.assert(
      fc.property(patterns, texts, (source, characters) => {
        const text = characters.join("");
        expect(compiled(source).test(text)).toBe(new RegExp(source, "u").test(text));
      }),
      { numRuns: 3000 },
    );
  });

  test("that is noise is refused or means what V8 takes it for", () => {
    const noise = fc.array(fc.constantFrom(..."ab()[]{}|*+?^$\\d,1-."), { maxLength: 12 });
    fc.assert(
      fc.property(noise, (characters) => {
        const source = characters.join("");
        const pattern = compileLinearPattern(source);
        if (!pattern.ok) return;
        for (const text of ["", "a", "ab", "1-", "bb1"]) {
          expect(pattern.value.test(text)).toBe(new RegExp(source, "u").test(text));
        }
      }),
      { numRuns: 3000 },
    );
  });
});

test.each(["^(a+)+$", "^(?:a|a)*$", "^.*.*.*.*x$", "(?:a?){20}a{20}$"])(
  "the pattern %s takes time linear in the text",
  (source) => {
    const pattern = compiled(source);
    expectLinear((length) => expect(pattern.test(`${"a".repeat(length)}!`)).toBe(false), 16_000);
  },
);
