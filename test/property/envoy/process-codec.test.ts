import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createProcessCodec, decodeRequest } from "../../../src/envoy/process-codec.ts";
import type { ProcessingResponse } from "../../../src/envoy/protocol.ts";
import { encodeResponse } from "../../../src/envoy/response-encoder.ts";
import { loadProcess } from "../../support/external-processor.ts";

/** The descriptors of the `.proto` files have the last word. */
const Process = loadProcess();

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const name = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "xds.route_name"));
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
/** Of each field any, or none. */
const some = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] });

const { value: structValue } = fc.letrec<{ value: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ numberValue: fc.double({ noNaN: true }) }),
    fc.record({ listValue: some({ values: fc.array(tie("value"), { maxLength: 3 }) }) }),
    fc.record({ structValue: some({ fields: fc.dictionary(name, tie("value"), { maxKeys: 3 }) }) }),
  ),
}));
const struct = some({ fields: fc.dictionary(name, structValue, { maxKeys: 4 }) });
const headerMap = some({
  headers: fc.array(some({ key: text, value: text, raw_value: bytes }), { maxLength: 6 }),
});
const httpHeaders = some({ headers: headerMap, end_of_stream: fc.boolean() });
const httpBody = some({ body: bytes, end_of_stream: fc.boolean() });
const trailers = some({ trailers: headerMap });
const about = {
  metadata_context: some({ filter_metadata: fc.dictionary(name, struct, { maxKeys: 3 }) }),
  attributes: fc.dictionary(name, struct, { maxKeys: 3 }),
  observability_mode: fc.boolean(),
  protocol_config: some({ request_body_mode: fc.nat({ max: 5 }), response_body_mode: fc.nat() }),
};
const request = fc.oneof(
  some({ request_headers: httpHeaders, ...about }),
  some({ response_headers: httpHeaders, ...about }),
  some({ request_body: httpBody, ...about }),
  some({ response_body: httpBody, ...about }),
  some({ request_trailers: trailers, ...about }),
  some({ response_trailers: trailers, ...about }),
);

const mutation = fc.record({
  set_headers: fc.array(
    fc.record({
      header: fc.oneof(
        fc.record({ key: text, raw_value: bytes }),
        fc.record({ key: text, value: text }),
      ),
      append_action: fc.constantFrom(0, 2),
    }),
    { maxLength: 4 },
  ),
  remove_headers: fc.array(text, { maxLength: 3 }),
});
const headersReply = fc.record({ response: some({ header_mutation: mutation }) });
const bodyReply = fc
  .record({ body: bytes, end_of_stream: fc.boolean() })
  .map((streamed_response) => ({ response: { body_mutation: { streamed_response } } }));
const trailersReply = fc.record({ header_mutation: mutation });
const immediate = fc.record({
  ...{ status: fc.record({ code: fc.nat({ max: 599 }) }), headers: mutation },
  ...{ body: bytes, details: text },
});
const metadata = some({ dynamic_metadata: struct });
const reply = fc
  .tuple(
    fc.oneof(
      fc.record({ request_headers: headersReply }),
      fc.record({ response_headers: headersReply }),
      fc.record({ request_body: bodyReply }),
      fc.record({ response_body: bodyReply }),
      fc.record({ request_trailers: trailersReply }),
      fc.record({ response_trailers: trailersReply }),
      fc.record({ immediate_response: immediate }),
    ),
    metadata,
  )
  .map(([kind, more]) => ({ ...kind, ...more }) as ProcessingResponse);

describe("a request", () => {
  test("is read as the descriptors read it", () => {
    fc.assert(
      fc.property(request, (message) => {
        const written = Process.requestSerialize(message);
        expect(plain(decodeRequest(written))).toEqual(plain(Process.requestDeserialize(written)));
      }),
      { numRuns: 500 },
    );
  });

  test("that is anything is read, or refused, and nothing else happens", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (message) => {
        settles(Buffer.from(message));
      }),
      { numRuns: 1_000 },
    );
  });

  test("that was tampered with is read, or refused, and nothing else happens", () => {
    fc.assert(
      fc.property(request, fc.nat(), fc.nat({ max: 255 }), (message, place, byte) => {
        const written = Process.requestSerialize(message);
        if (written.length > 0) written[place % written.length] = byte;
        settles(written);
      }),
      { numRuns: 1_000 },
    );
  });

  test("whose values are nested a thousand deep is refused", () => {
    // google/protobuf/struct.proto: a text in a list in a list.
    let value = field(3, Buffer.from("x"));
    for (let depth = 0; depth < 1_000; depth += 1) value = field(6, field(1, value));
    const entry = Buffer.concat([field(1, Buffer.from("x")), field(2, value)]);
    const attribute = Buffer.concat([field(1, Buffer.from("x")), field(2, field(1, entry))]);
    expect(() => decodeRequest(field(9, attribute))).toThrow(RangeError);
  });

  test.each([
    { title: "a message longer than the one around it", bytes: [0x12, 0x02, 0x0a, 0x05] },
    { title: "a text longer than its message", bytes: [0x22, 0x03, 0x0a, 0x7f, 0x61] },
    { title: "a number without an end", bytes: [0x50, 0x80] },
    { title: "a length without an end", bytes: [0x22, 0x80] },
  ])("with $title is refused", ({ bytes: message }) => {
    expect(() => decodeRequest(Buffer.from(message))).toThrow();
  });

  test("gives a body that holds nothing of the read that it came with", () => {
    const read = Process.requestSerialize({ request_body: { body: Buffer.from("abc") } });
    const { request_body } = decodeRequest(read);
    read.fill(0);
    expect(request_body?.body).toEqual(Buffer.from("abc"));
  });
});

describe("replies", () => {
  test("are what the descriptors write", () => {
    fc.assert(
      fc.property(reply, (message) => {
        const written = Buffer.from(encodeResponse(message));
        const expected = Process.responseDeserialize(Process.responseSerialize(message));
        expect(plain(Process.responseDeserialize(written))).toEqual(plain(expected));
      }),
      { numRuns: 500 },
    );
  });

  test("stand behind one another, each in its frame", () => {
    const end: ProcessingResponse = {
      request_body: {
        response: {
          body_mutation: { streamed_response: { body: Buffer.from("x"), end_of_stream: true } },
        },
      },
    };
    const bytesOfOne = encodeResponse(end).length;
    const written = createProcessCodec(1_000).encode([end, end]);
    expect(written.length).toBe(2 * (5 + bytesOfOne));
    expect(written.readUInt32BE(1)).toBe(bytesOfOne);
  });
});

/** A length-delimited field. */
function field(number: number, content: Buffer): Buffer {
  const head = [(number << 3) | 2];
  let left = content.length;
  for (; left > 127; left >>>= 7) head.push((left & 127) | 128);
  return Buffer.concat([Buffer.from([...head, left]), content]);
}

function settles(message: Buffer): void {
  try {
    expect(decodeRequest(message)).toBeTypeOf("object");
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}

/** With raw values as text, and without maps that are empty and fields that hold their default. */
function plain(value: unknown, key = ""): unknown {
  if (Buffer.isBuffer(value)) return key === "raw_value" ? value.toString("utf8") : [...value];
  if (Array.isArray(value)) return value.map((one) => plain(one));
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([name, member]) => [name, plain(member, name)]);
}
