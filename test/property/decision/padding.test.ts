import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { PaddingScheme } from "../../../src/core/padding.ts";
import { bucketOf } from "../../../src/decision/padding/bucket.ts";
import { createStreamPadding, padEvent } from "../../../src/decision/padding/pad-event.ts";
import { padJson } from "../../../src/decision/padding/pad-json.ts";
import { createSseParser } from "../../../src/mcp/sse.ts";

const RUNS = { numRuns: 1000 };
const UNBOUNDED = 2 ** 30;
/** A colon and a line feed: what an event needs more than its own bytes. */
const COMMENT_MIN_BYTES = 2;
const STREAM_LIMITS = { sseEventMaxBytes: UNBOUNDED };

const scheme: fc.Arbitrary<PaddingScheme> = fc.oneof(
  fc.constant({ kind: "padme" as const }),
  fc.integer({ min: 1, max: 300 }).map((blockBytes) => ({ kind: "constant" as const, blockBytes })),
  fc
    .uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 5 })
    .map((sizes) => ({ kind: "step" as const, sizes: ascending(sizes) })),
);
const length = fc.integer({ min: 1, max: 2 ** 30 });
const body = fc.json({ maxDepth: 3 }).map((json) => Buffer.from(json));

/** What an SSE event can look like, in each of the three line ends. */
const block = fc
  .record({
    end: fc.constantFrom("\n", "\r\n", "\r"),
    lines: fc.array(
      fc.oneof(
        fc.json({ maxDepth: 1 }).map((json) => `data: ${json}`),
        fc.constantFrom("event: message", "id: 7", "retry: 10", "data", ": note", "x: y"),
      ),
      { minLength: 1, maxLength: 6 },
    ),
  })
  .map(({ end, lines }) => [...lines, "", ""].join(end));
/** Whole events, and streams made of whatever could lead a parser astray. */
const stream = fc
  .oneof(
    fc.array(block, { maxLength: 5 }),
    fc.array(
      fc.constantFrom(
        ...["\n", "\r", "\r\n", "\n\n", "\r\n\r\n", ":", ": ping", "\ufeff", " ", "x"],
        ...["data", "data: é", "data: {}\n\n", "id: 1", "event: m"],
      ),
      { maxLength: 24 },
    ),
  )
  .chain((pieces) => fc.constantFrom("", "\ufeff").map((mark) => mark + pieces.join("")));

describe("a bucket", () => {
  test("is never smaller than what goes into it, is its own bucket, and grows with the length", () => {
    fc.assert(
      fc.property(length, length, scheme, (one, other, rule) => {
        const [short, long] = one < other ? [one, other] : [other, one];
        expect(bucketOf(short, rule)).toBeGreaterThanOrEqual(short);
        expect(bucketOf(bucketOf(short, rule), rule)).toBe(bucketOf(short, rule));
        expect(bucketOf(short, rule)).toBeLessThanOrEqual(bucketOf(long, rule));
      }),
      RUNS,
    );
  });

  test("of padmé is at most 12 % larger, at every length up to 64 KiB and at any beyond", () => {
    const isCheap = (bytes: number) => bucketOf(bytes, { kind: "padme" }) <= bytes * 1.12;
    const dear = Array.from({ length: 65_536 }, (_, index) => index + 1).filter(
      (bytes) => !isCheap(bytes),
    );
    expect(dear).toEqual([]);
    fc.assert(fc.property(length, isCheap), RUNS);
  });

  test("of padmé tells few lengths apart: 64 KiB and less have 172 of them", () => {
    // 1 + 2 + 2·4 + 4·8 + 8·16 for the exponents 0 to 15, and 65,536 itself.
    const lengths = Array.from({ length: 65_536 }, (_, index) => index + 1);
    const buckets = new Set(lengths.map((bytes) => bucketOf(bytes, { kind: "padme" })));
    expect(buckets.size).toBe(172);
  });
});

describe("on the wire", () => {
  test("two bodies are as long exactly when they share a bucket", () => {
    fc.assert(
      fc.property(body, body, scheme, (one, other, rule) => {
        const isAsLong = pad(one, rule).length === pad(other, rule).length;
        expect(isAsLong).toBe(bucketOf(one.length, rule) === bucketOf(other.length, rule));
        expect(pad(one, rule).length).toBe(bucketOf(one.length, rule));
      }),
      RUNS,
    );
  });

  test("two events are as long exactly when they and a comment share a bucket", () => {
    fc.assert(
      fc.property(block, block, scheme, (one, other, rule) => {
        const bucket = (text: string) => bucketOf(complete(text) + COMMENT_MIN_BYTES, rule);
        const padded = (text: string) => padEvent(Buffer.from(text), rule, UNBOUNDED).length;
        expect(padded(one)).toBe(bucket(one));
        expect(padded(one) === padded(other)).toBe(bucket(one) === bucket(other));
      }),
      RUNS,
    );
  });
});

describe("to whoever reads it", () => {
  test("a padded body is the same JSON value, its own bytes first", () => {
    fc.assert(
      fc.property(body, scheme, (bytes, rule) => {
        const padded = pad(bytes, rule);
        expect(JSON.parse(Buffer.from(padded).toString())).toEqual(JSON.parse(bytes.toString()));
        expect(Buffer.from(padded.subarray(0, bytes.length)).equals(bytes)).toBe(true);
      }),
      RUNS,
    );
  });

  test("a padded stream has the same events, in our parser and in the SDK's", () => {
    fc.assert(
      fc.property(stream, scheme, fc.constantFrom(UNBOUNDED, 64, 8), (text, rule, max) => {
        const bytes = Buffer.from(text);
        const padded = padStream(bytes, rule, max);
        expect(eventsOf(padded)).toEqual(eventsOf(bytes));
        expect(sdkEventsOf(padded)).toEqual(sdkEventsOf(bytes));
      }),
      RUNS,
    );
  });

  test("every event of a padded stream goes out in a bucket", () => {
    fc.assert(
      fc.property(fc.array(block, { minLength: 1 }), scheme, (blocks, rule) => {
        const padding = createStreamPadding(rule, UNBOUNDED);
        for (const item of itemsOf(Buffer.from(blocks.join("")))) {
          if (item.kind === "too_large") continue;
          const { raw } = item;
          const out = item.kind === "event" ? padding.event(raw) : padding.passing(raw);
          // A stream of nothing but blank lines keeps them until something is said.
          if (out.length > 1) expect(bucketOf(out.length, rule)).toBe(out.length);
        }
      }),
      RUNS,
    );
  });
});

function pad(bytes: Uint8Array, rule: PaddingScheme): Uint8Array {
  return padJson(bytes, rule, UNBOUNDED);
}

/** The event's bytes with the LF behind a final CR. */
function complete(event: string): number {
  return Buffer.byteLength(event) + (event.endsWith("\r") ? 1 : 0);
}

/** As the pipeline does it. */
function padStream(bytes: Uint8Array, rule: PaddingScheme, maxBytes: number): Buffer {
  const padding = createStreamPadding(rule, maxBytes);
  const output = itemsOf(bytes).map((item) => {
    if (item.kind === "too_large") throw new Error("there is no limit here");
    return item.kind === "event" ? padding.event(item.raw) : padding.passing(item.raw);
  });
  return Buffer.concat(output);
}

function itemsOf(bytes: Uint8Array) {
  const parser = createSseParser(STREAM_LIMITS);
  return [...parser.push(bytes), ...parser.end()];
}

function eventsOf(bytes: Uint8Array): unknown[] {
  return itemsOf(bytes)
    .filter((item) => item.kind === "event")
    .map(({ data, type, id }) => ({
      data: data === null ? null : Buffer.from(data).toString(),
      type,
      id,
    }));
}

/** The parser under the SDK's transport: the SDK's dependency, none of ours. */
interface SdkParser {
  readonly createParser: (handlers: { onEvent(event: unknown): void }) => {
    feed(text: string): void;
  };
}

const fromHere = createRequire(import.meta.url);
const fromSdk = createRequire(fromHere.resolve("@modelcontextprotocol/sdk/client/index.js"));
const sdkParser: SdkParser = fromSdk("eventsource-parser");

function sdkEventsOf(bytes: Uint8Array): unknown[] {
  const events: unknown[] = [];
  const parser = sdkParser.createParser({ onEvent: (event) => events.push(event) });
  // The SDK decodes before it parses: a leading mark is gone by then.
  parser.feed(new TextDecoder().decode(bytes));
  // It holds a CR back until it knows what follows.
  parser.feed(": end\n");
  return events;
}

function ascending(sizes: readonly number[]): readonly [number, ...number[]] {
  const [first = 1, ...others] = sizes.toSorted((a, b) => a - b);
  return [first, ...others];
}
