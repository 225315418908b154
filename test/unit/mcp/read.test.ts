import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import { protocolFaultOf } from "../../../src/mcp/message/fault.ts";
import { canonicalId } from "../../../src/mcp/message/id.ts";
import {
  type PendingRequest,
  type ReadContext,
  readMessages,
} from "../../../src/mcp/message/read.ts";

const LIMITS = { jsonMaxDepth: 64, jsonMaxNodes: 10_000, stringMaxLength: 10_000 };
const CALL: PendingRequest = {
  method: "tools/call",
  tool: "echo",
  prompt: null,
  uri: null,
  cursor: null,
  revision: "2025-11-25",
};

function read(text: string, context: Partial<ReadContext> = {}) {
  const document = parseJson(Buffer.from(text), LIMITS);
  if (!document.ok) throw new Error(document.error.code);
  return readMessages(document.value, {
    direction: "request",
    headerRevision: "2025-11-25",
    headers: new Map(),
    requestOf: () => undefined,
    ...context,
  });
}

/** The one message, without the parts that repeat the input. */
function summary(text: string, context: Partial<ReadContext> = {}): unknown {
  const outcome = read(text, context);
  if (!outcome.ok) {
    const { code, rpcCode, id, detail } = outcome.error;
    return { code, rpcCode, id, detail };
  }
  const [message] = outcome.value.messages;
  if (message === undefined) throw new Error("no message");
  const { kind, id, method, tool, prompt, uri, cursor, revision } = message;
  return { kind, id, method, tool, prompt, uri, cursor, revision };
}

const NOBODY = { tool: null, prompt: null, uri: null, cursor: null, revision: "2025-11-25" };

describe("readMessages reads from the client", () => {
  test.each([
    {
      title: "a tool call",
      text: '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{}}}',
      want: { ...NOBODY, kind: "request", id: "7", method: "tools/call", tool: "echo" },
    },
    {
      title: "a request without parameters, its id as sent",
      text: '{"id":"\\u0061","method":"ping","jsonrpc":"2.0"}',
      want: { ...NOBODY, kind: "request", id: '"\\u0061"', method: "ping" },
    },
    {
      title: "a prompt",
      text: '{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"greet"}}',
      want: { ...NOBODY, kind: "request", id: "1", method: "prompts/get", prompt: "greet" },
    },
    {
      title: "a resource",
      text: '{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a"}}',
      want: { ...NOBODY, kind: "request", id: "1", method: "resources/read", uri: "file:///a" },
    },
    {
      title: "the completion of a prompt's argument",
      text: '{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"}}}',
      want: { ...NOBODY, kind: "request", id: "1", method: "completion/complete", prompt: "p" },
    },
    {
      title: "a notification",
      text: '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      want: { ...NOBODY, kind: "notification", id: null, method: "notifications/initialized" },
    },
    {
      title: "the answer to a server's request",
      text: '{"jsonrpc":"2.0","id":0,"result":{"roots":[]}}',
      want: { ...NOBODY, kind: "response", id: "0", method: null },
    },
    {
      title: "a refusal of a server's request",
      text: '{"jsonrpc":"2.0","id":0,"error":{"code":-1,"message":"no"}}',
      want: { ...NOBODY, kind: "response", id: "0", method: null },
    },
    {
      title: "an unknown method, which is the policy's to judge",
      text: '{"jsonrpc":"2.0","id":1,"method":"admin/exec","params":{"cmd":"id"}}',
      want: { ...NOBODY, kind: "request", id: "1", method: "admin/exec" },
    },
  ])("$title", ({ text, want }) => {
    expect(summary(text)).toEqual(want);
  });
});

describe("readMessages reads from the server", () => {
  const response: Partial<ReadContext> = {
    direction: "response",
    requestOf: (id) => (id === '"é"' ? CALL : undefined),
  };

  test.each([
    {
      title: "a result, with what was asked, however its id is spelt",
      text: '{"jsonrpc":"2.0","id":"\\u00e9","result":{}}',
      want: { ...NOBODY, kind: "result", id: '"\\u00e9"', method: "tools/call", tool: "echo" },
    },
    {
      title: "an error, with what was asked",
      text: '{"jsonrpc":"2.0","id":"é","error":{"code":-1,"message":"no","data":[]}}',
      want: { ...NOBODY, kind: "error", id: '"é"', method: "tools/call", tool: "echo" },
    },
    {
      title: "an error with a null id",
      text: '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}',
      want: { ...NOBODY, kind: "error", id: null, method: null },
    },
    {
      title: "an error without an id",
      text: '{"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}}',
      want: { ...NOBODY, kind: "error", id: null, method: null },
    },
    {
      title: "an error with an id that the server made up",
      text: '{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"no"}}',
      want: { ...NOBODY, kind: "error", id: '"server-error"', method: null },
    },
    {
      title: "a request of the server",
      text: '{"jsonrpc":"2.0","id":0,"method":"roots/list"}',
      want: { ...NOBODY, kind: "request", id: "0", method: "roots/list" },
    },
    {
      title: "a notification",
      text: '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:b"}}',
      want: {
        ...NOBODY,
        kind: "notification",
        id: null,
        method: "notifications/resources/updated",
        uri: "a:b",
      },
    },
  ])("$title", ({ text, want }) => {
    expect(summary(text, response)).toEqual(want);
  });

  test.each([
    {
      title: "a result that nobody asked for",
      text: '{"jsonrpc":"2.0","id":9,"result":{}}',
      code: "unknown_id",
    },
    {
      title: "a result with a null id",
      text: '{"jsonrpc":"2.0","id":null,"result":{}}',
      code: "invalid_request",
    },
    { title: "an empty object", text: "{}", code: "invalid_request" },
  ])("but refuses $title", ({ text, code }) => {
    expect(summary(text, response)).toMatchObject({ code });
  });

  test("but refuses a server's request in a revision that has none", () => {
    const text = '{"jsonrpc":"2.0","id":0,"method":"roots/list"}';
    expect(summary(text, { ...response, headerRevision: "2026-07-28" })).toMatchObject({
      code: "invalid_request",
      detail: "/method",
    });
  });
});

describe("readMessages refuses", () => {
  test.each([
    { title: "null", text: "null", detail: "" },
    { title: "a string", text: '"ping"', detail: "" },
    {
      title: "another JSON-RPC",
      text: '{"jsonrpc":"1.0","id":1,"method":"a"}',
      detail: "/jsonrpc",
    },
    { title: "no JSON-RPC", text: '{"id":1,"method":"a"}', detail: "/jsonrpc" },
    { title: "a null id", text: '{"jsonrpc":"2.0","id":null,"method":"a"}', detail: "/id" },
    {
      title: "an object as id",
      text: '{"jsonrpc":"2.0","id":{"$gt":1},"method":"a"}',
      detail: "/id",
    },
    {
      title: "a method that is no string",
      text: '{"jsonrpc":"2.0","id":1,"method":["a"]}',
      detail: "/method",
    },
    { title: "an empty method", text: '{"jsonrpc":"2.0","id":1,"method":""}', detail: "/method" },
    {
      title: "params as an array",
      text: '{"jsonrpc":"2.0","id":1,"method":"a","params":[]}',
      detail: "/params",
    },
    {
      title: "params as null",
      text: '{"jsonrpc":"2.0","id":1,"method":"a","params":null}',
      detail: "/params",
    },
    {
      title: "a method and a result",
      text: '{"jsonrpc":"2.0","id":1,"method":"a","result":{}}',
      detail: "",
    },
    {
      title: "an unknown member",
      text: '{"jsonrpc":"2.0","id":1,"method":"a","extra":1}',
      detail: "",
    },
    {
      title: "result and error",
      text: '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}',
      detail: "",
    },
    { title: "neither of them", text: '{"jsonrpc":"2.0","id":1}', detail: "" },
    {
      title: "a result that is no object",
      text: '{"jsonrpc":"2.0","id":1,"result":"x"}',
      detail: "/result",
    },
    {
      title: "an error that is text",
      text: '{"jsonrpc":"2.0","id":1,"error":"x"}',
      detail: "/error",
    },
    {
      title: "an error without a code",
      text: '{"jsonrpc":"2.0","id":1,"error":{"message":"x"}}',
      detail: "/error",
    },
    {
      title: "a response without an id",
      text: '{"jsonrpc":"2.0","error":{"code":1,"message":""}}',
      detail: "/id",
    },
  ])("$title as an invalid request", ({ text, detail }) => {
    expect(summary(text)).toMatchObject({ code: "invalid_request", rpcCode: -32600, detail });
  });

  test.each([
    { method: "tools/call", params: {}, detail: "/params/name" },
    { method: "tools/call", params: { name: ["a"] }, detail: "/params/name" },
    { method: "tools/call", params: { name: "a", arguments: "{}" }, detail: "/params/arguments" },
    { method: "tools/call", params: { name: "a", arguments: null }, detail: "/params/arguments" },
    { method: "prompts/get", params: { uri: "a" }, detail: "/params/name" },
    { method: "resources/read", params: { uri: 1 }, detail: "/params/uri" },
    { method: "resources/subscribe", params: {}, detail: "/params/uri" },
    { method: "resources/unsubscribe", params: {}, detail: "/params/uri" },
  ])("$method without what it needs at $detail", ({ method, params, detail }) => {
    const text = JSON.stringify({ jsonrpc: "2.0", id: "a", method, params });
    expect(summary(text)).toEqual({ code: "invalid_params", rpcCode: -32602, id: '"a"', detail });
  });

  test.each(["resources/subscribe", "resources/unsubscribe"])(
    "no %s of 2026-07-28 without a URI: that revision has none, and the server is to say so",
    (method) => {
      const _meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
      const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { _meta } });
      expect(summary(text, { headerRevision: "2026-07-28", headers: null })).toMatchObject({
        kind: "request",
        method,
        uri: null,
      });
    },
  );

  test.each(["tools/call", "resources/read"])("%s without params", (method) => {
    const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method });
    expect(summary(text)).toMatchObject({ code: "invalid_params" });
  });
});

describe("a batch", () => {
  const ping = (id: unknown) => ({ jsonrpc: "2.0", id, method: "ping" });
  const batch = (...messages: unknown[]) => JSON.stringify(messages);

  test.each([
    { title: "with the header", headerRevision: "2025-03-26" },
    { title: "without a header", headerRevision: null },
  ])("is read in 2025-03-26, $title", ({ headerRevision }) => {
    const outcome = read(batch(ping(1), ping("1"), { jsonrpc: "2.0", method: "n" }), {
      headerRevision,
    });
    expect(outcome).toMatchObject({
      ok: true,
      value: { batch: true, messages: [{ id: "1" }, { id: '"1"' }, { id: null }] },
    });
  });

  test.each(["2025-06-18", "2025-11-25"])("is refused in %s", (headerRevision) => {
    expect(summary(batch(ping(1)), { headerRevision })).toEqual({
      code: "invalid_request",
      rpcCode: -32600,
      id: null,
      detail: "/0",
    });
  });

  test.each([
    { title: "nothing in it", text: "[]", code: "invalid_request", detail: "" },
    {
      title: "something else in it",
      text: batch(ping(1), 2),
      code: "invalid_request",
      detail: "/1",
    },
    { title: "a batch in it", text: batch([ping(1)]), code: "invalid_request", detail: "/0" },
    {
      title: "an id twice",
      text: batch(ping(1), ping(1)),
      code: "invalid_request",
      detail: "/1/id",
    },
    {
      title: "an id twice in other digits",
      text: `[${JSON.stringify(ping(1))},{"jsonrpc":"2.0","id":1.0,"method":"ping"}]`,
      code: "invalid_request",
      detail: "/1/id",
    },
    {
      title: "initialize in it",
      text: batch({ ...ping(1), method: "initialize", params: {} }),
      code: "invalid_request",
      detail: "/0",
    },
    {
      title: "a request of a later revision in it",
      text: batch({
        ...ping(1),
        params: { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } },
      }),
      code: "invalid_request",
      detail: "/0",
    },
  ])("with $title is refused", ({ text, code, detail }) => {
    expect(summary(text, { headerRevision: null })).toMatchObject({ code, detail });
  });

  test("of more messages than allowed is refused, and one of just as many is read", () => {
    const context = { headerRevision: null, batchMaxMessages: 2 };
    expect(read(batch(ping(1), ping(2)), context)).toMatchObject({ ok: true });
    expect(summary(batch(ping(1), ping(2), ping(3)), context)).toMatchObject({
      code: "batch_too_large",
      rpcCode: -32600,
    });
  });
});

describe("canonicalId", () => {
  test.each([
    { text: "7", want: "7" },
    { text: "7.0", want: "7" },
    { text: "70e-1", want: "7" },
    { text: '"7"', want: '"7"' },
    { text: '"\\u00e9\\/"', want: '"é/"' },
    { text: "9007199254740993", want: "9007199254740993" },
  ])("spells $text as $want", ({ text, want }) => {
    expect(canonicalId(text)).toBe(want);
  });
});

test.each([
  { code: "syntax", want: { code: "parse_error", rpcCode: -32700 } },
  { code: "duplicate_key", want: { code: "parse_error", rpcCode: -32700 } },
  { code: "too_deep", want: { code: "too_complex", rpcCode: -32600 } },
] as const)("protocolFaultOf answers $code with $want.rpcCode and a place", ({ code, want }) => {
  expect(protocolFaultOf({ code, offset: 5 })).toEqual({
    ...want,
    httpStatus: 400,
    id: null,
    detail: `${code} at byte 5`,
  });
});
