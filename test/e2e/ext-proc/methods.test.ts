import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { call, sendRaw, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { toolCall } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";

let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
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

const STREAM = { accept: "text/event-stream" };
/** One that the server has ended is over for good. */
const session = (id: string) => ({ "mcp-session-id": id });

test.each([
  {
    title: "a DELETE",
    method: "DELETE",
    headers: session("s-1"),
    kind: "end_session",
    status: 200,
  },
  {
    title: "a DELETE of length 0",
    method: "DELETE",
    headers: { ...session("s-2"), "content-length": "0" },
    kind: "end_session",
    status: 204,
  },
  { title: "an OPTIONS", method: "OPTIONS", headers: {}, kind: "preflight", status: 204 },
  {
    title: "a GET that may not listen",
    method: "GET",
    headers: STREAM,
    kind: "open_stream",
    status: 405,
  },
])("$title is decided by the policy and answered by the server", async (given) => {
  answer = (exchange) => exchange.reply(given.status, { "x-from": "server" });
  const reply = await call(target, { path: "/mcp", method: given.method, headers: given.headers });

  expect(reply.status).toBe(given.status);
  expect(reply.headers.get("x-from")).toBe("server");
  expect(reply.body.length).toBe(0);
  const received = upstream.requests.at(-1);
  expect(received).toMatchObject({ method: given.method, path: "/mcp" });
  expect((await received?.whole)?.length).toBe(0);
  expect(received?.headers).toMatchObject({
    "x-zta-decision-id": service.decisions[0]?.decision_id,
  });
  expect(service.decisions[0]).toMatchObject({
    result: { allow: true },
    input: { message: { kind: given.kind } },
  });
});

test.each([
  { title: "202 without a body", status: 202, headers: {} },
  { title: "202 of length 0", status: 202, headers: { "content-length": 0 } },
  { title: "204", status: 204, headers: {} },
])("a notification is answered by the server's $title", async ({ status, headers }) => {
  answer = (exchange) => exchange.reply(status, headers);
  const body = { jsonrpc: "2.0", method: "notifications/initialized" };
  const reply = await call(target, { path: "/mcp", body });

  expect(reply.status).toBe(status);
  expect(reply.body.length).toBe(0);
  expect(reply.headers.get("x-zta-decision")).toBe("allow");
  expect(JSON.parse(String(await upstream.requests.at(-1)?.whole))).toEqual(body);
});

test.each([{ method: "HEAD" }, { method: "PUT" }, { method: "PATCH" }])(
  "$method is no way to talk to an MCP server: 403, and the server hears nothing",
  async ({ method }) => {
    const before = upstream.seen().length;
    const reply = await call(target, { path: "/mcp", method });

    expect(reply.status).toBe(403);
    expect(reply.headers.get("x-zta-decision")).toBe("deny");
    expect(reply.headers.get("x-zta-decision-id")).toBe(service.decisions[0]?.decision_id);
    expect(service.decisions[0]).toMatchObject({
      result: { allow: false },
      input: { message: { kind: "other" } },
    });
    expect(upstream.seen().length).toBe(before);
  },
);

test("a GET for anything but a stream is refused, and the server hears nothing", async () => {
  const before = upstream.seen().length;
  const reply = await call(target, { path: "/mcp", headers: { accept: "text/html" } });
  expect(reply.status).toBe(403);
  expect(reply.json()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -31901 } });
  expect(upstream.seen().length).toBe(before);
});

test("a body with a DELETE is refused, and the server hears nothing", async () => {
  const before = upstream.seen().length;
  const reply = await call(target, { path: "/mcp", method: "DELETE", body: "x" });
  expect(reply.status).toBe(400);
  expect(reply.json()).toMatchObject({ error: { data: { code: "unexpected_body" } } });
  expect(upstream.seen().length).toBe(before);
});

test.each([
  { title: "GET", body: undefined },
  { title: "POST", body: toolCall(3) },
])("a $title to a path of no server is a 404 that a JSON-RPC client can read", async ({ body }) => {
  const before = upstream.seen().length;
  const reply = await call(target, { path: "/nowhere", ...(body ? { body } : {}) });

  expect(reply.status).toBe(404);
  expect(reply.headers.get("content-type")).toBe("application/json");
  expect(reply.json()).toMatchObject({
    jsonrpc: "2.0",
    id: null,
    error: { data: { code: "unknown_server", decision_id: service.decisions[0]?.decision_id } },
  });
  expect(upstream.seen().length).toBe(before);
});

test("what Envoy refuses by itself is answered, and is no fault", async () => {
  const head = "GET /mcp%2f HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n\r\n";
  expect(await sendRaw(target, head)).toMatch(/^HTTP\/1\.1 400 /);
  expect(service.faults).toEqual([]);
});

test("a header with an underscore goes no further: some servers read it as one with a dash", async () => {
  answer = (exchange) => exchange.reply(202, {}, "");
  const headers = { ...session("s-3"), x_zta_decision: "allow", "x-kept": "yes" };
  await call(target, { path: "/mcp", method: "DELETE", headers });
  const seen = upstream.requests.at(-1);
  expect(seen?.headers).toMatchObject({ "x-kept": "yes" });
  expect(seen?.headers).not.toHaveProperty("x_zta_decision");
});
