import { expect, test } from "vitest";
import { densestToken, shannonEntropy } from "../../../src/core/entropy.ts";

test.each([
  { text: "", bits: 0 },
  { text: "aaaa", bits: 0 },
  { text: "abab", bits: 1 },
  { text: "abcd", bits: 2 },
  { text: "0123456789abcdef", bits: 4 },
  { text: "яяжж", bits: 1 },
])("the entropy of $text is $bits bits", ({ text, bits }) => {
  expect(shannonEntropy(text)).toBeCloseTo(bits, 10);
});

test.each([
  { title: "none", text: "ab cd, ef", minLength: 4, token: { bits: 0, length: 0 } },
  { title: "the only one", text: "ab abcd cd", minLength: 4, token: { bits: 2, length: 4 } },
  { title: "the denser", text: "aaaaaaaa abcd", minLength: 4, token: { bits: 2, length: 4 } },
  { title: "one without bits", text: "x aaaa x", minLength: 4, token: { bits: 0, length: 4 } },
  { title: "one at the end", text: "say: abcdefgh", minLength: 8, token: { bits: 3, length: 8 } },
  { title: "all of +/=_-", text: "(a+b/c=_-)", minLength: 8, token: { bits: 3, length: 8 } },
])("densestToken gives $title", ({ text, minLength, token }) => {
  expect(densestToken(text, minLength)).toEqual(token);
});
