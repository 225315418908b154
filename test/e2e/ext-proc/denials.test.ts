import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type Call, call, type Target } from "../../support/client.ts";
import { freePort, type Gateway, startGateway } from "../../support/gateway.ts";
import { deniedResult, SECRET, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";

const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }]
deny_rules: [{ tool: "delete_*", reason: Deletion is not permitted, constraints: { nothing: { type: "null" } } }]
`;

/** One service for each form of denial, in front of the same server. */
interface Setup {
  readonly service: TestService;
  readonly gateway: Gateway;
  readonly target: Target;
}

const DENIED = toolCall(17, { name: "everything" }, "delete_user");
const STYLES = ["jsonrpc", "http", "tool"] as const;

let answer: UpstreamHandler;
let upstream: Upstream;
let setups: Map<string, Setup>;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  const upstreams = [
    { id: "files", url: upstream.url },
    { id: "down", url: `http://127.0.0.1:${await freePort()}/mcp`, path: "/down/mcp" },
  ];
  setups = new Map();
  for (const denial of STYLES) {
    const service = await startTestService({ policy: POLICY, denial });
    const gateway = await startGateway({ upstreams, service });
    const target = { host: gateway.host, port: gateway.port };
    setups.set(denial, { service, gateway, target });
  }
});

beforeEach(() => {
  for (const { service } of setups.values()) service.clear();
});

afterAll(async () => {
  for (const { service, gateway } of setups.values()) {
    expect(service.faults).toEqual([]);
    await gateway.stop();
    await service.stop();
  }
  await upstream.stop();
});

describe("a denied request", () => {
  test.each([
    { denial: "jsonrpc", status: 200, answered: { error: { code: -31901 } } },
    { denial: "http", status: 403, answered: { error: { code: -31901 } } },
    { denial: "tool", status: 200, answered: { result: { isError: true } } },
  ])("has its answer and leaves the server alone (denial: $denial)", async (given) => {
    const { service, reply, reached } = await send(given.denial, { path: "/mcp", body: DENIED });

    const [decision] = service.decisions;
    const id = decision?.decision_id;
    expect(reply.status).toBe(given.status);
    expect(reply.json()).toMatchObject({ jsonrpc: "2.0", id: 17, ...given.answered });
    expect(reply.text).toContain("Deletion is not permitted");
    expect(reply.text).toContain(id);
    expect(reply.text).not.toContain("everything");
    expect(reply.headers.get("content-type")).toBe("application/json");
    expect(reply.headers.get("content-length")).toBe(String(reply.body.length));
    expect(reply.headers.get("x-zta-decision")).toBe("deny");
    expect(reply.headers.get("x-zta-decision-id")).toBe(id);
    expect(decision).toMatchObject({ result: { allow: false, reasons: [{ rule: "deny/0" }] } });
    expect(reached).toBe(0);
  });

  test("that is no tool call is answered by a JSON-RPC error, denial: tool or not", async () => {
    const body = { jsonrpc: "2.0", id: "p", method: "prompts/get", params: { name: "x" } };
    const { reply, reached } = await send("tool", { path: "/mcp", body });
    expect(reply.status).toBe(200);
    expect(reply.json()).toMatchObject({ id: "p", error: { data: { code: "unknown_name" } } });
    expect(reached).toBe(0);
  });
});

test.each([
  { denial: "jsonrpc", status: 202, body: "" },
  { denial: "http", status: 403, body: expect.stringContaining("unknown_method") },
])(
  "a denied notification is answered $status (denial: $denial), and goes nowhere",
  async (given) => {
    const body = { jsonrpc: "2.0", method: "notifications/acme" };
    const { reply, reached } = await send(given.denial, { path: "/mcp", body });
    expect(reply.status).toBe(given.status);
    expect(reply.text).toEqual(given.body);
    expect(reply.headers.get("x-zta-decision")).toBe("deny");
    expect(reached).toBe(0);
  },
);

test("a batch with one denied member is denied whole, with an error for each id", async () => {
  const note = { jsonrpc: "2.0", method: "notifications/initialized" };
  const body = [toolCall(1), note, DENIED, toolCall("three")];
  const { service, reply, reached } = await send("jsonrpc", { path: "/mcp", body });

  expect(reply.status).toBe(200);
  expect(reply.json()).toMatchObject([
    { id: 1, error: { code: -31901 } },
    { id: 17, error: { code: -31901 } },
    { id: "three", error: { code: -31901 } },
  ]);
  expect(reply.json()).toHaveLength(3);
  const codes = service.decisions.map(({ result }) => result.reasons[0]?.code);
  expect(codes).toEqual(["batch_denied", "batch_denied", "policy_denied", "batch_denied"]);
  expect(reached).toBe(0);
});

test("a batch without a denied member passes, and its answers too", async () => {
  const results = [toolResult(1, "one"), toolResult(2, "two")];
  answer = (exchange) => exchange.json(results);
  const { reply } = await send("jsonrpc", { path: "/mcp", body: [toolCall(1), toolCall(2)] });
  expect(reply.json()).toEqual(results);
});

describe("a denied response", () => {
  test.each([
    { denial: "jsonrpc", status: 200, answered: { error: { data: { code: "secret_left" } } } },
    { denial: "http", status: 403, answered: { error: { data: { code: "secret_left" } } } },
    // What the agent learns as a tool's own failure, it may try again: no call was made in vain.
    { denial: "tool", status: 200, answered: { result: { isError: true } } },
  ])("has its place taken, head and all (denial: $denial)", async (given) => {
    answer = (exchange) =>
      exchange.json(deniedResult(1), { status: 200, headers: { "x-from": "server" } });
    const { reply, reached } = await send(given.denial, { path: "/mcp", body: toolCall(1) });

    expect(reply.status).toBe(given.status);
    expect(reply.json()).toMatchObject({ jsonrpc: "2.0", id: 1, ...given.answered });
    expect(reply.headers.has("x-from")).toBe(false);
    expect(reply.headers.get("x-zta-decision")).toBe("deny");
    expect(reply.headers.get("content-length")).toBe(String(reply.body.length));
    expect(reply.text).not.toContain(SECRET);
    expect(reached).toBeGreaterThan(0);
  });

  test.each([
    { title: "compressed", code: "response_encoding" },
    { title: "of a type that nobody can read", code: "response_media_type" },
    { title: "no JSON, though it says so", code: "response_unreadable" },
    { title: "empty", code: "response_missing" },
  ])("is one that is $title", async ({ title, code }) => {
    const types = new Map([
      ["of a type that nobody can read", ["application/octet-stream", "leak"]],
      ["no JSON, though it says so", ["application/json", '{"leak":']],
      ["empty", ["application/json", ""]],
    ]);
    answer = (exchange) => {
      const [type = "", body = ""] = types.get(title) ?? [];
      if (type === "") exchange.gzip({ leak: true });
      else exchange.reply(200, { "content-type": type, "content-length": body.length }, body);
    };
    const { reply } = await send("jsonrpc", { path: "/mcp", body: toolCall(1) });
    expect(reply.json()).toMatchObject({ id: 1, error: { data: { code } } });
    expect(reply.text).not.toContain("leak");
  });
});

describe("an error of HTTP's own", () => {
  test.each([
    { title: "the server's text", status: 404, type: "text/plain", body: "Session not found" },
    { title: "the server's JSON-RPC", status: 400, type: "application/json", body: rpcError() },
    { title: "a server's text without a type", status: 500, type: "", body: "boom" },
  ])("reaches the client: $title", async ({ status, type, body }) => {
    answer = (exchange) =>
      exchange.reply(status, type === "" ? {} : { "content-type": type }, body);
    const { reply } = await send("jsonrpc", { path: "/mcp", body: toolCall(1) });
    expect(reply.status).toBe(status);
    expect(reply.text).toBe(body);
  });

  test.each([
    { title: "a GET", method: "GET" },
    { title: "a DELETE", method: "DELETE" },
    {
      title: "a notification",
      method: "POST",
      body: { jsonrpc: "2.0", method: "notifications/cancelled" },
    },
    { title: "the handshake", method: "POST", body: initialize() },
  ])("of Envoy (server down) reaches $title as such", async ({ method, body }) => {
    const { service, reply } = await send("jsonrpc", {
      path: "/down/mcp",
      method,
      headers: { accept: "text/event-stream" },
      ...(body === undefined ? {} : { body }),
    });
    expect(reply.status).toBe(503);
    expect(reply.headers.get("x-zta-decision")).toBe("allow");
    expect(reply.text).toMatch(/upstream connect error/);
    expect(service.faults).toEqual([]);
    await service.idle();
  });

  test("of Envoy (server down) is an error for the id of who waits", async () => {
    const { reply } = await send("jsonrpc", { path: "/down/mcp", body: toolCall(1) });
    expect(reply.status).toBe(200);
    expect(reply.json()).toMatchObject({
      id: 1,
      error: { code: -31902, data: { code: "server_unavailable" } },
    });
  });
});

function initialize() {
  const clientInfo = { name: "test", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  return { jsonrpc: "2.0", id: 1, method: "initialize", params };
}

/** Sends one call and counts the bytes that it made the server hear. */
async function send(denial: string, options: Call) {
  const setup = setups.get(denial);
  if (setup === undefined) throw new Error(`no setup for ${denial}`);
  const before = upstream.seen().length;
  const reply = await call(setup.target, options);
  return { ...setup, reply, reached: upstream.seen().length - before };
}

function rpcError(): string {
  return JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32000, message: "no" } });
}
