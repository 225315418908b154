import {
  Client as Client2026,
  StreamableHTTPClientTransport as Transport2026,
} from "@modelcontextprotocol/client";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type AskingServer, startAskingServer } from "../support/asking-server.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  connectSdkClient,
  type RunningServer,
  type SdkClient,
  startEverything,
} from "../support/mcp.ts";
import { type Server2026, startServer2026 } from "../support/mcp-2026.ts";
import { REDACTED, SECRET } from "../support/messages.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules:
  - tool: "*"
  - { method: resources/read, uri: "demo://*" }
deny_rules:
  - { tool: get-env, reason: The environment is nobody's business }
  - tool: get-sum
    reason: Sums of nothing are nobody's business
    constraints: { a: { enum: [0], required: true } }
`;

let everything: RunningServer;
let asking: AskingServer;
let modern: Server2026;
let service: TestService;
let gateway: Gateway;

beforeAll(async () => {
  everything = await startEverything();
  asking = await startAskingServer();
  modern = await startServer2026(buildServer);
  service = await startTestService({ policy: POLICY });
  gateway = await startGateway({
    upstreams: [
      { id: "everything", url: everything.url, path: "/everything/mcp" },
      { id: "asking", url: asking.url, path: "/asking/mcp" },
      { id: "modern", url: modern.url, path: "/modern/mcp" },
    ],
    service,
  });
});

beforeEach(() => {
  service.clear();
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await asking[Symbol.asyncDispose]();
  await modern[Symbol.asyncDispose]();
  await everything.stop();
});

describe("a session of the SDK 1.x with server-everything", () => {
  let session: SdkClient;
  let asked = 0;

  beforeAll(async () => {
    session = await connectSdkClient(gateway.url("/everything/mcp"), {
      capabilities: { sampling: {}, roots: { listChanged: true } },
      prepare: (client) => {
        client.setRequestHandler(CreateMessageRequestSchema, () => {
          asked += 1;
          return { model: "none", role: "assistant", content: { type: "text", text: "" } };
        });
      },
    });
  });

  afterAll(async () => {
    await session.client.close();
  });

  test("is opened by a handshake, in which the client offers no sampling any more", async () => {
    expect(session.client.getServerVersion()?.name).toMatch(/everything/);
    expect(session.transport.sessionId).toBeDefined();
    // The server has tools that only such a client gets to see.
    const direct = await connectSdkClient(everything.url, { capabilities: { sampling: {} } });
    const names = async (client: SdkClient["client"]) =>
      (await client.listTools()).tools.map(({ name }) => name);
    await waitFor("the tools of a client with sampling", async () =>
      (await names(direct.client)).includes("trigger-sampling-request"),
    );
    await direct.close();
    const listed = await names(session.client);
    expect(listed).toContain("echo");
    expect(listed).not.toContain("trigger-sampling-request");
    expect(listed).not.toContain("get-roots-list");
  });

  test("calls tools", async () => {
    const { content } = await session.client.callTool({
      name: "get-sum",
      arguments: { a: 19, b: 23 },
    });
    expect(content).toEqual([{ type: "text", text: "The sum of 19 and 23 is 42." }]);
  });

  test("sends no secret and is shown none", async () => {
    const message = `my key: ${SECRET}`;
    const { content } = await session.client.callTool({ name: "echo", arguments: { message } });
    expect(content).toEqual([{ type: "text", text: `Echo: my key: ${REDACTED}` }]);
  });

  test("is told why a tool is denied, and goes on", async () => {
    const denied = session.client.callTool({ name: "get-sum", arguments: { a: 0, b: 1 } });
    await expect(denied).rejects.toMatchObject({
      code: -31901,
      message: expect.stringContaining("Sums of nothing are nobody's business"),
      data: { code: "policy_denied", rule: "deny/1", decision_id: expect.any(String) },
    });
    await session.client.ping();
  });

  test("is not shown a tool that is denied, and cannot tell it from one that is not there", async () => {
    const { tools } = await session.client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toContain("get-sum");
    expect(names).not.toContain("get-env");
    const errorOf = async (name: string) => {
      const answer = session.client.callTool({ name, arguments: {} });
      const error: { code: number; message: string; data: object } = await answer.then(
        () => Promise.reject(new Error("it was let through")),
        (reason) => reason,
      );
      return { ...error, message: error.message, data: { ...error.data, decision_id: "" } };
    };
    const hidden = await errorOf("get-env");
    expect(hidden).toMatchObject({ code: -32602, data: { code: "unknown_name" } });
    expect(await errorOf("no-such-tool")).toEqual(hidden);
    const codes = service.decisions.map(({ result }) => result.reasons[0]?.code);
    expect(codes.slice(-2)).toEqual(["policy_denied", "unknown_name"]);
  });

  test("hears of progress while a tool runs", async () => {
    const steps: number[] = [];
    const { content } = await session.client.callTool(
      { name: "trigger-long-running-operation", arguments: { duration: 0.2, steps: 4 } },
      undefined,
      { onprogress: ({ progress }) => steps.push(progress) },
    );
    expect(steps).toEqual([1, 2, 3, 4]);
    expect(JSON.stringify(content)).toContain("completed");
  });

  test("lists resources and templates, and reads where a rule lets it", async () => {
    const { resources } = await session.client.listResources();
    const [first] = resources;
    expect(resources.length).toBeGreaterThan(0);
    const { contents } = await session.client.readResource({ uri: first?.uri ?? "" });
    expect(contents).toMatchObject([{ uri: first?.uri }]);
    expect((await session.client.listResourceTemplates()).resourceTemplates).not.toEqual([]);
    const elsewhere = session.client.readResource({ uri: "https://example.test/a" });
    await expect(elsewhere).rejects.toMatchObject({
      code: -32002,
      data: { code: "unknown_name" },
    });
  });

  test("sees no prompts without a rule, and gets none", async () => {
    expect((await session.client.listPrompts()).prompts).toEqual([]);
    await expect(session.client.getPrompt({ name: "simple-prompt" })).rejects.toMatchObject({
      code: -32602,
      data: { code: "unknown_name" },
    });
  });

  test("is ended by the client, and is over then", async () => {
    await session.transport.terminateSession();
    expect(service.decisions.at(-1)).toMatchObject({
      result: { allow: true },
      input: { message: { kind: "end_session" } },
    });
    await expect(session.client.ping()).rejects.toThrow();
    expect(asked).toBe(0);
  });
});

test("a server that asks for sampling all the same hears that nobody answers it", async () => {
  let asked = 0;
  await using session = await connectSdkClient(gateway.url("/asking/mcp"), {
    capabilities: { sampling: {} },
    prepare: (client) => {
      client.setRequestHandler(CreateMessageRequestSchema, () => {
        asked += 1;
        return { model: "asked", role: "assistant", content: { type: "text", text: "" } };
      });
    },
  });
  const { content } = await session.client.callTool({ name: "ask", arguments: {} });
  expect(content).toEqual([{ type: "text", text: "refused: -32601" }]);
  expect(asked).toBe(0);
});

describe("a client of the SDK 2.x with a server of 2026-07-28", () => {
  let client: Client2026;

  beforeAll(async () => {
    client = new Client2026(
      { name: "impedance-test", version: "1.0.0" },
      {
        capabilities: { sampling: {}, elicitation: {} },
        versionNegotiation: { mode: { pin: "2026-07-28" } },
      },
    );
    client.setRequestHandler("sampling/createMessage", () => {
      throw new Error("nobody may ask");
    });
    await client.connect(new Transport2026(new URL(gateway.url("/modern/mcp"))));
  });

  afterAll(async () => {
    await client.close();
  });

  test("discovers it", async () => {
    expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
    const discovered = await client.discover();
    expect(discovered.supportedVersions).toEqual(["2026-07-28"]);
    expect(service.decisions[0]).toMatchObject({
      input: { message: { method: "server/discover", revision: "2026-07-28" } },
    });
  });

  test("lists its tools and calls one, and no secret passes either way", async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["repeat", "leak"]);
    const repeated = await client.callTool({ name: "repeat", arguments: { text: SECRET } });
    expect(repeated.content).toEqual([{ type: "text", text: REDACTED }]);
    const leaked = await client.callTool({ name: "leak", arguments: {} });
    expect(leaked.content).toEqual([{ type: "text", text: `found ${REDACTED}` }]);
    expect(modern.bodies.join("\n")).not.toContain(SECRET);
  });

  test("hears of progress while a tool runs", async () => {
    const steps: number[] = [];
    await client.callTool(
      { name: "repeat", arguments: { text: "again" } },
      { onprogress: ({ progress }) => steps.push(progress) },
    );
    expect(steps).toEqual([1, 2]);
  });

  test("declares in no request that it may be asked", () => {
    const declared = modern.bodies.map((body) => {
      const { params } = JSON.parse(body) as {
        params: { _meta: { [key: string]: object } };
      };
      return params._meta["io.modelcontextprotocol/clientCapabilities"];
    });
    expect(declared.length).toBeGreaterThan(3);
    for (const capabilities of declared) expect(capabilities).toEqual({});
  });

  test("listens, and hears of changes", async () => {
    const changed = Promise.withResolvers<void>();
    client.setNotificationHandler("notifications/tools/list_changed", () => changed.resolve());
    const subscription = await client.listen({ toolsListChanged: true });
    modern.handler.notify.toolsChanged();
    await changed.promise;
    await subscription.close();
    await service.idle();
  });

  test("is told that there is no tool that it may not call", async () => {
    await expect(client.callTool({ name: "get-env", arguments: {} })).rejects.toMatchObject({
      code: -32602,
      data: { code: "unknown_name" },
    });
  });
});

function buildServer(): McpServer {
  const server = new McpServer({ name: "modern", version: "1.0.0" });
  const properties = { text: { type: "string" } } as const;
  const inputSchema = fromJsonSchema<{ text: string }>({ type: "object", properties });
  server.registerTool("repeat", { inputSchema }, async ({ text }, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of progressToken === undefined ? [] : [1, 2]) {
      const params = { progressToken: progressToken ?? 0, progress };
      await mcpReq.notify({ method: "notifications/progress", params });
    }
    return { content: [{ type: "text", text }] };
  });
  server.registerTool("leak", {}, () => ({
    content: [{ type: "text", text: `found ${SECRET}` }],
  }));
  return server;
}
