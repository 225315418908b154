import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { byteText } from "../../../src/mcp/json/byte-text.ts";
import { knownName } from "../../../src/mcp/json/known-names.ts";

const named = (text: string) => knownName(byteText(Buffer.from(text)), 0, Buffer.byteLength(text));

test.each(["id", "jsonrpc", "params", "structuredContent", "_meta", "mimeType"])(
  "%s is known",
  (name) => {
    expect(named(name)).toBe(name);
  },
);

test.each(["", "i", "iid", "Id", "jsonRpc", "parbms", "metadata", "método"])(
  "%j is another name",
  (name) => {
    expect(named(name)).toBeUndefined();
  },
);

test("a name that is longer by all that a number holds is another one", () => {
  expect(named(`id${"-".repeat(2 ** 16 - 1)}d`)).toBeUndefined();
  expect(named(`id${"d".repeat(2 ** 16)}`)).toBeUndefined();
});

test("names that are alike in length and both ends would hide each other: none are", () => {
  const names = ["error", "code", "type", "text", "title", "tools", "name", "data", "query", "uri"];
  expect(names.map(named)).toEqual(names);
});
