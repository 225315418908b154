import { expect, test } from "vitest";
import { RULES } from "../../../../src/guard/secrets/rules.ts";
import { createScanner, type ScanWork } from "../../../../src/guard/secrets/scan.ts";

const scanner = createScanner(RULES);
const LENGTH = 1 << 16;

function workOn(pattern: string, length: number): ScanWork {
  const work: ScanWork = { attempts: 0, characters: 0 };
  const text = pattern.repeat(Math.ceil(length / pattern.length)).slice(0, length);
  scanner.scan(text, { contextual: true, work });
  return work;
}

const KEYWORDS = [...new Set(RULES.flatMap(({ keywords }) => keywords))];
const STUFFED = [
  ...KEYWORDS,
  ...KEYWORDS.map((keyword) => `${keyword} `),
  ...KEYWORDS.map((keyword) => `.${keyword.toUpperCase()}`),
  ...["password:", "password=", 'password="', "password is ", "token= ", "key=a:", "api_key:a:"],
  ...["<password>", "a", "=", "aA1", "[REDACTED:", "eyJaaaaaaaaaaaaaaa.", "://a:b"],
];

test.each(STUFFED)("twice as much of %j is at most twice the work", (pattern) => {
  const once = workOn(pattern, LENGTH);
  const twice = workOn(pattern, 2 * LENGTH);
  expect(twice.attempts).toBeLessThanOrEqual(2 * once.attempts + 16);
  expect(twice.characters).toBeLessThanOrEqual(2 * once.characters + 2048);
});

test.each(STUFFED)("a text stuffed with %j is not read much more than once", (pattern) => {
  const { attempts, characters } = workOn(pattern, LENGTH);
  expect(attempts).toBeLessThanOrEqual(LENGTH);
  expect(characters).toBeLessThanOrEqual(110 * LENGTH);
});

test("an innocent text costs nothing beyond the one pass", () => {
  expect(workOn("The quick brown fox jumps over the lazy dog. ", LENGTH)).toEqual({
    attempts: 0,
    characters: 0,
  });
});
