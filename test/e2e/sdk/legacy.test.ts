import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { call, openStream, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { connectSdkClient, type SdkClient } from "../../support/mcp.ts";
import { REDACTED, SECRET } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { type Showcase1x, startShowcase1x } from "../../support/showcase-1x.ts";
import { waitFor, within } from "../../support/wait.ts";
import { POLICY } from "./policy.ts";

/** The SDK 1.x on both sides. Server `open` may ask its client, server `shut` may not. */

let showcase: Showcase1x;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  showcase = await startShowcase1x();
  // Clients, servers and the service share one process: fifty sessions at once may wait for long.
  service = await startTestService({ policy: POLICY, limits: { queueDelayMs: 60_000 } });
  gateway = await startGateway({
    upstreams: [
      { id: "open", url: showcase.url, path: "/open/mcp" },
      { id: "shut", url: showcase.url, path: "/shut/mcp" },
    ],
    service,
  });
  target = { host: gateway.host, port: gateway.port };
});

beforeEach(() => {
  service.clear();
  showcase.heard.length = 0;
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await showcase[Symbol.asyncDispose]();
});

/** A client that answers whatever it is asked, with a secret of its own. */
function connect(url: string, asked: unknown[] = []): Promise<SdkClient> {
  return connectSdkClient(url, {
    capabilities: { sampling: {}, elicitation: {}, roots: {} },
    prepare: (client) => {
      client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
        asked.push(params.messages[0]?.content);
        return { model: "m", role: "assistant", content: { type: "text", text: `ok ${SECRET}` } };
      });
      client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
        asked.push(params.message);
        return { action: "accept", content: { name: `me ${SECRET}` } };
      });
      client.setRequestHandler(ListRootsRequestSchema, () => {
        asked.push("roots");
        return { roots: [{ uri: "file:///work", name: `mine ${SECRET}` }] };
      });
    },
  });
}

/** All that a client gets to see, one call after the other. */
async function tour(client: Client): Promise<object> {
  const log: unknown[] = [];
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    log.push(params);
  });
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    log.push(params);
  });
  const failed = (error: { readonly code?: number; readonly message: string }) => ({
    code: error.code,
    message: error.message,
  });
  const callTool = (name: string, args = {}) => client.callTool({ name, arguments: args });
  const uri = "memo://days/monday";
  const steps: unknown[] = [];
  return {
    server: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
    pong: await client.ping(),
    level: await client.setLoggingLevel("info"),
    tools: await client.listTools(),
    structured: await callTool("report", { note: "grüße" }),
    gallery: await callTool("gallery"),
    failed: await callTool("fail"),
    wrong: await callTool("report", { note: 7 }),
    missing: await callTool("nothing-of-that-name"),
    steps: await client.callTool({ name: "steps" }, undefined, {
      onprogress: (step) => steps.push(step),
    }),
    logged: await callTool("log"),
    resources: await client.listResources(),
    templates: await client.listResourceTemplates(),
    read: [
      await client.readResource({ uri: "memo://today" }),
      await client.readResource({ uri }),
      await client.readResource({ uri: "memo://nowhere" }).catch(failed),
    ],
    subscribed: await client.subscribeResource({ uri: "memo://today" }),
    touched: await callTool("touch"),
    unsubscribed: await client.unsubscribeResource({ uri: "memo://today" }),
    prompts: await client.listPrompts(),
    prompt: await client.getPrompt({ name: "plan", arguments: { day: "monday" } }),
    wrongPrompt: await client.getPrompt({ name: "none" }).catch(failed),
    completed: [
      await client.complete({
        ref: { type: "ref/prompt", name: "plan" },
        argument: { name: "day", value: "t" },
      }),
      await client.complete({
        ref: { type: "ref/resource", uri: "memo://days/{day}" },
        argument: { name: "day", value: "m" },
      }),
    ],
    progress: steps,
    log,
  };
}

test("a client notices nothing: every answer, event and error is what it gets direct", async () => {
  await using direct = await connect(showcase.url);
  await using through = await connect(gateway.url("/open/mcp"));
  const expected = await tour(direct.client);
  expect(await tour(through.client)).toEqual(expected);
  expect(expected).toMatchObject({
    progress: [{ progress: 1 }, { progress: 2 }, { progress: 3 }],
    log: [{ logger: "showcase" }, { uri: "memo://today" }],
    completed: [{ completion: { values: ["tuesday", "thursday"] } }, {}],
  });
});

describe("a server that may ask its client", () => {
  test.each([
    {
      tool: "ask_sampling",
      asked: { type: "text", text: `complete: ${REDACTED}` },
      given: { content: { type: "text", text: `ok ${REDACTED}` } },
    },
    {
      tool: "ask_elicitation",
      asked: `who? ${REDACTED}`,
      given: { action: "accept", content: { name: `me ${REDACTED}` } },
    },
    { tool: "ask_roots", asked: "roots", given: { roots: [{ name: `mine ${REDACTED}` }] } },
  ])("gets an answer ($tool), and no secret passes either way", async ({ tool, ...expected }) => {
    const asked: unknown[] = [];
    await using session = await connect(gateway.url("/open/mcp"), asked);
    const result = await session.client.callTool({ name: tool, arguments: {} });
    expect(asked).toEqual([expected.asked]);
    expect(showcase.heard).toMatchObject([{ given: expected.given }]);
    expect(JSON.stringify([asked, showcase.heard, result])).not.toContain(SECRET);
  });
});

describe("a server that may not ask its client", () => {
  test.each(["ask_sampling", "ask_elicitation", "ask_roots"])(
    "hears at once that nobody answers (%s), and the call comes to its end",
    async (tool) => {
      const asked: unknown[] = [];
      await using session = await connect(gateway.url("/shut/mcp"), asked);
      const called = session.client.callTool({ name: tool, arguments: {} });
      const { content } = await within("the end of the call", called);
      expect(content).toEqual([{ type: "text", text: '{"refused":-32601}' }]);
      expect(asked).toEqual([]);
      const [refused] = service.decisions.filter(({ result }) => !result.allow);
      expect(refused?.result.reasons[0]).toMatchObject({ code: "server_request_refused" });
    },
  );
});

test.each([
  { server: "open", code: -32042, data: { elicitations: [{ elicitationId: "e-1" }] } },
  { server: "shut", code: -31901, data: { code: "server_request_refused" } },
])("a page that has to be opened first is asked for by server $server alone", async (given) => {
  const { server, ...expected } = given;
  await using session = await connect(gateway.url(`/${server}/mcp`));
  const called = session.client.callTool({ name: "ask_page", arguments: {} });
  await expect(called).rejects.toMatchObject(expected);
});

test("a call that the client cancels is cancelled at the server", async () => {
  await using session = await connect(gateway.url("/open/mcp"));
  const before = showcase.cancelled.length;
  const cancel = new AbortController();
  const called = session.client.callTool({ name: "wait" }, undefined, { signal: cancel.signal });
  await service.decision(({ input }) => JSON.stringify(input).includes('"tool":"wait"'));
  cancel.abort("changed my mind");
  await expect(called).rejects.toThrow("changed my mind");
  await waitFor("the server to give up", () => showcase.cancelled.length > before);
  await session.client.ping();
});

test("a task is created, watched and collected", async () => {
  await using session = await connect(gateway.url("/open/mcp"));
  const { tasks } = session.client.experimental;
  await session.client.listTools();
  const stream = tasks.callToolStream({ name: "brew", arguments: { cups: 2 } }, undefined, {
    task: { ttl: 60_000 },
  });
  const kinds: string[] = [];
  let taskId = "";
  for await (const message of stream) {
    kinds.push(message.type);
    if (message.type === "taskCreated") taskId = message.task.taskId;
    if (message.type === "error") throw message.error;
    if (message.type === "result") {
      expect(message.result).toMatchObject({ content: [{ type: "text", text: "2 cups" }] });
    }
  }
  expect(kinds[0]).toBe("taskCreated");
  expect(kinds.at(-1)).toBe("result");
  expect(await tasks.getTask(taskId)).toMatchObject({ taskId, status: "completed" });
  expect((await tasks.listTasks()).tasks.map((task) => task.taskId)).toContain(taskId);
  await expect(tasks.cancelTask(taskId)).rejects.toMatchObject({ code: -32602 });
});

describe("streams that are resumed", () => {
  test("an answer arrives though its stream was closed before it came", async () => {
    await using session = await connect(gateway.url("/open/mcp"));
    showcase.requests.length = 0;
    const called = session.client.callTool({ name: "interrupt" });
    const { content } = await within("the resumed answer", called);
    expect(content).toEqual([{ type: "text", text: "after the interruption" }]);
    const resumed = showcase.requests.filter((line) => /^GET (?!-)/.test(line));
    expect(resumed).toHaveLength(1);
  });

  test("the listening stream brings what belongs to no request", async () => {
    await using session = await connect(gateway.url("/open/mcp"));
    const changed = Promise.withResolvers<void>();
    session.client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      changed.resolve();
    });
    await waitFor("the listening stream", () =>
      service.decisions.some(({ input }) => JSON.stringify(input).includes("open_stream")),
    );
    await session.client.callTool({ name: "announce" });
    await within("the announcement", changed.promise);
  });
});

describe("a session", () => {
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };

  test("that nobody knows is answered 404, as the server does", async () => {
    const headers = { "mcp-session-id": "unknown" };
    const reply = await call(target, { path: "/open/mcp", headers, body: list });
    expect(reply.status).toBe(404);
    expect(reply.json()).toMatchObject({ id: null, error: { code: -32001 } });
    const listening = await call(target, {
      path: "/open/mcp",
      headers: { ...headers, accept: "text/event-stream" },
    });
    expect(listening.status).toBe(404);
    const ended = await call(target, { path: "/open/mcp", headers, method: "DELETE" });
    expect(ended.status).toBe(404);
  });

  test("that the client ends is over", async () => {
    const session = await connect(gateway.url("/open/mcp"));
    const before = showcase.openSessions();
    const headers = { "mcp-session-id": session.transport.sessionId ?? "" };
    const listening = await openStream(target, {
      path: "/open/mcp",
      headers: { ...headers, accept: "text/event-stream", "last-event-id": "unknown_0" },
    });
    listening.abort();
    await session.transport.terminateSession();
    expect(showcase.openSessions()).toBe(before - 1);
    const late = await call(target, { path: "/open/mcp", headers, body: list });
    expect(late.status).toBe(404);
    await session.client.close();
  });
});

test("fifty sessions at once do not mix their answers", async () => {
  const sessions = await Promise.all(
    Array.from({ length: 50 }, () => connect(gateway.url("/open/mcp"))),
  );
  const answers = await Promise.all(
    sessions.flatMap(({ client }, index) =>
      [1, 2, 3].map(async (round) => {
        const note = `${index}/${round}`;
        const args = { name: "report", arguments: { note } };
        const { structuredContent } = await client.callTool(args);
        return JSON.stringify(structuredContent) === JSON.stringify({ letters: note.length, note });
      }),
    ),
  );
  expect(answers).toHaveLength(150);
  expect(answers.every(Boolean)).toBe(true);
  expect(new Set(sessions.map(({ transport }) => transport.sessionId)).size).toBe(50);
  await Promise.all(sessions.map((session) => session.close()));
  await service.idle();
}, 120_000);
