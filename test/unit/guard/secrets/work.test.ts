import { expect, test } from "vitest";
import { CONTEXT_KEYWORDS } from "../../../../src/guard/secrets/assignment.ts";
import { RULES } from "../../../../src/guard/secrets/rules.ts";
import { createScanner, type ScanWork } from "../../../../src/guard/secrets/scan.ts";

const scanner = createScanner(RULES);
const LENGTH = 1 << 12;
const MEBIBYTE = 1 << 20;

/** Attempts for each character: a keyword of two characters may call for a few rules. */
const MOST_ATTEMPTS = 2;
/** Characters read for each character: windows and values are bounded, and not read twice. */
const MOST_READ = 110;

function workOn(pattern: string, length: number): ScanWork {
  const work: ScanWork = { attempts: 0, characters: 0 };
  const text = pattern.repeat(Math.ceil(length / pattern.length)).slice(0, length);
  scanner.scan(text, { contextual: true, work });
  return work;
}

const KEYWORDS = [...new Set([...RULES.flatMap(({ keywords }) => keywords), ...CONTEXT_KEYWORDS])];
const SPELLINGS = [
  KEYWORDS,
  KEYWORDS.map((keyword) => `${keyword} `),
  KEYWORDS.map((keyword) => `.${keyword.toUpperCase()}`),
  RULES.map(({ literal, keywords }) => ` ${literal ?? keywords[0]}a8Kq2`),
];
const STUFFED = [
  ...SPELLINGS.flat(),
  ...["password:", "password=", 'password="', "password is ", "token= ", "key=a:", "api_key:a:"],
  ...["<password>", "a", "=", "aA1", "[REDACTED:", "eyJaaaaaaaaaaaaaaa.", "://a:b", "token='\\'"],
  ...["\0", "a\0", "\x1b[0m", "a1\n", "a1aaaaaaaaaaaaaaaaaaa\n", "\n", "\\x1b[0m"],
  ...["\\u0041", "%41", "&#65;", "\u200b", "ａ", "\\", '"+"', "QUJDREVGR0hJSktMTU5PUA==", "6162"],
  ...[
    "datadog ",
    "datadog_key ",
    "datadog token: ",
    "H4sIAAAAAAAAA",
    "a.aaaaaaaaaaaaaaaaaaaaaaaaaa1",
  ],
];

test.each(STUFFED)("twice as much of %j is at most twice the work", (pattern) => {
  const once = workOn(pattern, LENGTH);
  const twice = workOn(pattern, 2 * LENGTH);
  expect(twice.attempts).toBeLessThanOrEqual(2 * once.attempts + 96);
  expect(twice.characters).toBeLessThanOrEqual(2 * once.characters + 16_384);
  expect(once.attempts).toBeLessThanOrEqual(MOST_ATTEMPTS * LENGTH);
  expect(once.characters).toBeLessThanOrEqual(MOST_READ * LENGTH);
});

test.each(SPELLINGS.map((spelling) => spelling.join("")))(
  "a mebibyte of all keywords (case %#) is not read much more than once",
  (pattern) => {
    const { attempts, characters } = workOn(pattern, MEBIBYTE);
    expect(attempts).toBeLessThanOrEqual(MOST_ATTEMPTS * MEBIBYTE);
    expect(characters).toBeLessThanOrEqual(MOST_READ * MEBIBYTE);
  },
);

test("an innocent text costs nothing beyond the one pass", () => {
  expect(workOn("The quick brown fox jumps over the lazy dog. ", LENGTH)).toEqual({
    attempts: 0,
    characters: 0,
  });
});
