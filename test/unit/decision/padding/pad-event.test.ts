import { Buffer } from "node:buffer";
import { expect, test } from "vitest";

import type { PaddingScheme } from "../../../../src/core/padding.ts";
import { createStreamPadding, padEvent } from "../../../../src/decision/padding/pad-event.ts";
import { padJson } from "../../../../src/decision/padding/pad-json.ts";

const TO_32: PaddingScheme = { kind: "constant", blockBytes: 32 };
const MAX_BYTES = 1024;

test.each([
  { title: "LF", event: "data: {}\n\n", padded: `:${" ".repeat(20)}\ndata: {}\n\n` },
  { title: "CRLF", event: "data: {}\r\n\r", padded: `:${" ".repeat(18)}\ndata: {}\r\n\r\n` },
  { title: "CR", event: "data: {}\r\r", padded: `:${" ".repeat(19)}\ndata: {}\r\r\n` },
  { title: "the end of the stream", event: "data: {}", padded: `:${" ".repeat(22)}\ndata: {}` },
])("an event that ends with $title gets a comment in front", ({ event, padded }) => {
  expect(text(padEvent(Buffer.from(event), TO_32, MAX_BYTES))).toBe(padded);
});

test.each([
  { bytes: 29, length: 32 },
  { bytes: 30, length: 32 },
  { bytes: 31, length: 64 },
  { bytes: 32, length: 64 },
])("an event of $bytes bytes has room for a comment in $length", ({ bytes, length }) => {
  const padded = padEvent(eventOf(bytes), TO_32, MAX_BYTES);
  expect(padded.length).toBe(length);
  expect(text(padded)).toMatch(/^: *\ndata/);
});

test("a long comment has several lines, each of a colon at least", () => {
  for (let bytes = 2040; bytes < 2060; bytes += 1) {
    const scheme: PaddingScheme = { kind: "step", sizes: [bytes + 20] };
    const padded = padEvent(eventOf(20), scheme, 4096);
    expect(padded.length).toBe(bytes + 20);
    const lines = text(padded).split("\n").slice(0, -3);
    expect(lines.every((line) => /^: *$/.test(line) && line.length < 1024)).toBe(true);
  }
});

test.each([
  { title: "is padded to the limit", bytes: 40, maxBytes: 50, length: 50 },
  { title: "without room for a comment stays", bytes: 49, maxBytes: 50, length: 49 },
  { title: "that is over the limit stays", bytes: 60, maxBytes: 50, length: 60 },
])("an event whose bucket is over the limit, and that $title", ({ bytes, maxBytes, length }) => {
  expect(padEvent(eventOf(bytes), TO_32, maxBytes).length).toBe(length);
});

test("a dropped event stays nothing, and `off` changes nothing", () => {
  const event = eventOf(20);
  expect(padEvent(new Uint8Array(0), TO_32, MAX_BYTES).length).toBe(0);
  expect(padEvent(event, { kind: "off" }, MAX_BYTES)).toBe(event);
});

test("between events comments are padded, and line ends that mean nothing left out", () => {
  const padding = createStreamPadding(TO_32, MAX_BYTES);
  const event = text(padding.event(Buffer.from("data: 1\r\n\r")));
  expect(event.endsWith("data: 1\r\n\r\n")).toBe(true);
  expect(text(padding.passing(Buffer.from("\n")))).toBe("");
  expect(text(padding.passing(Buffer.from(": ping\r")))).toBe(`:${" ".repeat(22)}\n: ping\r\n`);
  expect(text(padding.passing(Buffer.from("\n")))).toBe("");
});

test("at the start of a stream line ends and marks pass: a second mark must not become the first", () => {
  const padding = createStreamPadding(TO_32, MAX_BYTES);
  expect(text(padding.passing(Buffer.from("\n")))).toBe("\n");
  expect(text(padding.passing(Buffer.from("\ufeff")))).toBe("\ufeff");
});

test("with `off` what passes between events stays as it is", () => {
  const padding = createStreamPadding({ kind: "off" }, MAX_BYTES);
  expect(text(padding.event(Buffer.from("data: 1\n\n")))).toBe("data: 1\n\n");
  expect(text(padding.passing(Buffer.from("\n")))).toBe("\n");
});

test.each([
  { title: "to its bucket", scheme: TO_32, body: '{"a":1}', padded: `{"a":1}${" ".repeat(25)}` },
  { title: "not at all when off", scheme: { kind: "off" } as const, body: "{}", padded: "{}" },
  { title: "not at all when empty", scheme: TO_32, body: "", padded: "" },
])("a JSON body is padded $title", ({ scheme, body, padded }) => {
  expect(text(padJson(Buffer.from(body), scheme, MAX_BYTES))).toBe(padded);
});

test("a JSON body is padded no further than its limit", () => {
  expect(padJson(Buffer.from('{"a":1}'), TO_32, 10).length).toBe(10);
  const large = Buffer.from('{"a":"0123456789"}');
  expect(padJson(large, TO_32, 10)).toBe(large);
});

function eventOf(bytes: number): Buffer {
  return Buffer.from(`data: ${"x".repeat(bytes - 8)}\n\n`);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
