import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { bodyReplies, encodeMetadata } from "../../../src/envoy/replies.ts";

const CHUNK_BYTES = 64 * 1024;
const METADATA = {
  decision_id: "d-1",
  allowed: false,
  method: "tools/call",
  tool: "shell",
  principal: "hmac:0",
  reasons: ["a", "b"],
};
const FIELDS = {
  decision_id: { stringValue: "d-1" },
  allowed: { boolValue: false },
  method: { stringValue: "tools/call" },
  tool: { stringValue: "shell" },
  principal: { stringValue: "hmac:0" },
  reasons: { listValue: { values: [{ stringValue: "a" }, { stringValue: "b" }] } },
};

describe("bodyReplies", () => {
  test.each([
    { title: "an empty body is one empty piece", bytes: 0, pieces: [0] },
    { title: "a short one is one piece", bytes: 5, pieces: [5] },
    { title: "a full chunk is one piece", bytes: CHUNK_BYTES, pieces: [CHUNK_BYTES] },
    { title: "a byte more is two", bytes: CHUNK_BYTES + 1, pieces: [CHUNK_BYTES, 1] },
    {
      title: "two full chunks are two",
      bytes: 2 * CHUNK_BYTES,
      pieces: [CHUNK_BYTES, CHUNK_BYTES],
    },
  ])("$title, and only the last ends the stream", ({ bytes, pieces }) => {
    const replies = bodyReplies("response", Buffer.alloc(bytes), true);
    expect(replies.map(({ body }) => body.length)).toEqual(pieces);
    const ends = replies.map(({ endOfStream }) => endOfStream);
    expect(ends).toEqual(pieces.map((_, index) => index === pieces.length - 1));
  });

  test("no piece ends the stream where something follows", () => {
    const replies = bodyReplies("request", Buffer.alloc(CHUNK_BYTES + 1), false);
    expect(replies.map(({ side }) => side)).toEqual(["request", "request"]);
    expect(replies.map(({ endOfStream }) => endOfStream)).toEqual([false, false]);
  });

  test("the pieces together are the body", () => {
    const seed = Buffer.alloc(300_000, "0123456789abcdefghijklmnopqrstuvwxyz-");
    fc.assert(
      fc.property(fc.nat({ max: seed.length }), (length) => {
        const body = seed.subarray(0, length);
        const pieces = bodyReplies("request", body, true).map((piece) => piece.body);
        expect(Buffer.concat(pieces).equals(body)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

test("encodeMetadata says what was decided, in the namespace that the filter lists", () => {
  expect(encodeMetadata(METADATA)).toEqual({
    fields: { impedance: { structValue: { fields: FIELDS } } },
  });
});

test("encodeMetadata leaves out what a message does not have", () => {
  const { method: _, tool: __, ...rest } = FIELDS;
  expect(encodeMetadata({ ...METADATA, method: null, tool: null })).toEqual({
    fields: { impedance: { structValue: { fields: rest } } },
  });
});
