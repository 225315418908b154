import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HeaderMutation } from "../../../src/core/exchange.ts";
import { FrameReader } from "../../../src/envoy/grpc-frames.ts";
import { decodeRequest } from "../../../src/envoy/process-codec.ts";
import type { Attributes, ProcessingRequest, Struct } from "../../../src/envoy/protocol.ts";
import { encodeMetadata, type Reply } from "../../../src/envoy/replies.ts";
import { encodeReplies } from "../../../src/envoy/response-encoder.ts";
import { loadProcess } from "../../support/external-processor.ts";
import { pieceOf, unframed } from "../../support/framed.ts";
import type { WireRequest } from "../../support/processing-requests.ts";

/** The descriptors of the `.proto` files have the last word. */
const Process = loadProcess();

const decode = (bytes: Buffer): ProcessingRequest => decodeRequest(pieceOf(bytes));

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const JWT = "envoy.filters.http.jwt_authn";
const FILTER = "envoy.filters.http.ext_proc";
const ATTRIBUTES = {
  route: "xds.route_name",
  address: "source.address",
  requestId: "request.id",
  isMutual: "connection.mtls",
  uri: "connection.uri_san_peer_certificate",
  dns: "connection.dns_san_peer_certificate",
  subject: "connection.subject_peer_certificate",
  fingerprint: "connection.sha256_peer_certificate_digest",
} as const;
const name = fc.oneof(
  text,
  fc.constantFrom("__proto__", "constructor", JWT, FILTER, ...Object.values(ATTRIBUTES)),
);
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
const headerName = fc.oneof(text, fc.constantFrom("accept", ":path", "x-request-id"));
const headerMap = some({
  headers: fc.array(some({ key: headerName, value: text, raw_value: bytes }), { maxLength: 6 }),
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

const side = fc.constantFrom("request" as const, "response" as const);
/** A lone surrogate too, and what is longer than most. */
const anyText = fc.oneof(
  text,
  fc.string({ unit: "binary" }),
  fc.constantFrom("\ud800", "x".repeat(128), "y".repeat(129), "é".repeat(9_000)),
);
const set = fc.array(fc.tuple(text, anyText), { maxLength: 4 });
const remove = fc.array(text, { maxLength: 3 });
const metadata = fc.record({
  ...{ decision_id: text, allowed: fc.boolean(), principal: text },
  ...{ method: fc.option(anyText), tool: fc.option(anyText) },
  reasons: fc.array(text, { maxLength: 3 }),
});
const body = fc.oneof(bytes, fc.constantFrom(Buffer.alloc(200, 1)));
const reply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({
    ...{ kind: fc.constant("headers" as const), side, headers: fc.record({ set, remove }) },
    ...{ contentLength: fc.option(fc.nat()), metadata: fc.option(metadata) },
  }),
  fc.record({ kind: fc.constant("body" as const), side, body, endOfStream: fc.boolean() }),
  fc.record({ kind: fc.constant("trailers" as const), side, names: remove }),
  fc.record({
    kind: fc.constant("immediate" as const),
    denial: fc.record({ status: fc.nat({ max: 599 }), headers: set, body, metadata }),
  }),
);

describe("a request", () => {
  test("is read as the descriptors read it", () => {
    fc.assert(
      fc.property(request, (message) => {
        const written = Process.requestSerialize(message);
        expect(plain(decode(written))).toEqual(plain(asRead(Process.requestDeserialize(written))));
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
    const metadataOf = (filter: string): Buffer => {
      const named = Buffer.concat([field(1, Buffer.from(filter)), field(2, field(1, entry))]);
      return field(8, field(1, named));
    };
    expect(() => decode(metadataOf(JWT))).toThrow(RangeError);
    // Of whom nobody reads anything.
    expect(decode(metadataOf("x")).verified).toBeNull();
  });

  test.each([
    { title: "a message longer than the one around it", bytes: [0x12, 0x02, 0x0a, 0x05] },
    { title: "a text longer than its message", bytes: [0x22, 0x03, 0x0a, 0x7f, 0x61] },
    { title: "a number without an end", bytes: [0x50, 0x80] },
    { title: "a length without an end", bytes: [0x22, 0x80] },
    { title: "a length of more than 32 bits", bytes: [0x22, 0x80, 0x80, 0x80, 0x80, 0x10] },
    { title: "a tag of more than 32 bits", bytes: [0xa2, 0x80, 0x80, 0x80, 0x10, 0x00] },
    { title: "an end that is true beyond 32 bits", bytes: [0x22, 6, 16, 128, 128, 128, 128, 16] },
    { title: "an unknown number without an end", bytes: [0x78, ...Array(10).fill(0x80), 0x00] },
    { title: "a field without a number", bytes: [0x02, 0x00] },
    { title: "a group", bytes: [0x7b, 0x7c] },
    { title: "two bodies", bytes: [0x22, 0x03, 0x0a, 0x01, 0x61, 0x22, 0x00] },
    { title: "a head and a body", bytes: [0x12, 0x00, 0x22, 0x03, 0x0a, 0x01, 0x61] },
    { title: "a body and trailers", bytes: [0x3a, 0x00, 0x2a, 0x00] },
  ])("with $title is refused", ({ bytes: message }) => {
    expect(() => decode(Buffer.from(message))).toThrow();
  });

  test("is read whatever the order of a map's entry, and without its value", () => {
    const route = field(3, Buffer.from("files"));
    const backwards = Buffer.concat([field(2, route), field(1, Buffer.from("xds.route_name"))]);
    const nothing = field(1, Buffer.from("request.id"));
    const struct = Buffer.concat([field(1, backwards), field(1, nothing)]);
    const entry = Buffer.concat([field(2, struct), field(1, Buffer.from(FILTER))]);
    const { attributes } = decode(field(9, entry));
    expect(attributes).toMatchObject({ route: "files", requestId: null });
  });

  test("may have an unknown number of 64 bits, and a head whose map comes in parts", () => {
    const unknown = Buffer.from([0x78, ...Array(9).fill(0xff), 0x01]);
    const header = (name: string, value: Buffer): Buffer =>
      field(1, Buffer.concat([field(1, Buffer.from(name)), value]));
    const raw = field(3, Buffer.from("raw"));
    const value = field(2, Buffer.from("value"));
    const maps = [
      field(1, header("a", raw)),
      unknown,
      field(1, header("a", value)),
      // No bytes are none: an empty one of the two hides nothing of the other.
      field(1, header("b", Buffer.concat([value, field(3, Buffer.alloc(0))]))),
    ];
    const { request_headers } = decode(Buffer.concat([unknown, field(2, Buffer.concat(maps))]));
    expect(plain(request_headers?.headers)).toEqual([
      ["a", "raw, value"],
      ["b", "value"],
    ]);
  });

  test("gives a body that holds nothing of the read that it came with", () => {
    const read = Process.requestSerialize({ request_body: { body: Buffer.from("abc") } });
    const { request_body } = decode(read);
    read.fill(0);
    expect(request_body?.body).toEqual(Buffer.from("abc"));
  });
});

describe("replies", () => {
  test("are what the descriptors write, behind one another, each in its frame", () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 4 }), (replies) => {
        const frames = unframed(new FrameReader(1_000_000), encodeReplies(replies));
        const written = typeof frames === "number" ? [] : frames;
        const expected = replies.map((one) => Process.responseSerialize(asSaid(one)));
        expect(written.map((bytes) => plain(Process.responseDeserialize(bytes)))).toEqual(
          expected.map((bytes) => plain(Process.responseDeserialize(bytes))),
        );
      }),
      { numRuns: 500 },
    );
  });

  const bodyOf = (value: string): Reply => ({
    ...{ kind: "body", side: "request", body: Buffer.from(value), endOfStream: true },
  });

  test("may be as long as they like", () => {
    const values = ["a", "b".repeat(15_000), "c".repeat(20_000), "d", "e".repeat(200_000), "f"];
    const written = unframed(new FrameReader(1_000_000), encodeReplies(values.map(bodyOf)));
    const read = typeof written === "number" ? [] : written;
    const expected = values.map((value) => Process.responseSerialize(asSaid(bodyOf(value))));
    expect(Buffer.compare(Buffer.concat(read), Buffer.concat(expected))).toBe(0);
    expect(read).toHaveLength(values.length);
  });

  test("hold nothing of each other", () => {
    const first = encodeReplies([bodyOf("x")]);
    const copy = Buffer.from(first);
    encodeReplies([bodyOf("y")]);
    expect(first).toEqual(copy);
  });
});

/** What is read of a request, by what the descriptors say of it. */
function asRead(request: WireRequest): ProcessingRequest {
  const { request_headers, response_headers, request_body, response_body } = request;
  const { request_trailers, response_trailers, protocol_config } = request;
  const headers = (sent: WireRequest["request_headers"]) =>
    sent ? { headers: mapOf(sent.headers), end_of_stream: sent.end_of_stream ?? false } : null;
  const body = (sent: WireRequest["request_body"]) =>
    sent
      ? { body: sent.body ?? new Uint8Array(0), end_of_stream: sent.end_of_stream ?? false }
      : null;
  const trailers = (sent: WireRequest["request_trailers"]) =>
    sent ? namesOf(sent.trailers) : null;
  return {
    request_headers: headers(request_headers),
    response_headers: headers(response_headers),
    request_body: body(request_body),
    response_body: body(response_body),
    request_trailers: trailers(request_trailers),
    response_trailers: trailers(response_trailers),
    attributes: attributesOf(own(request.attributes, FILTER)),
    verified: own(request.metadata_context?.filter_metadata, JWT),
    observability_mode: request.observability_mode ?? false,
    request_body_mode: protocol_config?.request_body_mode ?? 0,
    response_body_mode: protocol_config?.response_body_mode ?? 0,
  };
}

function mapOf(map: HeaderMap): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const { key = "", value = "", raw_value } of map?.headers ?? []) {
    const sent = raw_value?.toString() || value;
    const before = headers.get(key);
    headers.set(key, before === undefined ? sent : `${before}, ${sent}`);
  }
  return headers;
}

function namesOf(map: HeaderMap): readonly string[] {
  return [...mapOf(map).keys()].filter((name) => name !== "");
}

type HeaderMap = NonNullable<WireRequest["request_headers"]>["headers"];

function attributesOf(struct: Struct | null): Attributes | null {
  if (struct === null) return null;
  const textOf = (field: string) => own(struct.fields, field)?.stringValue || null;
  const { isMutual, ...texts } = ATTRIBUTES;
  const told = Object.entries(texts).map(([read, field]) => [read, textOf(field)]);
  const bool = own(struct.fields, isMutual)?.boolValue ?? null;
  return { ...Object.fromEntries(told), isMutual: bool };
}

function own<T>(map: { readonly [name: string]: T } | undefined, name: string): T | null {
  return map !== undefined && Object.hasOwn(map, name) ? (map[name] ?? null) : null;
}

/** A reply in the words of `proto/`. */
function asSaid(reply: Reply): object {
  switch (reply.kind) {
    case "headers": {
      const { headers, contentLength, metadata: told } = reply;
      const length =
        contentLength === null ? [] : [["content-length", `${contentLength}`] as const];
      const header_mutation = mutationOf([...headers.set, ...length], headers.remove);
      return {
        [`${reply.side}_headers`]: { response: { header_mutation } },
        ...(told && { dynamic_metadata: encodeMetadata(told) }),
      };
    }
    case "body": {
      const streamed_response = { body: reply.body, end_of_stream: reply.endOfStream };
      return { [`${reply.side}_body`]: { response: { body_mutation: { streamed_response } } } };
    }
    case "trailers":
      return { [`${reply.side}_trailers`]: { header_mutation: mutationOf([], reply.names) } };
    default: {
      const { status, headers, body, metadata } = reply.denial;
      return {
        immediate_response: {
          ...{ status: { code: status }, headers: mutationOf(headers, []) },
          ...{ body, details: "impedance_denied" },
        },
        dynamic_metadata: encodeMetadata(metadata),
      };
    }
  }
}

function mutationOf(set: HeaderMutation["set"], remove_headers: readonly string[]) {
  const set_headers = set.map(([key, value]) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the header
    const raw_value = Buffer.from(value.replace(/[\u0000-\u001f\u007f]/g, " ")).subarray(0, 16_384);
    return { header: { key, raw_value }, append_action: 2 };
  });
  return { set_headers, remove_headers };
}

/** A length-delimited field. */
function field(number: number, content: Buffer): Buffer {
  const head = [(number << 3) | 2];
  let left = content.length;
  for (; left > 127; left >>>= 7) head.push((left & 127) | 128);
  return Buffer.concat([Buffer.from([...head, left]), content]);
}

function settles(message: Buffer): void {
  try {
    expect(decode(message)).toBeTypeOf("object");
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}

/** As lists, so that a member that is called `__proto__` is compared as well. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (value instanceof Map) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, plain(member)] as const);
  return members.toSorted(([one], [other]) => (one < other ? -1 : 1));
}
