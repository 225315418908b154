import { describe, expect, test } from "vitest";

import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import { inputRequestsOf } from "../../../src/mcp/message/input-requests.ts";
import { readMessages } from "../../../src/mcp/message/read.ts";

const MAX_REQUESTS = 8;

const ASK = { method: "sampling/createMessage", params: { maxTokens: 1 } };

/** What a server's message asks for, by method and place; null when it cannot be read. */
function asked(message: object) {
  const document = parseJson(Buffer.from(JSON.stringify(message)), DEFAULT_LIMITS);
  if (!document.ok) throw new Error(document.error.code);
  const read = readMessages(document.value, {
    direction: "response",
    headerRevision: "2026-07-28",
    headers: null,
    requestOf: () => ({
      method: "tools/call",
      tool: "t",
      prompt: null,
      uri: null,
      cursor: null,
      revision: "2026-07-28",
    }),
  });
  const [first] = read.ok ? read.value.messages : [];
  if (first === undefined) throw new Error("no message");
  const requests = inputRequestsOf(first, MAX_REQUESTS);
  return requests === null ? null : requests.map((one) => [one.message.method, one.pointer]);
}

function result(members: object) {
  return { jsonrpc: "2.0", id: 1, result: members };
}

function error(members: object) {
  return { jsonrpc: "2.0", id: 1, error: { message: "m", ...members } };
}

describe("the requests to the client within a message", () => {
  test.each([
    { title: "none in an ordinary result", message: result({ content: [] }), requests: [] },
    { title: "none in an empty map", message: result({ inputRequests: {} }), requests: [] },
    {
      title: "each of a result",
      message: result({ inputRequests: { a: ASK, "b/c": { method: "roots/list" } } }),
      requests: [
        ["sampling/createMessage", "/result/inputRequests/a"],
        ["roots/list", "/result/inputRequests/b~1c"],
      ],
    },
    {
      title: "of a result that calls itself complete",
      message: result({ resultType: "complete", inputRequests: { a: ASK } }),
      requests: [["sampling/createMessage", "/result/inputRequests/a"]],
    },
    {
      title: "of a task's notification",
      message: {
        jsonrpc: "2.0",
        method: "notifications/tasks/status",
        params: { inputRequests: { a: ASK } },
      },
      requests: [["sampling/createMessage", "/params/inputRequests/a"]],
    },
    {
      title: "the pages that an error wants opened",
      message: error({ code: -32042, data: { elicitations: [] } }),
      requests: [["elicitation/create", "/error/data"]],
    },
    { title: "none in such an error without data", message: error({ code: -32042 }), requests: [] },
    { title: "none in another error", message: error({ code: -32000, data: {} }), requests: [] },
  ])("are $title", ({ message, requests }) => {
    expect(asked(message)).toEqual(requests);
  });

  test.each([
    { title: "a list", inputRequests: [ASK] },
    { title: "null", inputRequests: null },
    { title: "a request that is a text", inputRequests: { a: "sampling/createMessage" } },
    { title: "a request without a method", inputRequests: { a: { params: {} } } },
    { title: "a method that is a number", inputRequests: { a: { method: 1 } } },
    { title: "parameters that are a list", inputRequests: { a: { ...ASK, params: [] } } },
    {
      title: "too many",
      inputRequests: Object.fromEntries(
        Array.from({ length: MAX_REQUESTS + 1 }, (_, key) => [key, ASK]),
      ),
    },
  ])("cannot be read from $title", ({ inputRequests }) => {
    expect(asked(result({ inputRequests }))).toBeNull();
  });
});
