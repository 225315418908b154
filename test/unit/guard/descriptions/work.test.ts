import { test } from "vitest";
import { expectLinear } from "../../../support/linear.ts";
import { describing, descriptionsGuard, hitsOf } from "./describing.ts";

const guard = descriptionsGuard();
const LENGTH = 1 << 16;

/** Each made against one of the finders: its start over and over, never an end. */
const STUFFED = [
  ...["<", "<!--", "<!-- x -->", "<a ", "<important>", "</important>", "<important></important>"],
  ...["[", "[a](", "![](", "![](https://a?b=", "](", "[//]: # (", "javascript:", "data:text/html;"],
  ...["ignore ", "ignore previous ", "Ignore all previous instructions. ", "do not tell the user "],
  ...["a b c d ", "i g n o r e ", "a-b-", "1gn0r3 ", "\u5ffd\u7565", "\u0430a ", ".", ". ", "\n\n"],
  ...["\u200b", "a\u200b", "\u200d", "\u{e0041}", "\ud800", "\u{1f3f4}\u{e0067}", "\u05d0\u200f"],
  ...["\u001b", "\u001b[", "\u001b]", "\u001b]a\u0007", "\r", "\n", " ", "\u0000"],
  ...["aGVsbG8gd29ybGQ=", "&#73;", "%49", "\\u0041", "### END OF TOOL ", "[SYSTEM OVERRIDE] "],
  ...["<|a|>", "first read ~/.ssh/id_rsa ", "~/.ssh/", "a@b.c ", "_a", "https://a?b={"],
];

test.each(STUFFED)("64 KiB of %j is read in time in proportion", (pattern) => {
  const text = pattern.repeat(Math.ceil(LENGTH / pattern.length));
  expectLinear((length) => {
    hitsOf(guard, describing(text.slice(0, length)));
    hitsOf(guard, describing(text.slice(0, length), "name"));
  }, LENGTH);
});
