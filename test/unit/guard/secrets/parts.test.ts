import { expect, test } from "vitest";
import { hasBase62Checksum, withBase62Checksum } from "../../../../src/guard/secrets/checksum.ts";
import { createKeywordIndex } from "../../../../src/guard/secrets/keywords.ts";
import { hideMarks, markOf } from "../../../../src/guard/secrets/marks.ts";
import { classifyName } from "../../../../src/guard/secrets/names.ts";
import { pemBlockEnd } from "../../../../src/guard/secrets/pem.ts";
import { isPlaceholder } from "../../../../src/guard/secrets/placeholders.ts";
import { sampleOf } from "../../../../src/guard/secrets/sample.ts";

test("the keyword index finds overlapping and nested keywords in any case, in order", () => {
  const keywords = ["he", "she", "hers", "пароль"];
  const seen: [string, number][] = [];
  const push = (into: [string, number][], keyword: number, end: number) =>
    into.push([keywords[keyword] ?? "", end]);
  createKeywordIndex(keywords).visit("uSHErs ПАРОЛЬ hehe", push, seen);
  expect(seen).toEqual([
    ["she", 4],
    ["he", 4],
    ["hers", 6],
    ["пароль", 13],
    ["he", 16],
    ["he", 18],
  ]);
});

test("the keyword index tells which signs the text holds, wherever they stand", () => {
  const signs = new Uint16Array(0x10000);
  signs[0x3d] = 1 << 8;
  signs[0x43f] = 1 << 9;
  const index = createKeywordIndex(["a=", "пароль"], signs);
  const signsIn = (text: string) => index.visit(text, () => {}, null);
  expect(signsIn("plain")).toBe(0);
  expect(signsIn("x=")).toBe(1 << 8);
  expect(signsIn("a= п")).toBe((1 << 8) | (1 << 9));
});

test("the keyword index refuses a keyword that is not in lower case", () => {
  expect(() => createKeywordIndex(["Key"])).toThrow("a keyword is lower-case");
});

test.each([
  ["password", "password"],
  ["DB_PASSWORD", "password"],
  ["userPwd", "password"],
  ["MYSQLPASS", "password"],
  ["contraseña", "password"],
  ["password2", "password"],
  ["passwordLength", null],
  ["forgot_password", null],
  ["bypass", null],
  ["minipass", null],
  ["api_key", "secret"],
  ["x-api-key", "secret"],
  ["clientSecret", "secret"],
  ["access_token", "secret"],
  ["secret_key_base", "secret"],
  ["max_tokens", null],
  ["nextPageToken", null],
  ["token_type", null],
  ["publicKey", null],
  ["tokenizer", null],
  ["secretary", null],
  ["key", "key"],
  ["vendor_key", "key"],
  ["auth", null],
  ["user", null],
  ["", null],
  ["password".repeat(20), null],
])("the name %s promises %s", (name, promised) => {
  expect(classifyName(name)).toBe(promised);
});

test.each([
  ["changeme", true],
  ["your-api-key", true],
  ["xxxxxxxxxx", true],
  ["********", true],
  ["$" + "{TOKEN}", true],
  ["{{ secrets.TOKEN }}", true],
  ["<token>", true],
  ["Password123", true],
  ["aaaaaaaa", true],
  ["Zk3vq8Tx", false],
  ["falcon-marble-9!", false],
])("whether %s stands in for a secret: %s", (value, expected) => {
  expect(isPlaceholder(value)).toBe(expected);
});

test("a base-62 checksum fits its payload and no other", () => {
  const token = withBase62Checksum("a8Kq2ZvT9xLm4RcW7bYn3HdJ6sPf5G");
  expect(token).toHaveLength(36);
  expect(hasBase62Checksum(token)).toBe(true);
  expect(hasBase62Checksum(`b${token.slice(1)}`)).toBe(false);
});

test.each([
  { title: "a mark", text: `a ${markOf("x-1")} b`, visible: `a ${"\u2028".repeat(14)} b` },
  { title: "no mark", text: "a [REDACTED] b", visible: "a [REDACTED] b" },
  { title: "an open mark", text: "[REDACTED:password", visible: "[REDACTED:password" },
  { title: "a mark with a sentence", text: "[REDACTED:a b]", visible: "[REDACTED:a b]" },
])("hideMarks of $title keeps the length", ({ text, visible }) => {
  expect(hideMarks(text)).toBe(visible);
});

const BODY = sampleOf("A-Za-z0-9", 64);
const END = ["-----END ", "PRIVATE KEY-----"].join("");

test.each([
  {
    title: "behind its END line",
    text: `\n${BODY}\n${END}\nrest`,
    end: BODY.length + 2 + END.length,
  },
  {
    title: "with escaped line ends",
    text: `\\n${BODY}\\n${END}`,
    end: BODY.length + 4 + END.length,
  },
  { title: "where base64 stops without one", text: `\n${BODY}\n-- rest`, end: BODY.length + 1 },
  {
    title: "with headers",
    text: `\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n${BODY}\n${END}`,
    end: 51 + BODY.length + END.length,
  },
  { title: "nowhere, for too little follows", text: "\nAAAA\n", end: null },
  {
    title: "nowhere, for prose follows",
    text: ` is what a key ${"of a file ".repeat(9)}`,
    end: null,
  },
])("a PEM block ends $title", ({ text, end }) => {
  expect(pemBlockEnd(text, 0)).toBe(end);
});
