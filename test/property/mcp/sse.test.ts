import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSseParser, encodeEvent, type SseItem } from "../../../src/mcp/sse.ts";
import { cutAt } from "../../support/cut-at.ts";
import { expectLinear } from "../../support/linear.ts";

const LIMITS = { sseEventMaxBytes: 48 };
const RUNS = { numRuns: 500 };

/** Streams made of what matters in them: line ends, colons, names, marks. */
const stream = fc
  .array(
    fc.constantFrom(
      ...[
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "\r\n\r\n",
        ":",
        "data",
        "data: é",
        "data:a",
        "id: 1",
        "\ufeff",
      ],
      ...["event: m", " ", "x", ": ping", "data: {}\n\n"],
    ),
    { maxLength: 24 },
  )
  .map((pieces) => Buffer.from(pieces.join("")));

function parse(chunks: readonly Uint8Array[]): SseItem[] {
  const parser = createSseParser(LIMITS);
  return [...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.end()].map(plain);
}

/** With plain arrays, so that views and copies compare. */
function plain(item: SseItem): SseItem {
  if (item.kind === "too_large") return item;
  const raw = Uint8Array.from(item.raw);
  if (item.kind === "pass") return { ...item, raw };
  return { ...item, raw, data: item.data === null ? null : Uint8Array.from(item.data) };
}

describe("the items of a stream", () => {
  test("are the same however it is split", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat()), (bytes, cuts) => {
        const whole = parse([bytes]);
        const places = new Set(cuts.map((cut) => cut % (bytes.length + 1)));
        expect(parse(cutAt(bytes, [...places]))).toEqual(whole);
        expect(parse([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
      }),
      RUNS,
    );
  });

  test("are the same for a cut at each single byte", () => {
    const bytes = Buffer.from(
      "\ufeff: hi\r\n\r\nid: 1\r\ndata: é\r\n\r\ndata: a\ndata: b\n\ndata: c\r\rx",
    );
    const whole = parse([bytes]);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(parse([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    }
  });

  test("hold every byte of it in order, unless one was too large", () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const items = parse([bytes]);
        const raws = items.flatMap((item) => (item.kind === "too_large" ? [] : [item.raw]));
        const isWhole = items.every((item) => item.kind !== "too_large");
        const joined = Buffer.concat(raws);
        expect(joined).toEqual(bytes.subarray(0, joined.length));
        expect(joined.length === bytes.length).toBe(isWhole);
      }),
      RUNS,
    );
  });

  test("read back with the data they were given, and all else as it was", () => {
    fc.assert(
      fc.property(stream, fc.string({ maxLength: 8 }), (bytes, data) => {
        for (const item of parse([bytes])) {
          if (item.kind !== "event" || item.unterminated) continue;
          const parser = createSseParser({ sseEventMaxBytes: 1_000 });
          // Not at the very beginning, where a byte order mark would mean something else.
          parser.push(Buffer.from("\n"));
          const [again] = parser.push(encodeEvent(item, Buffer.from(data)));
          const want = data.replaceAll(/\r\n|\r/g, "\n");
          expect(again).toMatchObject({ kind: "event", type: item.type, id: item.id });
          expect(again?.kind === "event" && Buffer.from(again.data ?? []).toString()).toBe(want);
        }
      }),
      RUNS,
    );
  });
});

test("a stream of single bytes takes time in proportion to its length", () => {
  expectLinear((length) => {
    const parser = createSseParser({ sseEventMaxBytes: 1_000_000 });
    const bytes = Buffer.alloc(length, "data: ");
    for (let at = 0; at < bytes.length; at += 1) parser.push(bytes.subarray(at, at + 1));
    expect(parser.end()).toHaveLength(1);
  }, 500_000);
});
