import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import {
  decodeMirrored,
  encodeMirrored,
  mirrorHeaders,
  unmirroredNames,
} from "../../../src/mcp/message/header-mirror.ts";
import { readMessages } from "../../../src/mcp/message/read.ts";

const LIMITS = { jsonMaxDepth: 64, jsonMaxNodes: 10_000, stringMaxLength: 10_000 };
const VERSION = { "mcp-protocol-version": "2026-07-28" };
const META = { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } };

type HeaderRecord = { readonly [name: string]: string };

function read(method: string, params: object, headers: HeaderRecord | null, id?: number) {
  const text = JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, ...META } });
  const document = parseJson(Buffer.from(text), LIMITS);
  if (!document.ok) throw new Error(document.error.code);
  return readMessages(document.value, {
    direction: "request",
    headerRevision: headers?.["mcp-protocol-version"] ?? null,
    headers: headers === null ? null : new Map(Object.entries(headers)),
    requestOf: () => undefined,
  });
}

describe("a request of 2026-07-28 is read", () => {
  test.each([
    { title: "a tool", method: "tools/call", params: { name: "echo" }, name: "echo" },
    {
      title: "a tool in base64",
      method: "tools/call",
      params: { name: "é" },
      name: "=?base64?w6k=?=",
    },
    { title: "a prompt", method: "prompts/get", params: { name: "p" }, name: " p\t" },
    { title: "a resource", method: "resources/read", params: { uri: "a:b" }, name: "a:b" },
    { title: "a task", method: "tasks/cancel", params: { taskId: "t1" }, name: "t1" },
  ])("when its headers name $title as the body does", ({ method, params, name }) => {
    const headers = { ...VERSION, "mcp-method": method, "mcp-name": name };
    expect(read(method, params, headers, 1)).toMatchObject({ ok: true });
  });

  test("without a name where the method has none, and whatever the name says there", () => {
    const headers = { ...VERSION, "mcp-method": "tools/list" };
    expect(read("tools/list", {}, headers, 1)).toMatchObject({ ok: true });
    expect(read("tools/list", {}, { ...headers, "mcp-name": "x" }, 1)).toMatchObject({ ok: true });
  });

  test("with headers that nobody compares", () => {
    expect(read("tools/call", { name: "edited" }, null, 1)).toMatchObject({ ok: true });
  });
});

describe("a request of 2026-07-28 is refused with -32020", () => {
  const agreeing = { ...VERSION, "mcp-method": "tools/call", "mcp-name": "echo" };
  const { "mcp-name": _name, ...nameless } = agreeing;
  const { "mcp-method": _method, ...methodless } = agreeing;
  const { "mcp-protocol-version": _version, ...versionless } = agreeing;

  test.each([
    { title: "without a version", headers: versionless, place: "mcp-protocol-version" },
    { title: "without a method", headers: methodless, place: "mcp-method" },
    { title: "without a name", headers: nameless, place: "mcp-name" },
    {
      title: "with another method",
      headers: { ...agreeing, "mcp-method": "ping" },
      place: "mcp-method",
    },
    { title: "with another name", headers: { ...agreeing, "mcp-name": "Echo" }, place: "mcp-name" },
    {
      title: "with two names",
      headers: { ...agreeing, "mcp-name": "echo, rm" },
      place: "mcp-name",
    },
    {
      title: "with bad base64",
      headers: { ...agreeing, "mcp-name": "=?base64?ZWNoby=?=" },
      place: "mcp-name",
    },
  ])("$title", ({ headers, place }) => {
    expect(read("tools/call", { name: "echo" }, headers, 1)).toMatchObject({
      error: { code: "header_mismatch", rpcCode: -32020, id: "1", detail: `header ${place}` },
    });
  });
});

describe("a notification of 2026-07-28", () => {
  test("may go without the headers", () => {
    expect(read("notifications/x", {}, VERSION)).toMatchObject({ ok: true });
  });

  test("may not have a header that says something else", () => {
    const headers = { ...VERSION, "mcp-method": "notifications/y" };
    expect(read("notifications/x", {}, headers)).toMatchObject({ error: { rpcCode: -32020 } });
  });
});

describe("a mirrored value", () => {
  test.each([
    "echo",
    "é",
    " padded ",
    "",
    "a\nb",
    "=?base64?ZQ==?=",
    "\ufeffmarked",
    "file:///a b",
  ])("comes back as %j", (text) => {
    expect(decodeMirrored(encodeMirrored(text))).toBe(text);
  });

  test.each([
    { title: "no padding", value: "=?base64?ZQ?=" },
    { title: "spare bits", value: "=?base64?ZR==?=" },
    { title: "another alphabet", value: "=?base64?-_-_?=" },
    { title: "no UTF-8", value: "=?base64?/w==?=" },
  ])("with $title is none", ({ value }) => {
    expect(decodeMirrored(value)).toBeNull();
  });

  test.each(["=?base64?=", "=?BASE64?ZQ==?=", "x=?base64?ZQ==?="])("%s is plain text", (value) => {
    expect(decodeMirrored(value)).toBe(value);
  });
});

describe("mirrorHeaders", () => {
  const headers = new Map([["mcp-name", "echo"]]);

  test.each([
    { name: "echo", want: [] },
    { name: "other", want: [["mcp-name", "other"]] },
    { name: "é", want: [["mcp-name", "=?base64?w6k=?="]] },
  ])("says what the body says after an edit to $name", ({ name, want }) => {
    const outcome = read("tools/call", { name }, null, 1);
    if (!outcome.ok) throw new Error(outcome.error.code);
    const { messages } = outcome.value;
    expect(mirrorHeaders(messages, headers, () => [])).toEqual({ set: want, remove: [] });
    expect(mirrorHeaders(messages, new Map(), () => [])).toEqual({ set: [], remove: [] });
  });
});

describe("headers that mirror an argument", () => {
  const REGION = { header: "mcp-param-region", path: ["where", "region"], isNumeric: false };
  const COUNT = { header: "mcp-param-count", path: ["count"], isNumeric: true };
  const mirroredAfter = (edited: object, given: HeaderRecord) => {
    const outcome = read("tools/call", { name: "echo", arguments: edited }, null, 1);
    if (!outcome.ok) throw new Error(outcome.error.code);
    const headers = new Map(Object.entries({ "mcp-name": "echo", ...given }));
    return mirrorHeaders(outcome.value.messages, headers, () => [REGION, COUNT]);
  };

  test.each([
    { title: "as it was", edited: { where: { region: "eu" } }, given: "eu", set: [] },
    { title: "changed", edited: { where: { region: "us" } }, given: "eu", set: ["us"] },
    {
      title: "no ASCII",
      edited: { where: { region: "é" } },
      given: "eu",
      set: ["=?base64?w6k=?="],
    },
    { title: "empty", edited: { where: { region: "" } }, given: "eu", set: ["=?base64??="] },
    { title: "true", edited: { where: { region: true } }, given: "eu", set: ["true"] },
  ])("say what it became: $title", ({ edited, given, set }) => {
    expect(mirroredAfter(edited, { "mcp-param-region": given })).toEqual({
      set: set.map((value) => ["mcp-param-region", value]),
      remove: [],
    });
  });

  test.each([
    { title: "gone", edited: {} },
    { title: "null", edited: { where: { region: null } } },
    { title: "an object", edited: { where: { region: {} } } },
  ])("go with an argument that is $title", ({ edited }) => {
    const remove = ["mcp-param-region"];
    expect(mirroredAfter(edited, { "mcp-param-region": "eu" })).toEqual({ set: [], remove });
  });

  test("are compared as numbers, and not made where there are none", () => {
    expect(mirroredAfter({ count: 42 }, { "mcp-param-count": "42.0" })).toEqual({
      set: [],
      remove: [],
    });
    expect(mirroredAfter({ count: 42, where: { region: "eu" } }, {})).toEqual({
      set: [],
      remove: [],
    });
  });

  test("says which method the body has after an edit", () => {
    const outcome = read("acme/[REDACTED:key]", {}, null, 1);
    if (!outcome.ok) throw new Error(outcome.error.code);
    const given = new Map([["mcp-method", "acme/key"]]);
    expect(mirrorHeaders(outcome.value.messages, given, () => [])).toEqual({
      set: [["mcp-method", "acme/[REDACTED:key]"]],
      remove: [],
    });
  });
});

describe("what no body has to repeat", () => {
  const named = { "mcp-method": "tools/call", "mcp-name": "=?base64?w6k=?=" };
  test.each([
    { title: "nothing of a call", headers: { ...VERSION, ...named }, body: true, text: "" },
    {
      title: "the name of a method without one",
      headers: { ...VERSION, ...named, "mcp-method": "tools/list" },
      body: true,
      text: "=?base64?w6k=?=\né",
    },
    {
      title: "both in an older revision",
      headers: { "mcp-protocol-version": "2025-11-25", "mcp-method": "a", "mcp-name": "b" },
      body: true,
      text: "a\na\nb\nb",
    },
    {
      title: "both without a message",
      headers: { ...VERSION, "mcp-method": "tools/call", "mcp-name": "b" },
      body: false,
      text: "tools/call\ntools/call\nb\nb",
    },
    { title: "nothing where there is none", headers: {}, body: true, text: "" },
  ])("is $title", ({ headers, body, text }) => {
    expect(unmirroredNames(new Map(Object.entries(headers)), body)).toBe(text);
  });
});
