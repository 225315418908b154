import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { pointerOf } from "../../../src/core/json.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import { expectLinear } from "../../support/linear.ts";

const LIMITS = { jsonMaxDepth: 4, jsonMaxNodes: 20, stringMaxLength: 10 };
const WIDE = { jsonMaxDepth: 64, jsonMaxNodes: 500_000, stringMaxLength: 1_000_000 };

function outcome(bytes: Uint8Array | string, limits = LIMITS): unknown {
  const document = parseJson(Buffer.from(bytes), limits);
  return document.ok ? "read" : document.error;
}

describe("parseJson refuses", () => {
  test.each([
    { title: "nothing", text: "", code: "empty", offset: 0 },
    { title: "white space alone", text: " \n\t", code: "empty", offset: 0 },
    { title: "a byte order mark", text: "\ufeff{}", code: "bom", offset: 0 },
    { title: "a cut object", text: '{"a"', code: "syntax", offset: 4 },
    { title: "a comma before the end", text: '{"a":1,}', code: "syntax", offset: 7 },
    { title: "a comma alone", text: "[,]", code: "syntax", offset: 1 },
    { title: "a raw line feed in a string", text: '"a\nb"', code: "syntax", offset: 2 },
    { title: "an unknown escape", text: '"\\x41"', code: "syntax", offset: 1 },
    { title: "a short escape", text: '"\\u12g4"', code: "syntax", offset: 1 },
    { title: "a leading zero", text: "01", code: "trailing_data", offset: 1 },
    { title: "a plus sign", text: "+1", code: "syntax", offset: 0 },
    { title: "a bare fraction", text: "1.", code: "syntax", offset: 0 },
    { title: "NaN", text: "NaN", code: "syntax", offset: 0 },
    { title: "a misspelt literal", text: "nulL", code: "syntax", offset: 3 },
    { title: "a second value", text: "{} {}", code: "trailing_data", offset: 3 },
    { title: "a NUL behind the value", text: "{}\0", code: "trailing_data", offset: 2 },
    { title: "a key twice", text: '{"a":1,"a":2}', code: "duplicate_key", offset: 7 },
    {
      title: "a key twice, once escaped",
      text: '{"a":1,"\\u0061":2}',
      code: "duplicate_key",
      offset: 7,
    },
    { title: "five levels", text: "[[[[[]]]]]", code: "too_deep", offset: 4 },
    { title: "21 values", text: `[${"1,".repeat(19)}1]`, code: "too_many_values", offset: 39 },
    { title: "a long string", text: '["12345678901"]', code: "string_too_long", offset: 1 },
  ])("$title", ({ text, code, offset }) => {
    expect(outcome(text)).toEqual({ code, offset });
  });

  test("a ninth key that repeats the first", () => {
    const members = Array.from({ length: 9 }, (_, index) => `"k${index % 8}":0`);
    expect(outcome(`{${members.join()}}`)).toEqual({ code: "duplicate_key", offset: 57 });
  });

  test.each([
    { title: "half a character", bytes: [0x22, 0xc3, 0x22] },
    { title: "an overlong slash", bytes: [0x22, 0xc0, 0xaf, 0x22] },
    { title: "an encoded surrogate", bytes: [0x22, 0xed, 0xa0, 0xbd, 0x22] },
    { title: "UTF-16", bytes: [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00] },
  ])("$title as not UTF-8", ({ bytes }) => {
    expect(outcome(Uint8Array.from(bytes))).toEqual({ code: "not_utf8", offset: 0 });
  });
});

describe("parseJson reads", () => {
  test.each([
    { title: "white space on both sides", text: " \r\n{}\t" },
    { title: "the same key in two objects", text: '[{"a":1},{"a":2}]' },
    { title: "keys that differ in case", text: '{"a":1,"A":2}' },
    { title: "four levels", text: "[[[[]]]]" },
    { title: "20 values", text: `[${"1,".repeat(18)}1]` },
    { title: "a string at the limit", text: '"1234567890"' },
    { title: "a lone surrogate escape", text: '"\\ud83d"' },
    { title: "a byte order mark inside a string", text: '"\ufeff"' },
  ])("$title", ({ text }) => {
    expect(outcome(text)).toBe("read");
  });

  test.each(["0", "-0", "-1.5e+10", "1E400", "12345678901234567890", "0.1"])(
    "the number %s as written",
    (text) => {
      const document = parseJson(Buffer.from(text), WIDE);
      expect(document).toMatchObject({ ok: true, value: { root: { kind: "number", text } } });
    },
  );

  test("a lone surrogate as the one unit that it is", () => {
    const document = parseJson(Buffer.from('"a\\ud83d"'), WIDE);
    expect(document).toMatchObject({ value: { root: { value: "a\ud83d" } } });
  });

  test("leaves in document order, each with its place, its name and its span", () => {
    const text = '{"a":["é",{"b/c":1}],"d":"\\n"}';
    const document = parseJson(Buffer.from(text), WIDE);
    if (!document.ok) throw new Error("unreadable");
    const leaves = document.value.leaves.map(({ nature, text: leaf, name, location, node }) => ({
      nature,
      leaf,
      name,
      at: pointerOf(location),
      raw: Buffer.from(text).subarray(node.start, node.end).toString(),
    }));
    expect(leaves).toEqual([
      { nature: "key", leaf: "a", name: "a", at: "/a", raw: '"a"' },
      { nature: "text", leaf: "é", name: "a", at: "/a/0", raw: '"é"' },
      { nature: "key", leaf: "b/c", name: "b/c", at: "/a/1/b~1c", raw: '"b/c"' },
      { nature: "number", leaf: "1", name: "b/c", at: "/a/1/b~1c", raw: "1" },
      { nature: "key", leaf: "d", name: "d", at: "/d", raw: '"d"' },
      { nature: "text", leaf: "\n", name: "d", at: "/d", raw: '"\\n"' },
    ]);
  });

  test("a view into a larger buffer by the offsets of the view", () => {
    const buffer = Buffer.from('xx["ab"]xx');
    const document = parseJson(buffer.subarray(2, 8), WIDE);
    expect(document).toMatchObject({ value: { root: { items: [{ start: 1, end: 5 }] } } });
  });

  test("100,000 keys in one object in linear time", () => {
    expectLinear((length) => {
      const members = Array.from({ length }, (_, index) => `"k${index}":0`);
      expect(outcome(`{${members.join()}}`, WIDE)).toBe("read");
    }, 100_000);
  });
});
