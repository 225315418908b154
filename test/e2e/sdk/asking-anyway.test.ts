import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { call, openCall, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { REDACTED, SECRET, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import {
  startUpstream,
  type Upstream,
  type UpstreamExchange,
  type UpstreamHandler,
} from "../../support/upstream.ts";
import { within } from "../../support/wait.ts";
import { POLICY } from "./policy.ts";

/** A server that asks its client although the client declared that nobody answers. */

const SAMPLING = {
  method: "sampling/createMessage",
  params: {
    messages: [{ role: "user", content: { type: "text", text: `complete: ${SECRET}` } }],
    maxTokens: 9,
  },
};
const ELICITATION = {
  method: "elicitation/create",
  params: { message: "who?", requestedSchema: { type: "object", properties: {} } },
};

type Body = { readonly id: number; readonly method: string; readonly params: Params };
type Params = { readonly name?: string; readonly inputResponses?: object };

let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({ policy: POLICY });
  gateway = await startGateway({
    upstreams: [
      { id: "open", url: upstream.url, path: "/open/mcp" },
      { id: "shut", url: upstream.url, path: "/shut/mcp" },
    ],
    service,
  });
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

async function bodyOf({ request }: UpstreamExchange): Promise<Body> {
  return JSON.parse((await request.whole).toString()) as Body;
}

/** A server of 2026-07-28 whose tool asks first, in JSON or in a stream. */
async function askFirst(exchange: UpstreamExchange): Promise<void> {
  const { id, method, params } = await bodyOf(exchange);
  const result = (members: object) => ({ jsonrpc: "2.0", id, result: members });
  if (method === "server/discover") {
    return exchange.json(
      result({
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {} },
        serverInfo: { name: "asking", version: "1" },
        ttlMs: 0,
        cacheScope: "private",
      }),
    );
  }
  const given = params.inputResponses;
  const content = [{ type: "text", text: JSON.stringify(given ?? null) }];
  if (given !== undefined) return exchange.json(result({ resultType: "complete", content }));
  const inputRequests = { one: ELICITATION, two: SAMPLING };
  const asking = result({ resultType: "input_required", inputRequests, requestState: "s-1" });
  if (params.name !== "stream") return exchange.json(asking);
  const stream = exchange.sse();
  await stream.send(asking);
  stream.end();
}

async function connect(url: string, asked: string[]): Promise<Client> {
  const client = new Client(
    { name: "impedance-test", version: "1.0.0" },
    {
      capabilities: { sampling: {}, elicitation: {} },
      versionNegotiation: { mode: { pin: "2026-07-28" } },
    },
  );
  client.setRequestHandler("sampling/createMessage", ({ params }) => {
    asked.push(JSON.stringify(params.messages));
    return { model: "m", role: "assistant", content: { type: "text", text: "ok" } };
  });
  client.setRequestHandler("elicitation/create", ({ params }) => {
    asked.push(params.message);
    return { action: "accept", content: {} };
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

describe.each(["json", "stream"])("a client of the SDK 2.x whose server asks within %s", (tool) => {
  test("gets an error, and is not asked, where the policy grants nothing", async () => {
    answer = askFirst;
    const asked: string[] = [];
    const client = await connect(gateway.url("/shut/mcp"), asked);
    const called = client.callTool({ name: tool, arguments: {} });
    await expect(within("the end of the call", called)).rejects.toMatchObject({
      code: -31901,
      data: { code: "server_request_refused" },
    });
    expect(asked).toEqual([]);
    await client.close();
  });

  test("is asked, with what is clean, where the policy grants it", async () => {
    answer = askFirst;
    const asked: string[] = [];
    const client = await connect(gateway.url("/open/mcp"), asked);
    const { content } = await client.callTool({ name: tool, arguments: {} });
    expect(JSON.stringify(content)).toContain("accept");
    expect(asked.join("\n")).toContain(REDACTED);
    expect(asked.join("\n")).not.toContain(SECRET);
    await client.close();
  });
});

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "agent", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {
    sampling: {},
    elicitation: {},
    extensions: { "io.modelcontextprotocol/tasks": {} },
  },
};

/** One request of 2026-07-28, with the headers that mirror it. */
function modern(server: string, method: string, name: string, params: object) {
  const headers = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    "mcp-name": name,
  };
  const body = { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: META } };
  return { path: `/${server}/mcp`, headers, body };
}

describe("a task of the 2026 extension", () => {
  const task = { taskId: "t-1", status: "working", ttlMs: 60_000, pollIntervalMs: 10 };

  test("is created by a call, watched, and cancelled", async () => {
    const answers: { readonly [method: string]: object } = {
      "tools/call": { resultType: "task", ...task },
      "tasks/get": { resultType: "complete", ...task },
      "tasks/cancel": { resultType: "complete" },
    };
    answer = async (exchange) => {
      const { id, method } = await bodyOf(exchange);
      exchange.json({ jsonrpc: "2.0", id, result: answers[method] });
    };
    const reply = async (method: string, name: string, params: object) =>
      (await call(target, modern("open", method, name, params))).json();
    for (const [method, name, params] of [
      ["tools/call", "brew", { name: "brew", arguments: {} }],
      ["tasks/get", "t-1", { taskId: "t-1" }],
      ["tasks/cancel", "t-1", { taskId: "t-1" }],
    ] as const) {
      const result = answers[method];
      expect(await reply(method, name, params)).toEqual({ jsonrpc: "2.0", id: 1, result });
    }
  });

  test.each([
    { server: "open", passes: true },
    { server: "shut", passes: false },
  ])("that waits for input asks the client of server $server", async ({ server, passes }) => {
    const waiting = { ...task, status: "input_required", inputRequests: { one: SAMPLING } };
    answer = async (exchange) => {
      const { id, method } = await bodyOf(exchange);
      const result = method === "tasks/get" ? waiting : {};
      exchange.json({ jsonrpc: "2.0", id, result: { resultType: "complete", ...result } });
    };
    const reply = await call(target, modern(server, "tasks/get", "t-1", { taskId: "t-1" }));
    const refused = { error: { data: { code: "server_request_refused" } } };
    expect(reply.json()).toMatchObject(passes ? { result: { status: "input_required" } } : refused);
    expect(reply.text).not.toContain(SECRET);

    const inputResponses = {
      one: { role: "assistant", model: "m", content: { type: "text", text: SECRET } },
    };
    const update = modern(server, "tasks/update", "t-1", { taskId: "t-1", inputResponses });
    expect((await call(target, update)).json()).toMatchObject({ result: {} });
    expect(upstream.requests.at(-1)?.body().includes(REDACTED)).toBe(true);
  });
});

describe("a batch of 2025-03-26", () => {
  const headers = { "mcp-protocol-version": "2025-03-26" };

  test("passes as one, cleaned, and so does what answers it", async () => {
    answer = async (exchange) => {
      const [first, , second] = JSON.parse((await exchange.request.whole).toString());
      const { text } = first.params.arguments;
      exchange.json([toolResult(second.id, SECRET), toolResult(first.id, text)]);
    };
    const body = [
      toolCall(1, { text: SECRET }),
      { jsonrpc: "2.0", method: "notifications/initialized" },
      toolCall("two"),
    ];
    const reply = await call(target, { path: "/open/mcp", headers, body });
    expect(reply.json()).toEqual([toolResult("two", REDACTED), toolResult(1, REDACTED)]);
    expect(upstream.seen().includes(SECRET)).toBe(false);
  });

  test("may be answered in a stream, with questions of the server among the answers", async () => {
    answer = async (exchange) => {
      const stream = exchange.sse();
      await stream.send([toolResult(2, "second"), { jsonrpc: "2.0", id: "s", ...SAMPLING }]);
      await stream.send(toolResult(1, "first"));
      stream.end();
    };
    const body = [toolCall(1), toolCall(2)];
    const streamed = openCall(target, { path: "/shut/mcp", headers, body });
    expect((await streamed.events.next()).json()).toEqual([
      toolResult(2, "second"),
      { jsonrpc: "2.0", id: "s", method: "dev.impedance/denied" },
    ]);
    expect((await streamed.events.next()).json()).toEqual(toolResult(1, "first"));
    expect(await streamed.ended).toBe("complete");
  });

  test("of answers to the server's questions passes, cleaned", async () => {
    answer = (exchange) => exchange.reply(202);
    const result = { role: "assistant", model: "m", content: { type: "text", text: SECRET } };
    const body = [
      { jsonrpc: "2.0", id: "s", result },
      { jsonrpc: "2.0", id: "t", error: { code: -32601, message: "no" } },
    ];
    const reply = await call(target, { path: "/open/mcp", headers, body });
    expect([reply.status, reply.text]).toEqual([202, ""]);
    expect(upstream.requests.at(-1)?.body().includes(REDACTED)).toBe(true);
  });
});
