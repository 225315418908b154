import {
  Client as Client2026,
  StreamableHTTPClientTransport as Transport2026,
} from "@modelcontextprotocol/client";
import { fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { call } from "../support/client.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { connectSdkClient, type SdkClient } from "../support/mcp.ts";
import { type Server2026, startServer2026 } from "../support/mcp-2026.ts";
import { JSON_HEADERS, REDACTED, SECRET } from "../support/messages.ts";
import { startTestService, type TestService } from "../support/service.ts";

const ROOT = "/srv/projects/app";
const POLICY = `
policy_id: test
version: "1.0"
default: deny
validate: { reject_unknown_args: true }
allow_rules: [{ tool: "*" }]
`;

let server: Server2026;
let service: TestService;
let gateway: Gateway;
let modern: Client2026;
let legacy: SdkClient;

beforeAll(async () => {
  server = await startServer2026(buildServer, "stateless");
  service = await startTestService({
    policy: POLICY,
    roots: { files: { app: ROOT } },
    tools: {
      slow: { timeoutMs: 200 },
      "*": { argumentsMaxBytes: 400, resultMaxBytes: 2000 },
    },
  });
  const upstreams = [{ id: "files", url: server.url, path: "/files/mcp" }];
  gateway = await startGateway({ upstreams, service });
  modern = new Client2026(
    { name: "impedance-test", version: "1.0.0" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  await modern.connect(new Transport2026(new URL(gateway.url("/files/mcp"))));
  legacy = await connectSdkClient(gateway.url("/files/mcp"));
});

beforeEach(() => {
  service.clear();
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await modern.close();
  await legacy.close();
  await gateway.stop();
  await service.stop();
  await server[Symbol.asyncDispose]();
});

function textOf(result: object): string {
  const { content } = result as { content: { text: string }[] };
  return content[0]?.text ?? "";
}

test("a tool that nobody listed cannot be called where unknown arguments are refused", async () => {
  const params = { name: "deploy", arguments: { region: "eu" } };
  await expect(legacy.client.callTool(params)).rejects.toMatchObject({
    code: -31901,
    data: { code: "unknown_schema" },
  });
  await legacy.client.listTools();
  expect(textOf(await legacy.client.callTool(params))).toContain('"region":"eu"');
});

describe("headers that mirror arguments", () => {
  let folder: string;

  beforeAll(async () => {
    const { tools } = await modern.listTools();
    expect(tools.map(({ name }) => name)).toContain("deploy");
    folder = textOf(await modern.callTool({ name: "where", arguments: {} }));
    expect(folder).toMatch(/^DIR_/);
  });

  test("say to a strict server what becomes of the arguments", async () => {
    const given = { region: `key ${SECRET}`, path: `${folder}/ä.txt`, count: 3 };
    const result = await modern.callTool({ name: "deploy", arguments: given });
    expect(JSON.parse(textOf(result))).toEqual({ ...given, region: `key ${REDACTED}` });
    const { params } = JSON.parse(server.bodies.at(-1) ?? "") as { params: object };
    expect(params).toMatchObject({
      arguments: { region: `key ${REDACTED}`, path: `${ROOT}/ä.txt`, count: 3 },
    });
  });

  test.each([
    { title: "say the same", headers: { region: "eu", count: "3.0" }, code: undefined },
    {
      title: "say it in base64",
      headers: { region: "=?base64?ZXU=?=", count: "3" },
      code: undefined,
    },
    {
      title: "say more than is declared",
      headers: { region: "eu", count: "3", other: "x" },
      code: undefined,
    },
    {
      title: "say something where no argument is",
      headers: { region: "eu", count: "3", path: "x" },
      code: undefined,
    },
    { title: "say something else", headers: { region: "us", count: "3" }, code: -32020 },
    {
      title: "look like base64 and are not",
      headers: { region: "ZXU=", count: "3" },
      code: -32020,
    },
    { title: "say nothing", headers: { count: "3" }, code: -32020 },
    { title: "say another number", headers: { region: "eu", count: "4" }, code: -32020 },
    {
      title: "tell a secret that no argument tells",
      headers: { region: "eu", count: "3", other: SECRET },
      code: -31901,
    },
  ])("that $title get $code", async ({ headers, code }) => {
    const before = server.bodies.length;
    const reply = await rawCall({ region: "eu", count: 3 }, headers);
    expect(reply.status).toBe(code === -32020 ? 400 : 200);
    if (code !== undefined)
      expect(JSON.parse(reply.text)).toMatchObject({ id: 5, error: { code } });
    else expect(reply.text).toContain('\\"region\\":\\"eu\\"');
    expect(server.bodies.length - before).toBe(code === undefined ? 1 : 0);
  });
});

async function rawCall(args: object, mirrored: { readonly [name: string]: string | undefined }) {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name: "deploy", arguments: args, _meta: meta };
  const headers = Object.entries(mirrored).map(([name, value]) => [`mcp-param-${name}`, value]);
  return call(gateway, {
    path: "/files/mcp",
    headers: {
      ...JSON_HEADERS,
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "deploy",
      ...Object.fromEntries(headers.filter(([, value]) => value !== undefined)),
    },
    body: { jsonrpc: "2.0", id: 5, method: "tools/call", params },
  });
}

describe.each([
  { title: "SDK 1.x", client: () => legacy.client },
  { title: "SDK 2.x", client: () => modern },
])("a client of $title", ({ client }) => {
  const callTool = async (name: string, args: { [key: string]: unknown } = {}) =>
    client().callTool({ name, arguments: args });

  beforeAll(async () => {
    await client().listTools();
  });

  test("gets text and structured content cleaned alike", async () => {
    const result = await callTool("note");
    const content = {
      text: `say ${REDACTED}`,
      password: "[REDACTED:password]",
      at: expect.stringMatching(/^DIR_\w{16}\/n.txt$/),
    };
    expect(result.isError).toBeFalsy();
    expect(result.structuredContent).toEqual(content);
    expect(JSON.parse(textOf(result))).toEqual(result.structuredContent);
  });

  test.each(["short", "dated"])(
    "gets an error it can read where cleaning breaks the schema: %s",
    async (name) => {
      const result = await callTool(name);
      expect(result).toMatchObject({ isError: true });
      expect(result.structuredContent).toBeUndefined();
      expect(textOf(result)).toContain("[REDACTED:");
      expect(service.decisions.at(-1)?.edits).toContainEqual(
        expect.objectContaining({
          pointer: "/result/structuredContent",
          rule: "schema/result_mismatch",
          action: "removed",
        }),
      );
    },
  );

  test("is told by the server itself what is wrong with its arguments, and the log knows", async () => {
    const result = await callTool("deploy", { region: 7 });
    expect(result).toMatchObject({ isError: true });
    expect(service.decisions[0]?.findings).toContainEqual(
      expect.objectContaining({
        guard: "schema",
        kind: "arguments_mismatch",
        at: "/params/arguments/region",
      }),
    );
  });

  test("may not send what the tool does not declare", async () => {
    await expect(callTool("deploy", { region: "eu", extra: 1 })).rejects.toMatchObject({
      code: -31901,
      data: { code: "unknown_argument" },
    });
  });

  test("gets an error in the time that a tool has", async () => {
    await expect(callTool("slow")).rejects.toMatchObject({
      code: -31902,
      data: { code: "tool_deadline" },
    });
  });

  test("sends and gets no more than a tool may", async () => {
    await expect(callTool("deploy", { region: "x".repeat(500) })).rejects.toMatchObject({
      data: { code: "arguments_too_large" },
    });
    await expect(callTool("big")).rejects.toMatchObject({ data: { code: "result_too_large" } });
  });
});

function buildServer(): McpServer {
  const mcp = new McpServer({ name: "tools", version: "1.0.0" });
  const properties = {
    region: { type: "string", "x-mcp-header": "Region" },
    path: { type: "string", "x-mcp-header": "Path" },
    count: { type: "integer", "x-mcp-header": "Count" },
  } as const;
  const inputSchema = fromJsonSchema<object>({ type: "object", properties, required: ["region"] });
  mcp.registerTool("deploy", { inputSchema }, (given) => text(JSON.stringify(given)));
  mcp.registerTool("where", {}, () => text(ROOT));
  mcp.registerTool("big", {}, () => text("words ".repeat(1000)));
  mcp.registerTool("slow", {}, (context) => {
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof text>>();
    context.mcpReq.signal.addEventListener("abort", () => resolve(text("too late")));
    return promise;
  });
  structured(
    mcp,
    "note",
    {},
    { text: `say ${SECRET}`, password: "Tr0ub4dor&3x!", at: `${ROOT}/n.txt` },
  );
  structured(mcp, "short", { id: { type: "string", maxLength: 24 } }, { id: SECRET });
  structured(
    mcp,
    "dated",
    { when: { type: "string", format: "uri" } },
    { when: `urn:x:${SECRET}` },
  );
  return mcp;
}

type Properties = { readonly [name: string]: { readonly [keyword: string]: unknown } };

function structured(mcp: McpServer, name: string, properties: Properties, content: object): void {
  const outputSchema = fromJsonSchema<object>({ type: "object", properties });
  mcp.registerTool(name, { outputSchema }, () => ({
    ...text(JSON.stringify(content)),
    structuredContent: { ...content },
  }));
}

function text(words: string) {
  return { content: [{ type: "text" as const, text: words }] };
}
