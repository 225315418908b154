import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../src/core/canonical-json.ts";
import { nodeOf } from "../catalogue/examples.ts";

const MAX = 100_000;

function canonical(text: string): string | null {
  return canonicalJson(nodeOf(text), MAX);
}

describe("canonicalJson writes, as RFC 8785 has it,", () => {
  test("the example of section 3.2.2 and 3.2.3", () => {
    const text = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    expect(canonical(text)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test("keys in the order of their UTF-16 units (section 3.2.3)", () => {
    const text = String.raw`{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}`;
    expect(canonical(text)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });

  test.each([
    { text: "-0", want: "0" },
    { text: "1.0", want: "1" },
    { text: "1e2", want: "100" },
    { text: "1E+21", want: "1e+21" },
    { text: "1000000000000000000000", want: "1e+21" },
    { text: "9007199254740992", want: "9007199254740992" },
    { text: "295147905179352830000", want: "295147905179352830000" },
    { text: "5e-324", want: "5e-324" },
    { text: "1e-7", want: "1e-7" },
    { text: "0.000001", want: "0.000001" },
  ])("the number $text as $want (appendix B)", ({ text, want }) => {
    expect(canonical(text)).toBe(want);
  });
});

describe("canonicalJson keeps two values two where the RFC has no text for them:", () => {
  test("integers beyond a double keep their digits", () => {
    expect(canonical("9007199254740993")).toBe("9007199254740993");
    expect(canonical("9007199254740993")).not.toBe(canonical("9007199254740992"));
  });

  test("numbers beyond every double keep their spelling", () => {
    expect(canonical("1e999")).not.toBe(canonical("1e998"));
  });

  test("a lone surrogate is its escape, and a backslash before a u is none", () => {
    expect(canonical(String.raw`"\ud800"`)).toBe(String.raw`"\ud800"`);
    expect(canonical(String.raw`"\\ud800"`)).toBe(String.raw`"\\ud800"`);
  });

  test("a letter with its mark is not the letter that has one", () => {
    expect(canonical('"\u00e9"')).not.toBe(canonical('"e\u0301"'));
  });
});

test("canonicalJson has no text for more than it may write", () => {
  expect(canonicalJson(nodeOf('{"a":"bc"}'), 10)).toBe('{"a":"bc"}');
  expect(canonicalJson(nodeOf('{"a":"bc"}'), 9)).toBeNull();
});

test("canonicalJson writes what is nested as deep as the reader takes it", () => {
  const text = "[".repeat(64) + "]".repeat(64);
  expect(canonical(text)).toBe(text);
});
