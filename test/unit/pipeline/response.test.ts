import { expect, test } from "vitest";

import type { Exchange } from "../../../src/core/exchange.ts";
import { answerHead, createDataPath, headOf, sent } from "../../golden/data-path.ts";
import { REDACTED, SECRET, toolCall, toolResult } from "../../support/messages.ts";

const NOTIFICATION = { jsonrpc: "2.0", method: "notifications/initialized" };
const PASSES = "passes";
const JSON_TYPE = { "content-type": "application/json" };
const TEXT = { "content-type": "text/plain" };

const path = await createDataPath();

type Sent = "call" | "notification" | "open_stream" | "end_session" | "preflight" | "well_known";

function send(what: Sent): Promise<Exchange> {
  const bare = (method: string, headers = {}, url = "/mcp") =>
    sent(path, "", headOf({ method, path: url, headers }));
  switch (what) {
    case "call":
      return sent(path, toolCall(7));
    case "notification":
      return sent(path, NOTIFICATION);
    case "open_stream":
      return bare("GET", { accept: "text/event-stream" });
    case "end_session":
      return bare("DELETE");
    case "preflight":
      return bare("OPTIONS");
    default:
      return bare("GET", {}, "/.well-known/oauth-authorization-server");
  }
}

/** What becomes of the answer: it passes as it is, or cleaned, or for one reason not at all. */
async function outcomeOf(
  what: Sent,
  status: number,
  headers: { readonly [name: string]: string },
  body: string | Uint8Array | object,
): Promise<string> {
  const exchange = await send(what);
  const plan = exchange.responseHead(answerHead(status, headers));
  if (plan.kind === "deny") return plan.denial.metadata.reasons.join();
  if (plan.kind === "stream") return "stream";
  const isBytes = body instanceof Uint8Array || typeof body === "string";
  const bytes = Buffer.from(isBytes ? body : JSON.stringify(body));
  const verdict = await exchange.response(bytes);
  exchange.close();
  if (verdict.kind === "deny") return verdict.denial.metadata.reasons.join();
  const after = Buffer.from(verdict.body);
  return after.equals(bytes) ? PASSES : `cleaned: ${after.toString("utf8")}`;
}

const result = toolResult(7, "hello");

test.each<[Sent, string, number, { [name: string]: string }, string | Uint8Array | object, string]>(
  [
    ["call", "its result", 200, JSON_TYPE, result, PASSES],
    [
      "call",
      "its result, with a charset",
      200,
      { "content-type": 'Application/JSON; Charset="UTF-8"' },
      result,
      PASSES,
    ],
    [
      "call",
      "its result in a +json type",
      200,
      { "content-type": "application/vnd.a+json" },
      result,
      PASSES,
    ],
    [
      "call",
      "its id spelled in another way",
      200,
      JSON_TYPE,
      '{"jsonrpc":"2.0","id":7.0,"result":{}}',
      PASSES,
    ],
    [
      "call",
      "an error",
      200,
      JSON_TYPE,
      { jsonrpc: "2.0", id: 7, error: { code: -32000, message: "no" } },
      PASSES,
    ],
    [
      "call",
      "an error at its own status",
      400,
      JSON_TYPE,
      { jsonrpc: "2.0", id: 7, error: { code: -32000, message: "no" } },
      PASSES,
    ],
    [
      "call",
      "an error for no id, at a status that says so",
      400,
      JSON_TYPE,
      { jsonrpc: "2.0", id: null, error: { code: -32700, message: "no" } },
      PASSES,
    ],
    [
      "call",
      "an error for no id, as a success",
      200,
      JSON_TYPE,
      { jsonrpc: "2.0", id: null, error: { code: -32700, message: "no" } },
      "response_missing",
    ],
    ["call", "another id", 200, JSON_TYPE, toolResult(8, "hello"), "response_unreadable"],
    [
      "call",
      "an id of another type",
      200,
      JSON_TYPE,
      toolResult("7", "hello"),
      "response_unreadable",
    ],
    ["call", "a batch in a revision without", 200, JSON_TYPE, [result], "response_unreadable"],
    ["call", "JSON that is no JSON-RPC", 200, JSON_TYPE, { ok: true }, "response_unreadable"],
    ["call", "no JSON", 200, JSON_TYPE, "{", "response_unreadable"],
    [
      "call",
      "a duplicate key",
      200,
      JSON_TYPE,
      '{"jsonrpc":"2.0","id":7,"result":{"a":1,"a":2}}',
      "response_unreadable",
    ],
    [
      "call",
      "bytes that are no UTF-8",
      200,
      JSON_TYPE,
      Uint8Array.of(0x22, 0xff, 0x22),
      "response_unreadable",
    ],
    [
      "call",
      "JSON in another charset",
      200,
      { "content-type": "application/json; charset=utf-16" },
      result,
      "response_media_type",
    ],
    ["call", "nothing, as accepted", 202, {}, "", "response_missing"],
    ["call", "nothing, as a success", 200, JSON_TYPE, "", "response_missing"],
    ["call", "nothing, as no content", 204, {}, "", "response_missing"],
    ["call", "nothing, as an error", 500, {}, "", PASSES],
    ["call", "nothing, from a proxy", 503, {}, "", "server_unavailable"],
    ["call", "a proxy's word of a late server", 504, TEXT, "late", "response_deadline"],
    ["call", "an error in text", 404, TEXT, "Session not found", PASSES],
    ["call", "an error in text without a type", 500, {}, "oops", PASSES],
    [
      "call",
      "an error page",
      500,
      { "content-type": "text/html; charset=utf-8" },
      "<h1>Bad</h1>",
      PASSES,
    ],
    [
      "call",
      "an error page in another charset",
      500,
      { "content-type": "text/html; charset=utf-16" },
      "<h1>Bad</h1>",
      "response_media_type",
    ],
    [
      "call",
      "an error in text that is no UTF-8",
      500,
      TEXT,
      Uint8Array.of(0xff),
      "response_media_type",
    ],
    [
      "call",
      "an error in bytes",
      500,
      { "content-type": "application/octet-stream" },
      "x",
      "response_media_type",
    ],
    [
      "call",
      "an error that is JSON but no JSON-RPC",
      401,
      JSON_TYPE,
      { error: "invalid_token" },
      PASSES,
    ],
    [
      "call",
      "an error that says JSON and is none",
      500,
      JSON_TYPE,
      "Internal Server Error",
      PASSES,
    ],
    ["call", "a secret in an error text", 500, TEXT, `at ${SECRET}`, `cleaned: at ${REDACTED}`],
    [
      "call",
      "a secret in an error that says JSON",
      500,
      JSON_TYPE,
      `at ${SECRET}`,
      `cleaned: at ${REDACTED}`,
    ],
    [
      "call",
      "a secret in JSON that is no JSON-RPC",
      500,
      JSON_TYPE,
      { at: [SECRET] },
      `cleaned: {"at":["${REDACTED}"]}`,
    ],
    ["call", "a secret as a key of such JSON", 500, JSON_TYPE, { [SECRET]: 1 }, "secret_left"],
    [
      "call",
      "a page in place of a result",
      200,
      { "content-type": "text/html" },
      "<h1>Hi</h1>",
      "response_media_type",
    ],
    ["call", "a text in place of a result", 201, TEXT, "done", "response_media_type"],
    [
      "call",
      "a compressed result",
      200,
      { ...JSON_TYPE, "content-encoding": "br" },
      "x",
      "response_encoding",
    ],
    [
      "call",
      "a result that says identity",
      200,
      { ...JSON_TYPE, "content-encoding": "identity" },
      result,
      PASSES,
    ],
    [
      "call",
      "a compressed error",
      500,
      { ...TEXT, "content-encoding": "gzip" },
      "x",
      "response_encoding",
    ],
    ["call", "a stream", 200, { "content-type": "text/event-stream" }, "", "stream"],
    [
      "call",
      "a stream at an error status, read as text",
      500,
      { "content-type": "text/event-stream" },
      `data: ${SECRET}\n\n`,
      `cleaned: data: ${REDACTED}\n\n`,
    ],
    [
      "call",
      "a stream at another success",
      201,
      { "content-type": "text/event-stream" },
      "data: x\n\n",
      "response_media_type",
    ],
    ["call", "a redirect", 307, { ...TEXT, location: "/elsewhere" }, "moved", PASSES],
    ["notification", "nothing, as accepted", 202, {}, "", PASSES],
    ["notification", "nothing, as a success", 200, {}, "", PASSES],
    ["notification", "a word in text", 202, TEXT, "Accepted", PASSES],
    [
      "notification",
      "an answer that nobody waits for",
      200,
      JSON_TYPE,
      result,
      "response_unreadable",
    ],
    ["notification", "JSON that is no JSON-RPC", 200, JSON_TYPE, {}, "response_unreadable"],
    [
      "notification",
      "an error",
      400,
      JSON_TYPE,
      { jsonrpc: "2.0", id: null, error: { code: -32600, message: "no" } },
      PASSES,
    ],
    ["open_stream", "405, as servers without a stream do", 405, TEXT, "Method Not Allowed", PASSES],
    [
      "open_stream",
      "405 in JSON-RPC",
      405,
      JSON_TYPE,
      { jsonrpc: "2.0", id: null, error: { code: -32000, message: "no" } },
      PASSES,
    ],
    [
      "open_stream",
      "a page",
      200,
      { "content-type": "text/html" },
      "<h1>Hi</h1>",
      "response_media_type",
    ],
    ["open_stream", "JSON", 200, JSON_TYPE, {}, "response_unreadable"],
    [
      "open_stream",
      "a stream",
      200,
      { "content-type": "text/event-stream; charset=utf-8" },
      "",
      "stream",
    ],
    ["end_session", "nothing", 204, {}, "", PASSES],
    ["end_session", "JSON", 200, JSON_TYPE, { ended: true }, PASSES],
    ["end_session", "a word in text", 200, TEXT, "bye", PASSES],
    ["preflight", "nothing", 204, {}, "", PASSES],
    ["preflight", "JSON", 200, JSON_TYPE, {}, PASSES],
    ["well_known", "metadata", 200, JSON_TYPE, { issuer: "https://a.example" }, PASSES],
    [
      "well_known",
      "metadata with a secret",
      200,
      JSON_TYPE,
      { a: SECRET },
      `cleaned: {"a":"${REDACTED}"}`,
    ],
    ["well_known", "no metadata", 404, JSON_TYPE, { detail: "Not Found" }, PASSES],
    [
      "well_known",
      "a page of an application that answers everything",
      200,
      { "content-type": "text/html" },
      "<p>",
      PASSES,
    ],
    ["well_known", "metadata that is no JSON", 200, JSON_TYPE, "{", "response_unreadable"],
  ],
)("%s answered with %s (%i)", async (what, _title, status, headers, body, outcome) => {
  expect(await outcomeOf(what, status, headers, body)).toBe(outcome);
});

test.each([
  { asked: "7.0", answered: "7" },
  { asked: "7", answered: "7.0" },
  { asked: '"\\u00e9\\/"', answered: '"é/"' },
  { asked: '"é"', answered: '"\\u00E9"' },
])("the id $asked is answered by $answered: both mean the same", async ({ asked, answered }) => {
  const call = `{"jsonrpc":"2.0","id":${asked},"method":"tools/call","params":{"name":"echo"}}`;
  const exchange = await sent(path, call);
  exchange.responseHead(answerHead(200));
  const answer = Buffer.from(`{"jsonrpc":"2.0","id":${answered},"result":{}}`);
  expect(await exchange.response(answer)).toMatchObject({ kind: "forward", body: answer });
});

test("a response body before its head is a bug, and thrown", async () => {
  const exchange = await send("call");
  expect(() => exchange.response(new Uint8Array())).toThrow("before its head");
  expect(() => exchange.streamChunk(new Uint8Array(), true)).toThrow("before the stream");
});
