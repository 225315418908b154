import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { call, openCall, openUpload, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { JSON_HEADERS, REDACTED, SECRET, toolCall, toolResult } from "../../support/messages.ts";
import { interpose, startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";
import { waitFor } from "../../support/wait.ts";

const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }, { method: resources/read }]
`;

let answer: UpstreamHandler;
/** While set, the verdict on a request, or on a response, waits for it. */
let requestGate: Gate | null = null;
let responseGate: Gate | null = null;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({
    policy: POLICY,
    limits: { verdictDeadlineMs: 20_000 },
    firewall: (real) =>
      interpose(real, (exchange) => ({
        request: async (body) => {
          await requestGate?.reached();
          return exchange.request(body);
        },
        response: async (body) => {
          await responseGate?.reached();
          return exchange.response(body);
        },
      })),
  });
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
  target = { host: gateway.host, port: gateway.port };
});

beforeEach(async () => {
  await service.idle();
  requestGate = null;
  responseGate = null;
  service.clear();
  answer = (exchange) => exchange.json(toolResult(1, "done"));
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await upstream.stop();
});

describe("a request", () => {
  test("reaches the server with no byte before the verdict, and whole after it", async () => {
    requestGate = createGate();
    const before = upstream.seen().length;
    const body = JSON.stringify(toolCall(1));
    const exchange = openCall(target, {
      path: "/mcp",
      method: "POST",
      headers: JSON_HEADERS,
      body,
    });
    await requestGate.whenReached;

    expect(upstream.seen().length).toBe(before);
    requestGate.open();
    expect((await exchange.reply()).json()).toEqual(toolResult(1, "done"));
    expect((await upstream.requests.at(-1)?.whole)?.toString()).toBe(body);
  });

  test("that is still coming has not even its head at the server", async () => {
    const before = upstream.seen().length;
    const body = JSON.stringify(toolCall(1));
    const exchange = openUpload(target, { path: "/mcp", headers: JSON_HEADERS });
    await exchange.write(body.slice(0, 20));
    await waitFor("the exchange at the service", () => service.grpc.openStreams > 0);

    expect(upstream.seen().length).toBe(before);
    await exchange.write(body.slice(20));
    exchange.end();
    expect((await exchange.reply()).status).toBe(200);
    expect((await upstream.requests.at(-1)?.whole)?.toString()).toBe(body);
  });

  test("has the headers of the firewall, and none that pretend to be", async () => {
    const reply = await call(target, {
      path: "/mcp",
      headers: {
        "x-zta-security-layer": "none",
        "x-zta-decision": "allow",
        "X-ZTA-Anything": "forged",
        "accept-encoding": "gzip, br",
        "x-other": "stays",
      },
      body: toolCall(1),
    });
    expect(reply.status).toBe(200);
    const [request] = service.decisions;
    expect(fieldsOf("zta", upstream)).toEqual({
      "x-zta-security-layer": "L1,L2",
      "x-zta-decision-id": request?.decision_id,
      "x-zta-policy": service.policy.engine.revision,
    });
    expect(upstream.requests.at(-1)?.headers).toMatchObject({ "x-other": "stays" });
    expect(upstream.requests.at(-1)?.headers).not.toHaveProperty("accept-encoding");
  });

  test.each([
    { title: "with a length", chunked: false },
    { title: "in chunks", chunked: true },
  ])("$title arrives cleaned, with its exact length", async ({ chunked }) => {
    const body = JSON.stringify(toolCall(1, { text: `my key is ${SECRET}, keep it` }));
    const cleaned = Buffer.from(body.replace(SECRET, REDACTED));
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const headers = { ...JSON_HEADERS, ...(chunked ? {} : length) };
    const exchange = openUpload(target, { path: "/mcp", headers });
    await exchange.write(body);
    exchange.end();

    expect((await exchange.reply()).status).toBe(200);
    const received = upstream.requests.at(-1);
    expect(await received?.whole).toEqual(cleaned);
    expect(received?.headers["content-length"]).toBe(String(cleaned.length));
    expect(received?.headers).not.toHaveProperty("transfer-encoding");
    expect(upstream.seen().includes(SECRET)).toBe(false);
  });

  test("of 2026-07-28 has an mcp-name that says what its cleaned body says", async () => {
    const uri = `https://example.test/read?token=${SECRET}`;
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const read = { jsonrpc: "2.0", id: 7, method: "resources/read", params: { uri, _meta: meta } };
    answer = (exchange) =>
      exchange.json({
        jsonrpc: "2.0",
        id: 7,
        result: { resultType: "complete", contents: [], ttlMs: 0, cacheScope: "private" },
      });
    const reply = await call(target, {
      path: "/mcp",
      headers: {
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "resources/read",
        "mcp-name": uri,
      },
      body: read,
    });
    expect(reply.status).toBe(200);
    const received = upstream.requests.at(-1);
    const cleaned = JSON.parse(String(await received?.whole)) as typeof read;
    expect(cleaned.params.uri).toContain("[REDACTED:");
    expect(received?.headers).toMatchObject({
      "mcp-method": "resources/read",
      "mcp-name": cleaned.params.uri,
    });
    expect(upstream.seen().includes(SECRET)).toBe(false);
  });
});

describe("a response", () => {
  test("reaches the client with no byte before the verdict, and whole after it", async () => {
    responseGate = createGate();
    const exchange = openCall(target, { path: "/mcp", body: toolCall(1) });
    let arrived = false;
    void exchange.head.then(() => {
      arrived = true;
    });
    await responseGate.whenReached;

    expect(arrived).toBe(false);
    responseGate.open();
    expect((await exchange.reply()).json()).toEqual(toolResult(1, "done"));
  });

  test.each([
    { title: "with a length", chunked: false },
    { title: "in chunks", chunked: true },
  ])("$title arrives cleaned, with its exact length and our headers", async ({ chunked }) => {
    const body = JSON.stringify(toolResult(1, `the key: ${SECRET}`));
    const headers = {
      "content-type": "application/json",
      "x-zta-decision": "forged",
      "x-zta-anything": "forged",
      "mcp-session-id": "stays",
    };
    answer = async (exchange) => {
      if (chunked) await exchange.flood(body.length, Buffer.from(body), headers);
      else exchange.reply(200, headers, body);
    };
    const reply = await call(target, { path: "/mcp", body: toolCall(1) });

    expect(reply.text).toBe(body.replace(SECRET, REDACTED));
    const response = service.decisions.at(-1);
    expect(Object.fromEntries([...reply.headers].filter(([name]) => /zta/.test(name)))).toEqual({
      "x-zta-security-layer": "L1,L2",
      "x-zta-decision-id": response?.decision_id,
      "x-zta-policy": service.policy.engine.revision,
      "x-zta-decision": "redact",
      "x-zta-processing-time": expect.stringMatching(/^\d+$/),
    });
    expect(reply.headers.get("mcp-session-id")).toBe("stays");
    expect(reply.headers.get("content-length")).toBe(String(reply.body.length));
    expect(reply.headers.has("transfer-encoding")).toBe(false);
  });
});

/** What reading and writing JSON again would change; `?` is the member that makes it a message. */
const ODD = [
  { title: "white space", json: ` {\t"jsonrpc" :"2.0",\r\n "id":1 , ?}\n\n`, value: "[ 1 ,2]" },
  {
    title: "escapes",
    json: `{"jsonrpc":"2\\u002e0","\\u0069d":1,?}`,
    value: `"\\/\\u00e9\\ud83d\\ude00"`,
  },
  { title: "numbers", json: `{"id":1,"jsonrpc":"2.0",?}`, value: "[1.0,1e2,-0,0.1e-7,1E+2]" },
  { title: "UTF-8", json: `{?,"jsonrpc":"2.0","id":1}`, value: `"aé☃😀\u007f"` },
];

test.each(ODD)("a body without anything to change keeps its $title, both ways", async (odd) => {
  const args = `"arguments":{"x":${odd.value}}`;
  const request = odd.json.replace("?", `"method":"tools/call","params":{"name":"echo",${args}}`);
  const structured = `"structuredContent":{"x":${odd.value}}`;
  const response = odd.json.replace("?", `"result":{"content":[],${structured}}`);
  answer = (exchange) => exchange.reply(200, { "content-type": "application/json" }, response);
  const reply = await call(target, {
    path: "/mcp",
    method: "POST",
    headers: JSON_HEADERS,
    body: request,
  });
  expect((await upstream.requests.at(-1)?.whole)?.toString()).toBe(request);
  expect(reply.text).toBe(response);
});

interface Gate {
  /** Called from inside; resolves once the gate is open. */
  reached(): Promise<void>;
  readonly whenReached: Promise<void>;
  open(): void;
}

function createGate(): Gate {
  const arrival = Promise.withResolvers<void>();
  const opening = Promise.withResolvers<void>();
  return {
    reached: () => {
      arrival.resolve();
      return opening.promise;
    },
    whenReached: arrival.promise,
    open: opening.resolve,
  };
}

function fieldsOf(part: string, { requests }: Upstream) {
  const entries = Object.entries(requests.at(-1)?.headers ?? {});
  return Object.fromEntries(entries.filter(([name]) => name.includes(part)));
}
