import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { PaddingScheme } from "../../../src/core/padding.ts";
import { call, openStream, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { connectSdkClient, startEverything } from "../../support/mcp.ts";
import { JSON_HEADERS, progress, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";

const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: echo }]
`;
const MIB = 1024 * 1024;
const BLOCK = 4096;
const OFF: PaddingScheme = { kind: "off" };
const CONSTANT: PaddingScheme = { kind: "constant", blockBytes: BLOCK };
const REQUEST_MAX_BYTES = 64 * 1024 - 100;

let padding: PaddingScheme;
let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({
    policy: POLICY,
    limits: { requestBodyMaxBytes: REQUEST_MAX_BYTES, sseHeartbeatMs: 100 },
    dependencies: (real) => ({
      ...real,
      settings: (server) => ({
        ...real.settings(server),
        padding: server === "plain" ? OFF : padding,
      }),
    }),
  });
  gateway = await startGateway({
    upstreams: [
      { id: "files", url: upstream.url },
      { id: "plain", url: upstream.url, path: "/plain" },
    ],
    service,
  });
  target = { host: gateway.host, port: gateway.port };
});

beforeEach(async () => {
  await service.idle();
  service.clear();
  padding = CONSTANT;
  answer = (exchange) => exchange.json(toolResult(1, "done"));
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await upstream.stop();
});

describe.each(["http1", "http2"] as const)("over %s, with blocks of 4096", (protocol) => {
  const text = "x".repeat(5000);

  test("a request reaches the server in a block, its own bytes first", async () => {
    const sent = JSON.stringify(toolCall(1, { text }));
    await call({ ...target, protocol }, post(sent));
    const request = upstream.requests.at(-1);
    const body = await request?.whole;

    expect(body?.toString()).toBe(sent.padEnd(2 * BLOCK));
    expect(request?.headers["content-length"]).toBe(String(2 * BLOCK));
  });

  test("a JSON response reaches the client in a block, its own bytes first", async () => {
    answer = (exchange) => exchange.json(toolResult(1, text));
    const reply = await call({ ...target, protocol }, post(toolCall(1)));

    expect(reply.text).toBe(JSON.stringify(toolResult(1, text)).padEnd(2 * BLOCK));
    expect(reply.headers.get("content-length")).toBe(String(2 * BLOCK));
  });

  test("a denial is as long as a short answer, whoever gives it", async () => {
    const allowed = await call({ ...target, protocol }, post(toolCall(1)));
    const denied = await call({ ...target, protocol }, post(toolCall(2, {}, "delete_user")));
    answer = (exchange) => exchange.reply(200, { "content-type": "text/html" }, "<p>");
    const replaced = await call({ ...target, protocol }, post(toolCall(3)));

    for (const reply of [allowed, denied, replaced]) {
      expect(reply.body.length).toBe(BLOCK);
      expect(reply.headers.get("content-length")).toBe(String(BLOCK));
    }
    expect(denied.json()).toMatchObject({ id: 2, error: { code: expect.any(Number) } });
    expect(replaced.json()).toMatchObject({ id: 3, error: { code: expect.any(Number) } });
  });

  test.each([
    { title: "LF", end: "\n" },
    { title: "CRLF", end: "\r\n" },
  ])("every event of a stream goes out in a block: lines that end with $title", async ({ end }) => {
    const messages = [progress(1), progress(2), toolResult(1, text)];
    answer = async (exchange) => {
      const stream = exchange.sse();
      await stream.write(`: ping${end}`);
      for (const [id, message] of messages.entries()) {
        const event = `id: ${id}${end}data: ${JSON.stringify(message)}${end}${end}`;
        await stream.split(event, event.length - 1);
      }
      stream.end();
    };
    const reply = await openStream({ ...target, protocol }, post(toolCall(1)));
    for (const message of messages) expect((await reply.events.next()).json()).toEqual(message);
    await reply.ended;

    expect(blocksOf(reply.bytes())).toEqual([BLOCK, BLOCK, BLOCK, 2 * BLOCK]);
  });
});

describe("with blocks of 4096", () => {
  test("an error in the place of an event, and one at the stream's end, go out in a block", async () => {
    answer = async (exchange) => {
      await exchange.sse().send("no json");
    };
    const reply = await openStream(target, post(toolCall(1)));
    expect((await reply.events.next()).json()).toMatchObject({ id: 1, error: {} });
    await reply.ended;
    expect(reply.bytes().length).toBe(BLOCK);
  });

  test("our heartbeats are as long as a short event", async () => {
    answer = async (exchange) => {
      await exchange.sse().send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
    };
    const reply = await openStream(target, { path: "/mcp", headers: JSON_HEADERS, method: "GET" });
    await reply.events.next();
    await expect
      .poll(() => reply.events.all.filter(({ comment }) => comment?.includes("keep-alive")).length)
      .toBeGreaterThan(1);
    expect(new Set(blocksOf(reply.bytes()))).toEqual(new Set([BLOCK]));
    reply.abort();
  });

  test.each([
    { title: "text", type: "text/plain", body: "no such session" },
    { title: "text that claims to be JSON", type: "application/json", body: "no such session" },
  ])("an error of $title is not padded", async ({ type, body }) => {
    answer = (exchange) => exchange.reply(404, { "content-type": type }, body);
    const reply = await call(target, post(toolCall(1)));
    expect(reply.status).toBe(404);
    expect(reply.text).toBe(body);
  });

  test("a JSON error is padded, and what is empty stays empty", async () => {
    answer = (exchange) => exchange.json({ error: "gone" }, { status: 404 });
    expect((await call(target, post(toolCall(1)))).body.length).toBe(BLOCK);
    answer = (exchange) => exchange.reply(202);
    const notification = { jsonrpc: "2.0", method: "notifications/initialized" };
    expect((await call(target, post(notification))).body.length).toBe(0);
  });

  test("no request grows beyond the limit", async () => {
    const empty = JSON.stringify(toolCall(1, { text: "" })).length;
    const text = "x".repeat(REQUEST_MAX_BYTES - 10 - empty);
    expect((await call(target, post(toolCall(1, { text })))).status).toBe(200);
    expect((await upstream.requests.at(-1)?.whole)?.length).toBe(REQUEST_MAX_BYTES);
  });

  test("a server whose padding is off gets and gives every byte as it was", async () => {
    const sent = ` ${JSON.stringify(toolCall(1))} `;
    const given = `\n${JSON.stringify(toolResult(1, "done"))} `;
    answer = (exchange) => exchange.reply(200, { "content-type": "application/json" }, given);
    const reply = await call(target, { ...post(sent), path: "/plain" });
    expect((await upstream.requests.at(-1)?.whole)?.toString()).toBe(sent);
    expect(reply.text).toBe(given);
  });

  test("through ext_authz, which cannot change a body, a request passes as it was", async () => {
    await using authz = await startGateway({
      template: "ext-authz.yaml",
      upstreams: [{ id: "files", url: upstream.url }],
      service,
    });
    const sent = JSON.stringify(toolCall(1));
    const reply = await call({ host: authz.host, port: authz.port }, post(sent));
    expect(reply.status).toBe(200);
    expect((await upstream.requests.at(-1)?.whole)?.toString()).toBe(sent);
  });
});

test("with padding off a stream passes byte for byte", async () => {
  padding = OFF;
  const stream = `\ufeff\n: hello\r\nid: 1\rdata: ${JSON.stringify(toolResult(1, "é"))}\r\n\r\n`;
  answer = async (exchange) => {
    const opened = exchange.sse();
    await opened.split(stream, stream.length - 3);
    opened.end();
  };
  const reply = await call(target, post(toolCall(1)));
  expect(reply.text).toBe(stream);
});

test("with padmé a body grows by at most 12 %", async () => {
  padding = { kind: "padme" };
  const sent = JSON.stringify(toolCall(1, { text: "x".repeat(1000) }));
  await call(target, post(sent));
  expect((await upstream.requests.at(-1)?.whole)?.toString()).toBe(sent.padEnd(1152));
  expect(sent.length).toBeGreaterThan(1152 / 1.12);
});

test("with steps of a megabyte a denial is one megabyte", async () => {
  padding = { kind: "step", sizes: [MIB] };
  const reply = await call(target, post(toolCall(1, {}, "delete_user")));
  expect(reply.body.length).toBe(MIB);
  expect(reply.json()).toMatchObject({ id: 1, error: { code: expect.any(Number) } });
});

test("an SDK client and server-everything do not notice: list, call, progress, denial", async () => {
  await using everything = await startEverything();
  await using front = await startGateway({
    upstreams: [{ id: "everything", url: everything.url }],
    service: await permissive(),
  });
  await using sdk = await connectSdkClient(front.url("/mcp"));
  const { tools } = await sdk.client.listTools();
  expect(tools.map(({ name }) => name)).toContain("echo");
  const echoed = await sdk.client.callTool({ name: "echo", arguments: { message: "hé" } });
  expect(echoed.content).toEqual([{ type: "text", text: "Echo: hé" }]);

  const steps: number[] = [];
  await sdk.client.callTool(
    { name: "trigger-long-running-operation", arguments: { duration: 1, steps: 3 } },
    undefined,
    { onprogress: (step) => steps.push(step.progress) },
  );
  expect(steps).toEqual([1, 2, 3]);
  await expect(sdk.client.callTool({ name: "get-env", arguments: {} })).rejects.toThrow(/./);
});

const services: TestService[] = [];
afterAll(async () => {
  for (const one of services) await one.stop();
});

/** Every tool but one, with padding as it would be configured. */
async function permissive(): Promise<TestService> {
  const policy = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }]
deny_rules: [{ tool: get-env, reason: The environment stays here }]
`;
  const started = await startTestService({ policy, padding: CONSTANT });
  services.push(started);
  return started;
}

function post(body: string | { readonly [key: string]: unknown }) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { path: "/mcp", method: "POST", headers: JSON_HEADERS, body: text };
}

/** Lengths of what stands between two blank lines (or is a comment alone), in order. */
function blocksOf(stream: Buffer): number[] {
  const ends = [...stream.toString("latin1").matchAll(/(?:\r?\n){2}|: ping\r?\n/g)].map(
    (match) => match.index + match[0].length,
  );
  return ends.map((end, index) => end - (ends[index - 1] ?? 0));
}
