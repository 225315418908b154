import { describe, expect, test } from "vitest";

import { encodeTextHeader } from "../../../src/envoy/headers.ts";
import { decodeRequest } from "../../../src/envoy/process-codec.ts";
import { encodeReplies } from "../../../src/envoy/response-encoder.ts";
import { loadProcess } from "../../support/external-processor.ts";
import { pieceOf } from "../../support/framed.ts";
import type { WireRequest, WireResponse } from "../../support/processing-requests.ts";

const OVERWRITE = 2;
const FRAME_HEAD_BYTES = 5;
const Process = loadProcess();
const raw = (key: string, value: string) => ({ key, raw_value: Buffer.from(value) });

type Map = NonNullable<NonNullable<WireRequest["request_headers"]>["headers"]>;

function received(headers: Map | undefined) {
  const request = { request_headers: headers === undefined ? {} : { headers } };
  return decodeRequest(pieceOf(Process.requestSerialize(request))).request_headers?.headers;
}

describe("headers are read:", () => {
  test.each([
    { title: "none at all", map: undefined, headers: [] },
    { title: "an empty map", map: {}, headers: [] },
    {
      title: "raw bytes as UTF-8",
      map: { headers: [raw("a", "1"), raw("b", "é")] },
      headers: [
        ["a", "1"],
        ["b", "é"],
      ],
    },
    { title: "text", map: { headers: [{ key: "a", value: "1" }] }, headers: [["a", "1"]] },
    {
      title: "raw bytes before text",
      map: { headers: [{ ...raw("a", "raw"), value: "text" }] },
      headers: [["a", "raw"]],
    },
    { title: "a header without a value", map: { headers: [{ key: "a" }] }, headers: [["a", ""]] },
    {
      title: "a name that came twice, joined in order",
      map: { headers: [raw("a", "1"), raw("b", "x"), raw("a", "2")] },
      headers: [
        ["a", "1, 2"],
        ["b", "x"],
      ],
    },
    {
      title: "names that come with each message, and such as begin or end like them",
      map: { headers: [raw("accept", "1"), raw("accepd", "2"), raw("bccept", "3"), raw("é", "4")] },
      headers: [
        ["accept", "1"],
        ["accepd", "2"],
        ["bccept", "3"],
        ["é", "4"],
      ],
    },
  ])("$title", ({ map, headers }) => {
    expect([...(received(map) ?? [])]).toEqual(headers);
  });

  test("a name is a name, whatever it is", () => {
    const headers = received({ headers: [raw("__proto__", "1"), raw("constructor", "2")] });
    expect(headers?.get("__proto__")).toBe("1");
    expect(headers?.get("toString")).toBeUndefined();
  });
});

describe("headers that are changed", () => {
  test("are overwritten, in raw bytes, or removed by name", () => {
    expect(mutationOf([["a", "é"]], ["b"])).toMatchObject({
      set_headers: [
        { header: { key: "a", raw_value: Buffer.from("é") }, append_action: OVERWRITE },
      ],
      remove_headers: ["b"],
    });
  });

  test.each([
    { title: "a line break", value: "a\r\nset-cookie: b", written: "a  set-cookie: b" },
    { title: "a NUL", value: "a\0b", written: "a b" },
    { title: "a tab and DEL", value: "a\tb\u007f", written: "a b " },
    { title: "a line break beside others than ASCII", value: "é\nb", written: "é b" },
    {
      title: "a line break in a long value",
      value: `${"x".repeat(300)}\nb`,
      written: `${"x".repeat(300)} b`,
    },
  ])("let no header end early by $title", ({ value, written }) => {
    expect(mutationOf([["a", value]])?.set_headers).toMatchObject([
      { header: { key: "a", raw_value: Buffer.from(written) }, append_action: OVERWRITE },
    ]);
    expect(encodeTextHeader(["a", value])).toEqual({
      header: { key: "a", value: written },
      append_action: OVERWRITE,
    });
  });

  test("are cut where Envoy would refuse them for their length", () => {
    const [first] = mutationOf([["a", "x".repeat(20_000)]])?.set_headers ?? [];
    expect(first?.header).toMatchObject({ raw_value: Buffer.from("x".repeat(16_384)) });
    expect(encodeTextHeader(["a", "é".repeat(20_000)]).header).toEqual({
      key: "a",
      value: "é".repeat(4_096),
    });
  });
});

test("of trailers the names are read", () => {
  const trailers = { headers: [raw("a", "1"), { value: "nameless" }, raw("b", "")] };
  const written = Process.requestSerialize({ response_trailers: { trailers } });
  expect(decodeRequest(pieceOf(written)).response_trailers).toEqual(["a", "b"]);
  expect(decodeRequest(pieceOf(Buffer.from([50, 0]))).request_trailers).toEqual([]);
});

function mutationOf(set: readonly (readonly [string, string])[], remove: readonly string[] = []) {
  const headers = { set, remove };
  const reply = { kind: "headers", side: "request", headers, contentLength: null } as const;
  const bytes = encodeReplies([{ ...reply, metadata: null }]).subarray(FRAME_HEAD_BYTES);
  const response: WireResponse = Process.responseDeserialize(bytes);
  return response.request_headers?.response.header_mutation;
}
