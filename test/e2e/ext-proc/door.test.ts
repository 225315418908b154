import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { call, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";

let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({ allowedHosts: ["localhost", "127.0.0.1"] });
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
  target = { host: gateway.host, port: gateway.port };
});

beforeEach(() => {
  service.clear();
  answer = (exchange) => exchange.json(toolResult(1, "hello"));
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await upstream.stop();
});

const POST = { "content-type": "application/json", accept: "application/json, text/event-stream" };

test.each([
  {
    title: "another host",
    method: "POST",
    headers: { host: "evil.example" },
    code: "host_refused",
  },
  {
    title: "another host, with our port",
    method: "POST",
    headers: { host: "evil.example:8070" },
    code: "host_refused",
  },
  {
    title: "a page of another origin",
    method: "POST",
    headers: { origin: "https://evil.example" },
    code: "origin_refused",
  },
  {
    title: "its preflight",
    method: "OPTIONS",
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    code: "origin_refused",
  },
  {
    title: "a stream for it",
    method: "GET",
    headers: { origin: "null", accept: "text/event-stream" },
    code: "origin_refused",
  },
])("403 to $title, and the server hears nothing", async ({ method, headers, code }) => {
  const before = upstream.seen().length;
  const body = method === "POST" ? JSON.stringify(toolCall(1)) : undefined;
  const reply = await call(target, {
    path: "/mcp",
    method,
    headers: { ...(method === "POST" ? POST : {}), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  expect(reply.status).toBe(403);
  expect(reply.json()).toMatchObject({ jsonrpc: "2.0", error: { data: { code } } });
  expect(upstream.seen().length).toBe(before);
});

test.each([
  { title: "no origin", headers: {} },
  { title: "a page of this machine", headers: { origin: "http://localhost:6274" } },
  { title: "another name of this machine", headers: { host: "localhost:9999" } },
])("a call from $title passes", async ({ headers }) => {
  const reply = await call(target, {
    path: "/mcp",
    headers: { ...POST, ...headers },
    body: JSON.stringify(toolCall(1)),
  });
  expect(reply.json()).toEqual(toolResult(1, "hello"));
});

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

function ask2026(method: string) {
  return call(target, {
    path: "/mcp",
    headers: { ...POST, "mcp-protocol-version": "2026-07-28", "mcp-method": method },
    body: JSON.stringify({ jsonrpc: "2.0", id: "u", method, params: { _meta: META } }),
  });
}

test("an unknown method is answered with 404 and -32601 in the revision of 2026", async () => {
  const reply = await ask2026("acme/run");
  expect(reply.status).toBe(404);
  expect(reply.json()).toMatchObject({
    id: "u",
    error: { code: -32601, data: { code: "unknown_method" } },
  });
});

test("and with 200 in those before", async () => {
  const body = { jsonrpc: "2.0", id: "u", method: "acme/run" };
  const reply = await call(target, { path: "/mcp", body });
  expect(reply.status).toBe(200);
  expect(reply.json()).toMatchObject({ id: "u", error: { code: -32601 } });
});

test("a listing is this caller's alone, and goes out at its new length", async () => {
  const tools = [{ name: "echo", inputSchema: { type: "object" } }];
  const rest = { resultType: "complete", tools };
  answer = (exchange) => {
    const result = { ...rest, ttlMs: 600_000, cacheScope: "public" };
    exchange.json({ jsonrpc: "2.0", id: "u", result });
  };
  const reply = await ask2026("tools/list");
  expect(reply.headers.get("content-length")).toBe(String(reply.body.length));
  expect(reply.json()).toEqual({
    jsonrpc: "2.0",
    id: "u",
    result: { ...rest, ttlMs: 5_000, cacheScope: "private" },
  });
});

test("a client does not have its call sent again, nor says who it is to the proxy", async () => {
  const seen: (readonly string[])[] = [];
  answer = (exchange) => {
    seen.push(Object.keys(exchange.request.headers));
    return exchange.json({}, { status: 503 });
  };
  const again = {
    "x-envoy-retry-on": "5xx",
    "x-envoy-max-retries": "3",
    "x-envoy-internal": "true",
  };
  const body = JSON.stringify(toolCall(1));
  await call(target, { path: "/mcp", headers: { ...POST, ...again }, body });
  expect(seen).toHaveLength(1);
  expect(seen.flat().filter((name) => name.startsWith("x-envoy-"))).toEqual([]);
});
