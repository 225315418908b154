import { credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { loadServices } from "../../src/envoy/protocol.ts";
import { call, openUpload, type Target } from "../support/client.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { JSON_HEADERS, SECRET, toolCall, toolResult } from "../support/messages.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { waitFor, within } from "../support/wait.ts";

const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: "*", server: files }]
deny_rules: [{ tool: "delete_*", reason: Deletion is not permitted, constraints: { nothing: { type: "null" } } }]
`;

let isReady = true;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await startUpstream(async (exchange) => {
    await exchange.request.whole;
    if (exchange.request.method === "POST") exchange.json(toolResult(1, "done"));
    else exchange.reply(204);
  });
  service = await startTestService({ policy: POLICY, ready: () => isReady });
  const upstreams = [{ id: "files", url: upstream.url }];
  gateway = await startGateway({ template: "ext-authz.yaml", upstreams, service });
});

beforeEach(() => {
  service.clear();
  isReady = true;
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await upstream.stop();
});

describe.each(["http1", "http2"] as const)("with ext_authz over %s", (protocol) => {
  test("an allowed call reaches the server byte for byte, with our headers", async () => {
    const body = `{ "jsonrpc":"2.0","id" :1,"method":"tools/call","params":{"name":"echo"}}\n`;
    const headers = { ...JSON_HEADERS, "x-zta-policy": "forged", "x-zta-anything": "forged" };
    const reply = await call(target(protocol), { path: "/mcp", method: "POST", headers, body });

    expect(reply.json()).toEqual(toolResult(1, "done"));
    const received = upstream.requests.at(-1);
    expect((await received?.whole)?.toString()).toBe(body);
    const ours = Object.entries(received?.headers ?? {}).filter(([name]) => /^x-zta/.test(name));
    expect(Object.fromEntries(ours)).toEqual({
      "x-zta-security-layer": "L1,L2",
      "x-zta-decision-id": service.decisions[0]?.decision_id,
      "x-zta-policy": service.policy.engine.revision,
    });
    expect(service.decisions).toMatchObject([{ input: { server: { id: "files" } } }]);
  });

  test("a denied call is answered with its id, and the server hears nothing", async () => {
    const { reply, reached } = await send(protocol, toolCall("d-1", {}, "delete_user"));
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/json");
    expect(reply.headers.get("x-zta-decision")).toBe("deny");
    expect(reply.json()).toMatchObject({
      id: "d-1",
      error: { data: { code: "policy_denied", decision_id: service.decisions[0]?.decision_id } },
    });
    expect(reached).toBe(0);
  });

  test("a call that would need cleaning is refused, since it cannot be cleaned", async () => {
    const { reply, reached } = await send(protocol, toolCall(1, { text: SECRET }));
    expect(reply.status).toBe(200);
    expect(reply.json()).toMatchObject({ id: 1, error: { data: { code: "needs_cleaning" } } });
    expect(reached).toBe(0);
    expect(service.decisions.at(-1)).toMatchObject({ result: { allow: false } });
    expect(JSON.stringify(service.decisions)).not.toContain(SECRET);
  });

  test("a denied notification is answered 202, and goes nowhere", async () => {
    const { reply, reached } = await send(protocol, {
      jsonrpc: "2.0",
      method: "notifications/acme",
    });
    expect([reply.status, reply.text]).toEqual([202, ""]);
    expect(reached).toBe(0);
  });

  test.each([
    { title: "announced", announced: true },
    { title: "in chunks", announced: false },
  ])("a body over a mebibyte, $title, is refused, and the server hears nothing", async (given) => {
    const before = upstream.seen().length;
    const body = JSON.stringify(toolCall(1, { text: "word ".repeat(220_000) }));
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const headers = { ...JSON_HEADERS, ...(given.announced ? length : {}) };
    const upload = openUpload(target(protocol), { path: "/mcp", headers });
    void upload.write(body);
    upload.end();
    expect((await within("the refusal", upload.head)).status).toBe(413);
    upload.abort();
    expect(upstream.seen().length).toBe(before);
  });

  test("a DELETE is decided too, and so is a PUT", async () => {
    const ended = await call(target(protocol), { path: "/mcp", method: "DELETE" });
    expect(ended.status).toBe(204);
    expect(service.decisions).toMatchObject([{ input: { message: { kind: "end_session" } } }]);
    const before = upstream.seen().length;
    expect((await call(target(protocol), { path: "/mcp", method: "PUT" })).status).toBe(403);
    expect(upstream.seen().length).toBe(before);
  });
});

test("an Envoy that sends bodies as text, and so repairs them, is refused", async () => {
  await using misconfigured = await startGateway({
    template: "ext-authz.yaml",
    upstreams: [{ id: "files", url: upstream.url }],
    service,
    override: ({ static_resources: { listeners } }) => {
      const [filter = {}] = listeners[0].filter_chains[0].filters[0].typed_config.http_filters;
      const settings: object = Reflect.get(filter, "typed_config");
      Object.assign(Reflect.get(settings, "with_request_body"), { pack_as_bytes: false });
    },
  });
  const before = upstream.seen().length;
  const { host, port } = misconfigured;
  const reply = await call({ host, port }, { path: "/mcp", body: toolCall(1) });
  expect(reply.status).toBe(503);
  expect(reply.json()).toMatchObject({ error: { code: -31900 } });
  expect(upstream.seen().length).toBe(before);
  expect(service.faults).toMatchObject([{ code: "internal" }]);
  service.clear();
});

test("the access log says what ext_authz decided", async () => {
  const body = toolCall(1, {}, "delete_user");
  const reply = await call(target("http1"), { path: "/mcp", body });
  const id = reply.headers.get("x-request-id");
  const line = await waitFor("the call's line", async () =>
    (await gateway.accessLog()).find(({ request_id }) => request_id === id),
  );
  expect(line.impedance).toMatchObject({
    impedance: { allowed: false, method: "tools/call", tool: "delete_user" },
  });
});

describe("grpc.health.v1 on the same port", () => {
  const { health } = loadServices();
  const Client = makeGenericClientConstructor(health, "Health");
  const SERVING = 1;
  const NOT_SERVING = 2;

  test("says whether the service is ready", async () => {
    const connected: unknown = new Client(
      `127.0.0.1:${service.port}`,
      credentials.createInsecure(),
    );
    // grpc-js makes the methods of the service definition while it runs.
    const client = connected as HealthClient;
    const check = () =>
      new Promise<{ status: number }>((resolve, reject) => {
        client.Check({}, (error, answer) => (error ? reject(error) : resolve(answer)));
      });
    expect(await check()).toMatchObject({ status: SERVING });
    isReady = false;
    expect(await check()).toMatchObject({ status: NOT_SERVING });
    client.close();
  });
});

interface HealthClient {
  Check(request: object, reply: (error: Error | null, answer: { status: number }) => void): void;
  close(): void;
}

function target(protocol: "http1" | "http2"): Target {
  return { host: gateway.host, port: gateway.port, protocol };
}

/** Sends one message and counts the bytes that it made the server hear. */
async function send(protocol: "http1" | "http2", body: { readonly [key: string]: unknown }) {
  const before = upstream.seen().length;
  const reply = await call(target(protocol), { path: "/mcp", body });
  return { reply, reached: upstream.seen().length - before };
}
