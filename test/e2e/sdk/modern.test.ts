import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type Gateway, startGateway } from "../../support/gateway.ts";
import { REDACTED, SECRET } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { type Showcase1x, startShowcase1x } from "../../support/showcase-1x.ts";
import { type Showcase2x, startShowcase2x } from "../../support/showcase-2x.ts";
import { waitFor, within } from "../../support/wait.ts";
import { POLICY } from "./policy.ts";

/** The client of the SDK 2.x. Server `open` may ask its client, server `shut` may not. */

let showcase: Showcase2x;
let legacy: Showcase1x;
let service: TestService;
let gateway: Gateway;

beforeAll(async () => {
  showcase = await startShowcase2x();
  legacy = await startShowcase1x();
  service = await startTestService({ policy: POLICY });
  const { url } = showcase.server;
  gateway = await startGateway({
    upstreams: [
      { id: "open", url, path: "/open/mcp" },
      { id: "shut", url, path: "/shut/mcp" },
      { id: "legacy", url: legacy.url, path: "/legacy/mcp" },
    ],
    service,
  });
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
  await legacy[Symbol.asyncDispose]();
});

interface Session extends AsyncDisposable {
  readonly client: Client;
  /** What the client was asked. */
  readonly asked: unknown[];
}

/** A client that answers whatever it is asked, with a secret of its own. */
async function connect(url: string): Promise<Session> {
  const client = new Client(
    { name: "impedance-test", version: "1.0.0" },
    {
      capabilities: { sampling: {}, elicitation: {}, roots: {} },
      versionNegotiation: { mode: "auto" },
    },
  );
  const asked: unknown[] = [];
  client.setRequestHandler("sampling/createMessage", ({ params }) => {
    asked.push(params.messages[0]?.content);
    return { model: "m", role: "assistant", content: { type: "text", text: `ok ${SECRET}` } };
  });
  client.setRequestHandler("elicitation/create", ({ params }) => {
    asked.push(params.message);
    return { action: "accept", content: { name: `me ${SECRET}` } };
  });
  client.setRequestHandler("roots/list", () => {
    asked.push("roots");
    return { roots: [{ uri: "file:///work", name: `mine ${SECRET}` }] };
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return { client, asked, [Symbol.asyncDispose]: () => client.close() };
}

/** All that a client gets to see, one call after the other. */
async function tour(client: Client): Promise<object> {
  const log: unknown[] = [];
  client.setNotificationHandler("notifications/message", ({ params }) => {
    log.push(params);
  });
  const failed = (error: { readonly code?: unknown; readonly message: string }) => ({
    code: error.code,
    message: error.message,
  });
  const callTool = (name: string, args = {}) => client.callTool({ name, arguments: args });
  const steps: unknown[] = [];
  return {
    revision: client.getNegotiatedProtocolVersion(),
    server: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
    tools: await client.listTools(),
    structured: await callTool("report", { note: "grüße" }),
    gallery: await callTool("gallery"),
    failed: await callTool("fail"),
    wrong: await callTool("report", { note: 7 }).catch(failed),
    missing: await callTool("nothing-of-that-name").catch(failed),
    steps: await client.callTool({ name: "steps" }, { onprogress: (step) => steps.push(step) }),
    logged: await client.callTool({
      name: "log",
      _meta: { "io.modelcontextprotocol/logLevel": "info" },
    }),
    resources: await client.listResources(),
    templates: await client.listResourceTemplates(),
    read: [
      await client.readResource({ uri: "memo://today" }),
      await client.readResource({ uri: "memo://days/monday" }),
      await client.readResource({ uri: "memo://nowhere" }).catch(failed),
    ],
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

describe("a client notices nothing: every answer, event and error is what it gets direct", () => {
  test.each([
    { era: "2026-07-28", path: "/open/mcp", direct: () => showcase.server.url },
    { era: "2025-11-25", path: "/legacy/mcp", direct: () => legacy.url },
  ])("from a server of $era", async ({ era, path, direct }) => {
    await using one = await connect(direct());
    await using other = await connect(gateway.url(path));
    const expected = await tour(one.client);
    expect(await tour(other.client)).toEqual(expected);
    expect(expected).toMatchObject({
      revision: era,
      progress: [{ progress: 1 }, { progress: 2 }, { progress: 3 }],
      log: [{ logger: "showcase" }],
    });
  });
});

test("a client notices neither notes nor padding: what it gets beside them is the same", async () => {
  const padding = { kind: "constant", blockBytes: 512 } as const;
  await using noted = await startTestService({ policy: POLICY, annotate: true, padding });
  const upstreams = [
    { id: "open", url: showcase.server.url, path: "/open/mcp" },
    { id: "legacy", url: legacy.url, path: "/legacy/mcp" },
  ];
  await using other = await startGateway({ upstreams, service: noted });
  for (const { path, url } of upstreams) {
    await using direct = await connect(url);
    await using through = await connect(other.url(path));
    const toured = JSON.stringify(await tour(through.client));
    expect(toured).toContain("dev.impedance/security");
    expect(withoutNotes(JSON.parse(toured))).toEqual(withoutNotes(await tour(direct.client)));
  }
  await using session = await connect(other.url("/open/mcp"));
  const { content } = await session.client.callTool({ name: "ask_all", arguments: {} });
  expect(content).toEqual([{ type: "text", text: "ask_elicitation ask_roots ask_sampling" }]);
  expect(noted.faults).toEqual([]);
});

/** Without the notes of the firewall, and without a `_meta` that held nothing else. */
function withoutNotes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, member: { readonly [name: string]: unknown }) => {
    if (key !== "_meta") return member;
    const { "dev.impedance/security": _, ...others } = member;
    return Object.keys(others).length === 0 ? undefined : others;
  });
}

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
  ])(
    "gets an answer ($tool) in a second round, without a secret",
    async ({ tool, ...expected }) => {
      await using session = await connect(gateway.url("/open/mcp"));
      const result = await session.client.callTool({ name: tool, arguments: {} });
      expect(session.asked).toEqual([expected.asked]);
      expect(showcase.heard).toMatchObject([{ asked: tool, given: expected.given }]);
      expect(JSON.stringify([session.asked, showcase.heard, result])).not.toContain(SECRET);
    },
  );

  test("may ask for several things at once", async () => {
    await using session = await connect(gateway.url("/open/mcp"));
    const { content } = await session.client.callTool({ name: "ask_all", arguments: {} });
    expect(content).toEqual([{ type: "text", text: "ask_elicitation ask_roots ask_sampling" }]);
  });
});

describe("a server that may not ask its client", () => {
  test.each(["ask_sampling", "ask_elicitation", "ask_roots", "ask_all"])(
    "leaves the caller with an error at once (%s), and the client unasked",
    async (tool) => {
      await using session = await connect(gateway.url("/shut/mcp"));
      const called = session.client.callTool({ name: tool, arguments: {} });
      await expect(within("the end of the call", called)).rejects.toMatchObject({
        code: expect.any(Number),
      });
      expect(session.asked).toEqual([]);
      expect(showcase.heard).toEqual([]);
    },
  );

  test.each(["ask_sampling", "ask_elicitation", "ask_roots"])(
    "hears from a server of the era before, too, that nobody answers (%s)",
    async (tool) => {
      await using session = await connect(gateway.url("/legacy/mcp"));
      const called = session.client.callTool({ name: tool, arguments: {} });
      const { content } = await within("the end of the call", called);
      expect(content).toEqual([{ type: "text", text: '{"refused":-32601}' }]);
      expect(session.asked).toEqual([]);
    },
  );
});

test("a call that the client gives up is given up at the server", async () => {
  await using session = await connect(gateway.url("/open/mcp"));
  const before = showcase.cancelled.length;
  const came = showcase.waiting.length;
  const cancel = new AbortController();
  const called = session.client.callTool({ name: "wait" }, { signal: cancel.signal });
  await waitFor("the call at the server", () => showcase.waiting.length > came);
  cancel.abort("changed my mind");
  await expect(called).rejects.toThrow("changed my mind");
  await waitFor("the server to give up", () => showcase.cancelled.length > before);
  await service.idle();
});

test("a client listens to what it chose, and to nothing when it is done", async () => {
  await using session = await connect(gateway.url("/open/mcp"));
  const { notify } = showcase.server.handler;
  const heard: string[] = [];
  session.client.setNotificationHandler("notifications/tools/list_changed", () => {
    heard.push("tools");
  });
  session.client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
    heard.push(params.uri);
  });
  const subscription = await session.client.listen({
    toolsListChanged: true,
    resourceSubscriptions: ["memo://today"],
  });
  notify.toolsChanged();
  await waitFor("the first change", () => heard.length === 1);
  notify.promptsChanged();
  notify.resourceUpdated("memo://today");
  await waitFor("the second change", () => heard.length === 2);
  expect(heard).toEqual(["tools", "memo://today"]);
  await subscription.close();
  await service.idle();
});

test("fifty clients at once do not mix their answers", async () => {
  const sessions = await Promise.all(
    Array.from({ length: 50 }, () => connect(gateway.url("/open/mcp"))),
  );
  const answers = await Promise.all(
    sessions.map(async ({ client }, index) => {
      const note = `number ${index}`;
      const { structuredContent } = await client.callTool({ name: "report", arguments: { note } });
      return structuredContent;
    }),
  );
  expect(answers).toEqual(
    sessions.map((_, index) => {
      const note = `number ${index}`;
      return { letters: note.length, note };
    }),
  );
  await Promise.all(sessions.map(({ client }) => client.close()));
  await service.idle();
}, 120_000);
