import { describe, expect, test } from "vitest";
import { WireReader } from "../../../src/envoy/wire-reader.ts";
import { WireWriter } from "../../../src/envoy/wire-writer.ts";
import { pieceOf } from "../../support/framed.ts";

/** What most replies fit into. */
const SCRATCH_BYTES = 16 * 1024;

/** Of field 1, a length-delimited one. */
function fieldOf(message: Buffer): Buffer {
  const reader = new WireReader(pieceOf(message));
  expect(reader.tag()).toBe(10);
  const value = reader.bytes();
  expect(reader.isAtEnd).toBe(true);
  return value;
}

function header(value: string, maxBytes = SCRATCH_BYTES): string {
  const writer = new WireWriter();
  writer.headerValue(1, value, maxBytes);
  return fieldOf(writer.finish()).toString();
}

describe("a length", () => {
  const edges = [0, 1, 127, 128, 129, 16_383, 16_384, 16_385, 2 ** 21 - 1, 2 ** 21];
  test.each(edges.map((length) => ({ length })))("of $length is read as written", ({ length }) => {
    const body = Buffer.alloc(length, "x");
    const writer = new WireWriter();
    writer.bytes(1, body);
    expect(fieldOf(writer.finish()).equals(body)).toBe(true);
    writer.text(1, body.toString());
    expect(fieldOf(writer.finish()).equals(body)).toBe(true);
  });

  test("is that of a message in a message, also where the scratch grows in the midst of it", () => {
    const body = Buffer.alloc(SCRATCH_BYTES - 4, "x");
    const writer = new WireWriter();
    const since = writer.written;
    writer.text(2, "after");
    writer.bytes(1, body);
    writer.text(3, "before");
    writer.end(1, since);
    const reader = new WireReader(pieceOf(fieldOf(writer.finish())));
    expect([reader.tag(), reader.text()]).toEqual([26, "before"]);
    expect([reader.tag(), reader.bytes().equals(body)]).toEqual([10, true]);
    expect([reader.tag(), reader.text(), reader.tag()]).toEqual([18, "after", 0]);
  });
});

describe("a text", () => {
  test.each([
    { title: "a lone surrogate", text: "a\ud800b" },
    { title: "many of them", text: "\udc00\ud83d".repeat(200) },
    { title: "a pair that is none, behind much else", text: `${"é".repeat(300)}\ude00\ud83d` },
  ])("with $title has the replacement character for it", ({ text }) => {
    const writer = new WireWriter();
    writer.text(1, text);
    expect(fieldOf(writer.finish()).toString()).toBe(text.toWellFormed());
  });
});

describe("a header's value", () => {
  const controls = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join("");
  test.each([
    { title: "a short one", before: "", after: "" },
    { title: "one that is not ASCII", before: "é", after: "" },
    { title: "one whose last character is not", before: "", after: "\u2028" },
    { title: "a long one", before: "x".repeat(200), after: "" },
  ])("cannot be ended early: $title", ({ before, after }) => {
    const value = `${before}a\r\nx-zta: 1\0${controls}\x7f${after}`;
    const read = header(value);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the header
    expect(read).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(read).toBe(`${before}a  x-zta: 1 ${" ".repeat(33)}${after}`);
  });

  test("has as many bytes as are allowed", () => {
    expect(header("x".repeat(200), 150)).toBe("x".repeat(150));
    expect(header("x".repeat(150), 150)).toBe("x".repeat(150));
  });
});

test("a view of a larger buffer is written, and nothing beside it", () => {
  const writer = new WireWriter();
  writer.bytes(1, Buffer.from("secret-body-secret").subarray(7, 11));
  expect(fieldOf(writer.finish()).toString()).toBe("body");
});

test.each([
  { title: "fits", length: 10 },
  { title: "does not fit", length: 10 * SCRATCH_BYTES },
])("what $title is not kept once it was taken", ({ length }) => {
  const writer = new WireWriter();
  writer.bytes(1, Buffer.alloc(length, "x"));
  const first = writer.finish();
  expect(writer.written).toBe(0);
  writer.bytes(1, Buffer.alloc(length, "y"));
  writer.finish();
  expect(fieldOf(first).equals(Buffer.alloc(length, "x"))).toBe(true);
});
