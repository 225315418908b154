import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { findRuns } from "../../../../src/guard/secrets/decode/runs.ts";
import { sampleOf } from "../../../../src/guard/secrets/sample.ts";
import { createSecretsGuard } from "../../../../src/guard/secrets/secrets.ts";
import { cleanedBy, leafOf } from "../leaves.ts";

const guard = createSecretsGuard();
const clean = (text: string): string => cleanedBy(guard, leafOf(text));

const TOKEN = ["AKIA", "Q3EGRIZT", "7XBN2WKD"].join("");
const MARK = "[REDACTED:aws-access-key-id]";
const NOTE = `the id is ${TOKEN}, keep it`;
const each = (encode: (code: number) => string): string =>
  Array.from(TOKEN, (character) => encode(character.charCodeAt(0))).join("");
const hex = (code: number, width: number): string => code.toString(16).padStart(width, "0");
/** Bytes that are no text, with a text among them. */
const bytes = (encoding: BufferEncoding, text: string): string =>
  Buffer.concat([
    Buffer.alloc(30, 0xf7),
    Buffer.from(text, encoding),
    Buffer.alloc(30, 0x9d),
  ]).toString("base64");
const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("of an escaped secret only its span is replaced:", () => {
  test.each([
    ["\\u escapes", each((code) => `\\u${hex(code, 4)}`)],
    ["\\u escapes inside JSON in JSON", each((code) => `\\\\u${hex(code, 4)}`)],
    ["\\x escapes", each((code) => `\\x${hex(code, 2)}`)],
    ["octal escapes", each((code) => `\\${code.toString(8).padStart(3, "0")}`)],
    ["percent", each((code) => `%${hex(code, 2)}`)],
    ["percent, twice", each((code) => `%25${hex(code, 2)}`)],
    ["decimal HTML entities", each((code) => `&#${code};`)],
    ["hexadecimal HTML entities", each((code) => `&#x${hex(code, 2)};`)],
    ["fullwidth letters", each((code) => String.fromCharCode(code + 0xfee0))],
    ["mathematical letters", TOKEN.replace("A", "\u{1d400}")],
    ["Cyrillic letters", TOKEN.replace("A", "А")],
    ["zero-width characters", [...TOKEN].join("\u200b")],
    ["soft hyphens", `${TOKEN.slice(0, 7)}\u00ad${TOKEN.slice(7)}`],
    ["two literals of a program", `${TOKEN.slice(0, 7)}" + "${TOKEN.slice(7)}`],
    ["a soft line break", `${TOKEN.slice(0, 7)}=\n${TOKEN.slice(7)}`],
    ["zeros", [...TOKEN].join("\0")],
    ["one zero", `${TOKEN.slice(0, 3)}\0${TOKEN.slice(3)}`],
    ["control characters", `${TOKEN.slice(0, 3)}\x02${TOKEN.slice(3, 9)}\x7f${TOKEN.slice(9)}`],
    ["control characters as escapes", `${TOKEN.slice(0, 3)}\\u0000${TOKEN.slice(3)}`],
    ["colours of a terminal", `${TOKEN.slice(0, 3)}\x1b[1;31m${TOKEN.slice(3)}`],
    ["colours of a terminal as escapes", `${TOKEN.slice(0, 3)}\\x1b[0m${TOKEN.slice(3)}`],
    ["a terminal's title", `${TOKEN.slice(0, 3)}\x1b]0;home\x07${TOKEN.slice(3)}`],
    ["a line break", `${TOKEN.slice(0, 7)}\n${TOKEN.slice(7)}`],
    ["a line break of two characters", `${TOKEN.slice(0, 7)}\r\n${TOKEN.slice(7)}`],
    ["a line break behind a backslash", `${TOKEN.slice(0, 7)}\\\n${TOKEN.slice(7)}`],
    ["three lines", `${TOKEN.slice(0, 4)}\n${TOKEN.slice(4, 11)}\n${TOKEN.slice(11)}`],
    ["a column", [...TOKEN].join("\n")],
  ])("%s", (_title, encoded) => {
    expect(clean(`id "${encoded}" end`)).toBe(`id "${MARK}" end`);
  });
});

describe("of an encoded text that holds a secret the whole token is replaced:", () => {
  test.each([
    ["base64", base64(NOTE)],
    ["base64url", Buffer.from(`?>${NOTE}`).toString("base64url")],
    ["base64 of UTF-16", Buffer.from(NOTE, "utf16le").toString("base64")],
    ["hexadecimal", Buffer.from(NOTE).toString("hex")],
    ["base64 of base64", base64(`value ${base64(NOTE)}`)],
    ["base64 of percent", base64(`x=${each((code) => `%${hex(code, 2)}`)}&y=1`)],
    ["base64 of bytes with text among them", bytes("latin1", NOTE)],
    ["base64 of bytes with UTF-16 among them", bytes("utf16le", NOTE)],
    ["gzip in base64", gzipSync(NOTE).toString("base64")],
    ["base64 in lines", base64(`${"a few words, ".repeat(9)}${NOTE}`).replace(/.{76}/g, "$&\n")],
  ])("%s", (_title, encoded) => {
    expect(clean(`data: "${encoded}";`)).toBe(`data: "${MARK}";`);
  });
});

test.each([
  ["base64 of a sentence", base64("a text of which nothing at all is a secret, and it is long")],
  ["base64 of chance", sampleOf("A-Za-z0-9", 400)],
  ["base64 three deep", base64(base64(base64(`see ${NOTE} there`)))],
  ["an image", `data:image/png;base64,iVBORw0KGgo${sampleOf("A-Za-z0-9", 90)}`],
  ["base64 of bytes without a secret", bytes("latin1", "a text of which nothing is a secret")],
  ["a broken gzip", `H4sIAAAAAAAAA${sampleOf("A-Za-z0-9", 200)}`],
  ["Russian with Latin names", "Сервер API-шлюза отвечает на запросы MCP по HTTP/2"],
  ["an escaped path", "C:\\\\Users\\\\x\\u0041lice\\\\file%20name.txt"],
  ["coloured words", "\x1b[32mdone\x1b[0m in 12 ms, \x1b[1mAKIA\x1b[0m is no key"],
  ["a column of words", ["AKIA", "alpha1", "beta2", "gamma3", "delta4"].join("\n")],
  ["half a token at a line's end", `see ${TOKEN.slice(0, 9)}\nand the rest elsewhere`],
  ["a list of digests", `${sampleOf("a-f0-9", 40)}\n${sampleOf("0-9a-f", 40)}\n`],
])("%s passes", (_title, text) => {
  expect(clean(text)).toBe(text);
});

test("a name that is escaped names its value all the same", () => {
  expect(clean("passw\\u006frd%3DZk3vq8Tx! ok")).toBe("passw\\u006frd%3D[REDACTED:password] ok");
});

test("a token that is split keeps the line behind it", () => {
  const [start, end] = [TOKEN.slice(0, 7), TOKEN.slice(7)];
  expect(clean(`id ${start}\n${end}\nOTHER9`)).toBe(`id ${MARK}\nOTHER9`);
  expect(clean(`first1\n${start}\n${end} last`)).toBe(`first1\n${MARK} last`);
});

test("runs are those of the plain definition, wherever they stand", () => {
  const text = `${sampleOf("A-Za-z0-9", 16)} ab ${"c".repeat(15)} ${"d".repeat(17)}== ${"e".repeat(40)}`;
  const plain = Array.from(text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g), ({ 0: run, index }) => ({
    start: index,
    end: index + run.length,
  }));
  for (let shift = 0; shift < 20; shift++) {
    const moved = plain.map(({ start, end }) => ({ start: start + shift, end: end + shift }));
    expect(findRuns(" ".repeat(shift) + text)).toEqual(moved);
  }
});
