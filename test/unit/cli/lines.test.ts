import fc from "fast-check";
import { expect, test } from "vitest";

import { linesOf } from "../../../src/cli/lines.ts";

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array, size = 1024): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunked(bytes, size))) {
    lines.push(Buffer.from(line).toString("latin1"));
  }
  return lines;
}

test.each([
  { title: "nothing", text: "", lines: [] },
  { title: "one line without its end", text: "a", lines: ["a"] },
  { title: "one line with it", text: "a\n", lines: ["a"] },
  { title: "empty lines", text: "\n\na\n\n", lines: ["", "", "a", ""] },
  { title: "a carriage return as a part of its line", text: "a\r\nb\rc", lines: ["a\r", "b\rc"] },
])("linesOf reads $title", async ({ text, lines }) => {
  expect(await read(Buffer.from(text))).toEqual(lines);
});

test("linesOf cuts at LF alone, whatever else ends a line elsewhere", async () => {
  const bytes = Buffer.from("a\u2028b\u2029c\u0085d\ve\f\nf");
  const lines = await read(bytes);
  expect(lines.map((line) => Buffer.from(line, "latin1").toString("utf8"))).toEqual([
    "a\u2028b\u2029c\u0085d\ve\f",
    "f",
  ]);
});

test("linesOf gives the same lines however the bytes come", async () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map((raw) =>
    // A third of them line feeds.
    raw.map((byte) => (byte % 3 === 0 ? 0x0a : byte)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, fc.integer({ min: 1, max: 70 }), async (input, size) => {
      const whole = Buffer.from(input).toString("latin1").split("\n");
      if (whole.at(-1) === "") whole.pop();
      expect(await read(input, size)).toEqual(whole);
    }),
  );
});
