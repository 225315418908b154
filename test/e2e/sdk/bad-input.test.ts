import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { call, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { JSON_HEADERS, toolCall } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";

/** JSON that is no message, or not one of its revision: what the client gets, and nobody else. */

let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => exchange.json({ reached: true }));
  service = await startTestService();
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
  target = { host: gateway.host, port: gateway.port };
});

beforeEach(() => {
  service.clear();
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await upstream.stop();
});

interface Bad {
  readonly title: string;
  readonly body: unknown;
  readonly code: number;
  /** The id of the answer; null where none could be read. */
  readonly id: unknown;
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
}

const INVALID = { code: -32600 };
const PARAMS = { code: -32602 };
const ping = { jsonrpc: "2.0", id: 7, method: "ping" };
const { params } = toolCall(7);

const OF_ANY_REVISION: readonly Bad[] = [
  { title: "a number", body: 7, ...INVALID, id: null },
  { title: "null", body: null, ...INVALID, id: null },
  { title: "an empty object", body: {}, ...INVALID, id: null },
  { title: "an empty batch", body: [], ...INVALID, id: null },
  { title: "no version", body: { id: 7, method: "ping" }, ...INVALID, id: 7 },
  { title: "another version", body: { ...ping, jsonrpc: "1.0" }, ...INVALID, id: 7 },
  { title: "a version that is a number", body: { ...ping, jsonrpc: 2 }, ...INVALID, id: 7 },
  { title: "an id that is null", body: { ...ping, id: null }, ...INVALID, id: null },
  { title: "an id that is an object", body: { ...ping, id: {} }, ...INVALID, id: null },
  { title: "an id that is true", body: { ...ping, id: true }, ...INVALID, id: null },
  { title: "no method", body: { jsonrpc: "2.0", id: 7, params: {} }, ...INVALID, id: 7 },
  { title: "a method that is a number", body: { ...ping, method: 1 }, ...INVALID, id: 7 },
  { title: "an empty method", body: { ...ping, method: "" }, ...INVALID, id: 7 },
  { title: "parameters that are a list", body: { ...ping, params: [] }, ...INVALID, id: 7 },
  { title: "parameters that are null", body: { ...ping, params: null }, ...INVALID, id: 7 },
  { title: "a member too many", body: { ...ping, also: 1 }, ...INVALID, id: 7 },
  { title: "a method and a result", body: { ...ping, result: {} }, ...INVALID, id: 7 },
  {
    title: "a result and an error",
    body: { jsonrpc: "2.0", id: 7, result: {}, error: { code: 1, message: "" } },
    ...INVALID,
    id: 7,
  },
  {
    title: "a result that is a text",
    body: { jsonrpc: "2.0", id: 7, result: "" },
    ...INVALID,
    id: 7,
  },
  { title: "an answer without an id", body: { jsonrpc: "2.0", result: {} }, ...INVALID, id: null },
  {
    title: "a tool without a name",
    body: { ...toolCall(7), params: { arguments: {} } },
    ...PARAMS,
    id: 7,
  },
  {
    title: "a tool's name that is a number",
    body: { ...toolCall("é"), params: { ...params, name: 1 } },
    ...PARAMS,
    id: "é",
  },
  {
    title: "arguments that are a list",
    body: { ...toolCall(7), params: { ...params, arguments: [] } },
    ...PARAMS,
    id: 7,
  },
  {
    title: "a resource without a URI",
    body: { ...ping, method: "resources/read", params: {} },
    ...PARAMS,
    id: 7,
  },
  {
    title: "a prompt without a name",
    body: { ...ping, method: "prompts/get" },
    ...PARAMS,
    id: 7,
  },
];

describe.each(["2025-06-18", "2025-11-25"])("a body of %s is refused with its id:", (revision) => {
  const headers = { "mcp-protocol-version": revision };
  test.each([
    ...OF_ANY_REVISION,
    { title: "a batch", body: [ping], ...INVALID, id: null },
    { title: "a nested batch", body: [[ping]], ...INVALID, id: null },
  ])("$title", async (bad) => refuse({ ...bad, headers }));
});

describe("a body of 2025-03-26 is refused with its id:", () => {
  test.each([
    ...OF_ANY_REVISION,
    { title: "a batch that names an id twice", body: [ping, ping], ...INVALID, id: null },
    {
      title: "a batch with a handshake",
      body: [ping, { ...ping, id: 8, method: "initialize", params: {} }],
      ...INVALID,
      id: null,
    },
    { title: "a batch with something else in it", body: [ping, 1], ...INVALID, id: null },
    { title: "a batch of a hundred", body: batchOf(100), ...INVALID, id: null },
  ])("$title", refuse);
});

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "agent", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};
const modern = { ...toolCall(7), params: { ...params, _meta: META } };
const MODERN_HEADERS = {
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "echo",
};

describe("a body of 2026-07-28 is refused with its id:", () => {
  const headers = MODERN_HEADERS;
  const claim = (members: object) => ({
    ...modern,
    params: { ...params, _meta: { ...META, ...members } },
  });
  test.each<Bad>([
    { title: "a batch", body: [modern], ...INVALID, id: null },
    { title: "an answer", body: { jsonrpc: "2.0", id: 7, result: {} }, ...INVALID, id: 7 },
    { title: "a call without a claim", body: toolCall(7), code: -32602, id: 7 },
    {
      title: "a claim of another revision",
      body: claim({ "io.modelcontextprotocol/protocolVersion": "2025-11-25" }),
      code: -32020,
      id: 7,
    },
    {
      title: "a claim of a revision to come",
      body: claim({ "io.modelcontextprotocol/protocolVersion": "2030-01-01" }),
      code: -32022,
      id: 7,
      headers: { ...headers, "mcp-protocol-version": "2030-01-01" },
    },
    {
      title: "a method that the header does not name",
      body: modern,
      code: -32020,
      id: 7,
      headers: { ...headers, "mcp-method": "tools/list" },
    },
    {
      title: "a tool that the header does not name",
      body: modern,
      code: -32020,
      id: 7,
      headers: { ...headers, "mcp-name": "shell" },
    },
  ])("$title", (bad) => refuse({ headers, ...bad }));
});

test("a good one reaches the server", async () => {
  await call(target, { path: "/mcp", body: ping });
  await call(target, { path: "/mcp", headers: MODERN_HEADERS, body: modern });
  await call(target, { path: "/mcp", body: batchOf(2) });
  expect(upstream.requests).toHaveLength(3);
});

async function refuse({ body, code, id, status = 400, headers = {} }: Bad): Promise<void> {
  const before = upstream.requests.length;
  const reply = await call(target, {
    path: "/mcp",
    method: "POST",
    headers: { ...JSON_HEADERS, ...headers },
    body: JSON.stringify(body),
  });
  expect([reply.status, reply.json()]).toMatchObject([
    status,
    { jsonrpc: "2.0", id, error: { code } },
  ]);
  expect(reply.headers.get("content-type")).toBe("application/json");
  expect(upstream.requests).toHaveLength(before);
  expect(service.decisions).toMatchObject([{ result: { allow: false } }]);
}

function batchOf(count: number): object[] {
  return Array.from({ length: count }, (_, id) => ({ ...ping, id }));
}
