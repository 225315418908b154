import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  bodyReplies,
  encodeMetadata,
  headersReply,
  immediateReply,
  type Side,
  trailersReply,
} from "../../../src/envoy/replies.ts";

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

/** The pieces of a body, as Envoy gets them. */
function piecesOf(side: Side, body: Uint8Array, endOfStream: boolean) {
  return [...bodyReplies(side, body, endOfStream)].map((reply) => {
    const piece = side === "request" ? reply.request_body : reply.response_body;
    if (piece === undefined) throw new Error("a reply of the other side");
    return piece.response.body_mutation.streamed_response;
  });
}

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
    const replies = piecesOf("response", Buffer.alloc(bytes), true);
    expect(replies.map(({ body }) => body.length)).toEqual(pieces);
    const ends = replies.map(({ end_of_stream }) => end_of_stream);
    expect(ends).toEqual(pieces.map((_, index) => index === pieces.length - 1));
  });

  test("no piece ends the stream where something follows", () => {
    const replies = piecesOf("request", Buffer.alloc(CHUNK_BYTES + 1), false);
    expect(replies.map(({ end_of_stream }) => end_of_stream)).toEqual([false, false]);
  });

  test("the pieces together are the body", () => {
    const seed = Buffer.alloc(300_000, "0123456789abcdefghijklmnopqrstuvwxyz-");
    fc.assert(
      fc.property(fc.nat({ max: seed.length }), (length) => {
        const body = seed.subarray(0, length);
        const pieces = piecesOf("request", body, true).map((piece) => piece.body);
        expect(Buffer.concat(pieces).equals(body)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe("headersReply", () => {
  const headers = { set: [["a", "1"]], remove: ["b"] } as const;
  const mutation = {
    set_headers: [{ header: { key: "a", raw_value: Buffer.from("1") }, append_action: 2 }],
    remove_headers: ["b"],
  };

  test("answers the side it is for, with metadata where there is any", () => {
    expect(headersReply("request", headers, METADATA)).toEqual({
      request_headers: { response: { header_mutation: mutation } },
      dynamic_metadata: { fields: { impedance: { structValue: { fields: FIELDS } } } },
    });
    expect(headersReply("response", headers, null)).toEqual({
      response_headers: { response: { header_mutation: mutation } },
    });
  });
});

test("trailersReply takes every trailer away", () => {
  const header_mutation = { set_headers: [], remove_headers: ["a", "b"] };
  expect(trailersReply("request", ["a", "b"])).toEqual({ request_trailers: { header_mutation } });
  expect(trailersReply("response", ["a", "b"])).toEqual({ response_trailers: { header_mutation } });
});

test("immediateReply is the whole answer, and says to the proxy's log what it is", () => {
  const body = Buffer.from("{}");
  const headers = [["content-type", "application/json"]] as const;
  const reply = immediateReply({ status: 403, headers, body, metadata: METADATA });
  expect(reply).toEqual({
    immediate_response: {
      status: { code: 403 },
      headers: {
        set_headers: [
          {
            header: { key: "content-type", raw_value: Buffer.from("application/json") },
            append_action: 2,
          },
        ],
        remove_headers: [],
      },
      body,
      details: "impedance_denied",
    },
    dynamic_metadata: { fields: { impedance: { structValue: { fields: FIELDS } } } },
  });
});

test("encodeMetadata leaves out what a message does not have", () => {
  const { method: _, tool: __, ...rest } = FIELDS;
  expect(encodeMetadata({ ...METADATA, method: null, tool: null })).toEqual({
    fields: { impedance: { structValue: { fields: rest } } },
  });
});
