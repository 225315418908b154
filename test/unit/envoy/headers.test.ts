import { describe, expect, test } from "vitest";

import {
  decodeHeaders,
  encodeMutation,
  encodeTextHeader,
  trailerNames,
} from "../../../src/envoy/headers.ts";

const OVERWRITE = 2;
const raw = (key: string, raw_value: string) => ({ key, raw_value });

describe("decodeHeaders", () => {
  test.each([
    { title: "no headers at all", map: undefined, headers: [] },
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
      map: { headers: [{ key: "a", value: "text", raw_value: "raw" }] },
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
  ])("reads $title", ({ map, headers }) => {
    expect([...decodeHeaders(map)]).toEqual(headers);
  });

  test("takes a name for a name, whatever it is", () => {
    const headers = decodeHeaders({ headers: [raw("__proto__", "1"), raw("constructor", "2")] });
    expect(headers.get("__proto__")).toBe("1");
    expect(headers.get("toString")).toBeUndefined();
  });
});

describe("encodeMutation", () => {
  test("overwrites what it sets, in raw bytes, and removes by name", () => {
    expect(encodeMutation({ set: [["a", "é"]], remove: ["b"] })).toEqual({
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
  ])("lets no header end early by $title", ({ value, written }) => {
    const { set_headers } = encodeMutation({ set: [["a", value]], remove: [] });
    expect(set_headers).toEqual([
      { header: { key: "a", raw_value: Buffer.from(written) }, append_action: OVERWRITE },
    ]);
    expect(encodeTextHeader(["a", value])).toEqual({
      header: { key: "a", value: written },
      append_action: OVERWRITE,
    });
  });

  test("cuts what Envoy would refuse for its length", () => {
    const { set_headers } = encodeMutation({ set: [["a", "x".repeat(20_000)]], remove: [] });
    const [first] = set_headers;
    expect(first?.header).toMatchObject({ raw_value: Buffer.from("x".repeat(16_384)) });
    expect(encodeTextHeader(["a", "é".repeat(20_000)]).header).toEqual({
      key: "a",
      value: "é".repeat(4_096),
    });
  });
});

test("trailerNames names each trailer", () => {
  expect(trailerNames(undefined)).toEqual([]);
  expect(trailerNames({ headers: [raw("a", "1"), { value: "nameless" }, raw("b", "")] })).toEqual([
    "a",
    "b",
  ]);
});
