import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Firewall } from "../../../src/core/exchange.ts";
import { createSseParser } from "../../../src/mcp/sse.ts";
import { answerHead, createDataPath, sent } from "../../golden/data-path.ts";
import { cutAt } from "../../support/cut-at.ts";
import { SECRET, toolCall } from "../../support/messages.ts";
import { STREAM_CASES, STREAM_EVENT_MAX_BYTES } from "../../support/streams.ts";

/** Decisions have one id for all, so that outputs can be compared byte for byte. */
const path = await createDataPath({
  annotate: true,
  limits: { sseEventMaxBytes: STREAM_EVENT_MAX_BYTES },
  dependencies: (real) => ({
    ...real,
    identifiers: { decisionId: () => "decision" },
    audit: { record: () => true, omit: () => true },
  }),
});

interface Outcome {
  readonly text: string;
  /** The stream was ended behind the text. */
  readonly ended: boolean;
}

/** All that comes out when the chunks of an answer to call 7 go in, the last one with the end. */
async function outcome(chunks: readonly Uint8Array[]): Promise<Outcome> {
  const exchange = await opened(path.firewall);
  const output: Uint8Array[] = [];
  try {
    for (const [index, chunk] of chunks.entries()) {
      const { bytes, end } = await exchange.streamChunk(chunk, index === chunks.length - 1);
      output.push(bytes);
      if (end) return { text: textOf(output), ended: true };
    }
    return { text: textOf(output), ended: false };
  } finally {
    exchange.close();
  }
}

async function opened(firewall: Firewall) {
  const exchange = await sent({ ...path, firewall }, toolCall(7));
  const verdict = exchange.responseHead(answerHead(200, { "content-type": "text/event-stream" }));
  expect(verdict.kind).toBe("stream");
  return exchange;
}

function textOf(output: readonly Uint8Array[]): string {
  return Buffer.concat(output).toString("utf8");
}

/** The end of a stream may come with its last chunk, or behind it. */
const NOTHING = new Uint8Array(0);

describe.each(STREAM_CASES)("a stream with $title", ({ bytes }) => {
  test("gives the same bytes wherever it is cut", async () => {
    const whole = await outcome([bytes]);
    expect(whole.text).not.toContain(SECRET);
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await outcome(cutAt(bytes, [at]))).toEqual(whole);
    }
  });

  test("gives the same bytes however often it is cut", async () => {
    const whole = await outcome([bytes]);
    const places = fc.uniqueArray(fc.nat({ max: bytes.length }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(places, async (cuts) => {
        expect(await outcome(cutAt(bytes, cuts))).toEqual(whole);
      }),
      { numRuns: 25 },
    );
  });

  test("gives the same bytes when they come one by one, and the end by itself", async () => {
    const whole = await outcome([bytes]);
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(await outcome([...single, NOTHING])).toEqual(whole);
  });

  test("answers whoever waits, and once", async () => {
    const { text } = await outcome([bytes]);
    const parser = createSseParser({ sseEventMaxBytes: 1_000_000 });
    const events = parser.push(Buffer.from(text)).filter((item) => item.kind === "event");
    const messages = events.flatMap(({ data }) =>
      data === null || data.length === 0 ? [] : [JSON.parse(Buffer.from(data).toString("utf8"))],
    );
    const answers = messages.filter(({ id, method }) => id === 7 && method === undefined);
    // Whoever can ask for the rest of a stream does not need an error.
    const canResume = answers.length === 0 && events.some(({ id }) => id === "e-1");
    expect(answers.length + (canResume ? 1 : 0)).toBe(1);
  });
});
