import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { createSseParser, encodeEvent, type SseEvent, type SseItem } from "../../../src/mcp/sse.ts";

const LIMITS = { sseEventMaxBytes: 64 };

function parse(text: string): SseItem[] {
  const parser = createSseParser(LIMITS);
  return [...parser.push(Buffer.from(text)), ...parser.end()];
}

function shown(items: readonly SseItem[]): unknown[] {
  return items.map((item) => {
    if (item.kind === "too_large") return "too_large";
    const raw = Buffer.from(item.raw).toString();
    if (item.kind === "pass") return raw;
    const data = item.data === null ? null : Buffer.from(item.data).toString();
    const { type, id, unterminated } = item;
    return { raw, data, type, id, unterminated };
  });
}

const EVENT = { type: null, id: null, unterminated: false };

describe("the parser cuts", () => {
  test.each([
    { title: "an event", text: "data: a\n\n", want: [{ ...EVENT, raw: "data: a\n\n", data: "a" }] },
    {
      title: "an event with all fields",
      text: "event: message\nid: 7\nretry: 10\ndata:a\n\n",
      want: [
        {
          ...EVENT,
          raw: "event: message\nid: 7\nretry: 10\ndata:a\n\n",
          data: "a",
          type: "message",
          id: "7",
        },
      ],
    },
    {
      title: "data of several lines, one of them bare",
      text: "data: a\ndata\ndata:  b\n\n",
      want: [{ ...EVENT, raw: "data: a\ndata\ndata:  b\n\n", data: "a\n\n b" }],
    },
    {
      title: "an event with empty data",
      text: "id: 1\ndata:\n\n",
      want: [{ ...EVENT, raw: "id: 1\ndata:\n\n", data: "", id: "1" }],
    },
    {
      title: "an event without data",
      text: "retry: 5\n\n",
      want: [{ ...EVENT, raw: "retry: 5\n\n", data: null }],
    },
    {
      title: "line ends of CR LF, the last LF on its own",
      text: "data: a\r\ndata: b\r\n\r\n",
      want: [{ ...EVENT, raw: "data: a\r\ndata: b\r\n\r", data: "a\nb" }, "\n"],
    },
    {
      title: "line ends of CR",
      text: "data: a\r\r",
      want: [{ ...EVENT, raw: "data: a\r\r", data: "a" }],
    },
    {
      title: "comments and blank lines outside an event",
      text: ": ping\n\n: pong\r\n",
      want: [": ping\n", "\n", ": pong\r", "\n"],
    },
    {
      title: "a comment inside an event with it",
      text: "data: a\n: ping\ndata: b\n\n",
      want: [{ ...EVENT, raw: "data: a\n: ping\ndata: b\n\n", data: "a\nb" }],
    },
    {
      title: "a leading byte order mark",
      text: "\ufeffdata: a\n\n",
      want: ["\ufeff", { ...EVENT, raw: "data: a\n\n", data: "a" }],
    },
    {
      title: "a later byte order mark as part of a name",
      text: "\n\ufeffdata: a\n\n",
      want: ["\n", { ...EVENT, raw: "\ufeffdata: a\n\n", data: null }],
    },
    {
      title: "names that differ in case or length",
      text: "Data: a\ndata2: b\n\n",
      want: [{ ...EVENT, raw: "Data: a\ndata2: b\n\n", data: null }],
    },
    {
      title: "an id with a NUL as none",
      text: "id: a\0b\ndata: a\n\n",
      want: [{ ...EVENT, raw: "id: a\0b\ndata: a\n\n", data: "a" }],
    },
    {
      title: "an event that the stream's end cuts off",
      text: "data: a",
      want: [{ ...EVENT, raw: "data: a", data: "a", unterminated: true }],
    },
    {
      title: "an event that lacks only its blank line",
      text: "data: a\n",
      want: [{ ...EVENT, raw: "data: a\n", data: "a", unterminated: true }],
    },
    { title: "a comment that the stream's end cuts off", text: ": ping", want: [": ping"] },
    { title: "half a byte order mark", text: "", want: [] },
  ])("$title", ({ text, want }) => {
    expect(shown(parse(text))).toEqual(want);
  });

  test("an event at its very last byte, without waiting for more", () => {
    const parser = createSseParser(LIMITS);
    expect(parser.push(Buffer.from("data: a\r\n"))).toEqual([]);
    expect(shown(parser.push(Buffer.from("\r")))).toMatchObject([{ data: "a" }]);
    expect(shown(parser.push(Buffer.from("\n")))).toEqual(["\n"]);
  });
});

describe("the parser's limit", () => {
  const event = (bytes: number) => `data: ${"x".repeat(bytes - 8)}\n\n`;

  test("lets an item of just that size through, and another one behind it", () => {
    expect(shown(parse(event(64) + event(64)))).toHaveLength(2);
  });

  test.each([
    { title: "an event", text: event(65) },
    { title: "an event without an end", text: `data: ${"x".repeat(100)}` },
    { title: "a comment", text: `:${"x".repeat(64)}\n` },
    { title: "many lines", text: "data: a\n".repeat(9) },
  ])("ends the stream at $title over it", ({ text }) => {
    expect(shown(parse(`data: a\n\n${text}data: b\n\n`))).toMatchObject([
      { data: "a" },
      "too_large",
    ]);
  });

  test("says so before the item is complete, and only once", () => {
    const parser = createSseParser(LIMITS);
    expect(parser.push(Buffer.from("data: ".padEnd(64, "x")))).toEqual([]);
    expect(parser.push(Buffer.from("x"))).toEqual([{ kind: "too_large" }]);
    expect(parser.push(Buffer.from("\n\ndata: a\n\n"))).toEqual([]);
    expect(parser.end()).toEqual([]);
  });
});

describe("encodeEvent", () => {
  test.each([
    {
      title: "one line",
      raw: "id: 1\ndata: a\nevent: m\n\n",
      data: "b",
      want: "id: 1\ndata: b\nevent: m\n\n",
    },
    {
      title: "many lines by one",
      raw: "data: a\n: c\ndata: b\n\n",
      data: "d",
      want: "data: d\n: c\n\n",
    },
    {
      title: "one line by many",
      raw: "data: a\r\n\r",
      data: "b\r\nc\rd\n",
      want: "data: b\r\ndata: c\r\ndata: d\r\ndata: \r\n\r",
    },
    {
      title: "lines between a CR and an LF",
      raw: "data: a\rdata: b\n\n",
      data: "c",
      want: "data: c\r\n\n",
    },
    {
      title: "a line behind a comment that ends with CR",
      raw: "data: a\n: c\rdata: b\n\n",
      data: "d",
      want: "data: d\n: c\r\n\n",
    },
    { title: "no line by one", raw: "id: 1\n\n", data: "a", want: "id: 1\ndata: a\n\n" },
    { title: "a line by nothing", raw: "data: a\n\n", data: "", want: "data: \n\n" },
    { title: "a cut-off line", raw: "id: 1\ndata: a", data: "b", want: "id: 1\ndata: b\n" },
    { title: "no line, cut off", raw: "id: 1", data: "a", want: "id: 1\ndata: a\n" },
  ])("replaces $title and keeps the other lines", ({ raw, data, want }) => {
    const event = eventOf(raw);
    const encoded = encodeEvent(event, Buffer.from(data));
    expect(Buffer.from(encoded).toString()).toBe(want);
  });

  function eventOf(raw: string): SseEvent {
    const [item] = parse(raw);
    if (item?.kind !== "event") throw new Error("no event");
    return item;
  }
});
