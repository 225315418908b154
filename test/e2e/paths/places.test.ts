import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { call, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { toolCall } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";

const ROOT = "/srv/projects";

const POLICY = `
policy_id: places
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }, { method: resources/read, uri: "file://${ROOT}/open/*" }]
`;

type Arguments = { readonly [name: string]: unknown };

let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;
/** The root's alias, as a result shows it. */
let alias: string;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({
    policy: POLICY,
    roots: { files: { project: ROOT } },
    aliases: {
      contents: new Map([
        ["raw", "off"],
        ["watched", "report"],
      ]),
    },
    ownPaths: [`${ROOT}/impedance.yaml`],
  });
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
  target = { host: gateway.host, port: gateway.port };
  const shown = await result({ content: [{ type: "text", text: ROOT }] });
  alias = shown.result.content[0].text;
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

/** What the client gets when the server answers a call of `tool` with this result. */
async function result(given: unknown, tool = "any", args: Arguments = {}) {
  answer = (exchange) => exchange.json({ jsonrpc: "2.0", id: 1, result: given });
  const reply = await call(target, { path: "/mcp", body: toolCall(1, args, tool) });
  return JSON.parse(Buffer.from(reply.body).toString("utf8"));
}

/** The arguments as the server got them. */
async function received(): Promise<unknown> {
  const body = await upstream.requests.at(-1)?.whole;
  return JSON.parse(String(body)).params.arguments;
}

test("text, structured content, keys, links and embedded resources show the same alias", async () => {
  const shown = await result({
    content: [
      { type: "text", text: `in ${ROOT}/a` },
      { type: "resource_link", name: "a", uri: `file://${ROOT}/a` },
      { type: "resource", resource: { uri: `file://${ROOT}/b`, text: `${ROOT}/c` } },
    ],
    structuredContent: { [`${ROOT}/a`]: { path: `${ROOT}/a` } },
  });
  expect(shown.result).toEqual({
    content: [
      { type: "text", text: `in ${alias}/a` },
      { type: "resource_link", name: "a", uri: `file:///${alias}/a` },
      { type: "resource", resource: { uri: `file:///${alias}/b`, text: `${alias}/c` } },
    ],
    structuredContent: { [`${alias}/a`]: { path: `${alias}/a` } },
  });
});

test("errors and notifications show no path", async () => {
  answer = (exchange) => {
    const stream = exchange.sse();
    const data = { level: "info", data: `reading ${ROOT}/a` };
    void stream.send({ jsonrpc: "2.0", method: "notifications/message", params: data });
    const error = { code: -32000, message: `no ${ROOT}/a`, data: { path: `${ROOT}/a` } };
    void stream.send({ jsonrpc: "2.0", id: 1, error });
    stream.end();
  };
  const reply = await call(target, { path: "/mcp", body: toolCall(1) });
  const text = Buffer.from(reply.body).toString("utf8");
  expect(text).not.toContain(ROOT);
  expect(text.split(`${alias}/a`)).toHaveLength(4);
});

test("the server gets real paths, the policy and the log get none", async () => {
  const content = { files: { [`${alias}/a`]: `see ${alias}/b` }, path: `${alias}/a` };
  await result({ content: [] }, "any", content);
  expect(await received()).toEqual({
    files: { [`${ROOT}/a`]: `see ${ROOT}/b` },
    path: `${ROOT}/a`,
  });
  expect(service.decisions[0]?.input).toMatchObject({
    paths: [{ at: "/params/arguments/path", root: "project", traversal: false }],
    strings: { aliases: 3, raw_paths: 0 },
  });
  expect(JSON.stringify(service.decisions)).not.toContain(ROOT);
});

test("two spellings of one alias are no two keys", async () => {
  const files = { [`${alias}/a`]: 1, [`${alias.toUpperCase()}/a`]: 2 };
  const shown = await result({ content: [] }, "any", { files });
  expect(shown.error.data).toMatchObject({ code: "alias_changed" });
});

test.each([
  { title: "through its root", path: () => `${alias}/impedance.yaml` },
  { title: "by its own name", path: () => `${ROOT}/x/./../impedance.yaml` },
  { title: "as a relative path", path: () => "impedance.yaml" },
  { title: "through /proc", path: () => `/proc/self/root${ROOT}/impedance.yaml` },
])("our own configuration is out of reach $title, whatever the policy says", async ({ path }) => {
  const shown = await result({ content: [] }, "any", { path: path() });
  expect(shown.error.data).toMatchObject({ code: "path_out_of_reach" });
});

test("contents of a tool may be left alone, or only put on record", async () => {
  const given = {
    content: [{ type: "text", text: `${ROOT}/a` }],
    structuredContent: { path: ROOT },
  };
  const left = { ...given, structuredContent: { path: alias } };
  expect((await result(given, "raw", { content: alias, path: alias })).result).toEqual(left);
  expect(await received()).toEqual({ content: alias, path: ROOT });
  expect((await result(given, "watched")).result).toEqual(left);
  expect(service.decisions.at(-1)?.findings).toEqual([
    {
      guard: "paths",
      kind: "path",
      at: "/result/content/0/text",
      action: "found",
      severity: "low",
      length: ROOT.length,
      value: null,
    },
  ]);
  const failed = await result({ ...given, isError: true }, "raw");
  expect(JSON.stringify(failed)).not.toContain(ROOT);
});

test("a catalogue keeps what only looks like a path", async () => {
  answer = (exchange) => {
    const schema = { type: "object", properties: { p: { type: "string", pattern: "^/home/x$" } } };
    const tool = { name: "t", description: `works in ${ROOT}`, inputSchema: schema };
    exchange.json({ jsonrpc: "2.0", id: 1, result: { tools: [tool] } });
  };
  const body = { jsonrpc: "2.0", id: 1, method: "tools/list" };
  const reply = await call(target, { path: "/mcp", body });
  const [tool] = JSON.parse(Buffer.from(reply.body).toString("utf8")).result.tools;
  expect(tool.description).toBe(`works in ${alias}`);
  expect(tool.inputSchema.properties.p.pattern).toBe("^/home/x$");
});

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A request of 2026-07-28, whose headers say what its body says. */
function ask2026(method: string, params: { readonly uri?: string }) {
  const name: { readonly [header: string]: string } =
    params.uri === undefined ? {} : { "mcp-name": params.uri };
  return call(target, {
    path: "/mcp",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...name,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: META } }),
  });
}

test("a resource is listed, and read, under its alias; a header says what the body says", async () => {
  const resources = ["open/a", "b"].map((name) => ({ uri: `file://${ROOT}/${name}`, name }));
  const hints = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
  answer = (exchange) => exchange.json({ jsonrpc: "2.0", id: 1, result: { ...hints, resources } });
  const listed = await ask2026("resources/list", {});
  const uri = `file:///${alias}/open/a`;
  expect(listed.json()).toMatchObject({ result: { resources: [{ uri, name: "open/a" }] } });

  answer = (exchange) =>
    exchange.json({ jsonrpc: "2.0", id: 1, result: { ...hints, contents: [] } });
  expect(await ask2026("resources/read", { uri })).toMatchObject({ status: 200 });
  const read = upstream.requests.at(-1);
  expect(read?.headers["mcp-name"]).toBe(`file://${ROOT}/open/a`);
  expect(JSON.parse(String(await read?.whole)).params.uri).toBe(`file://${ROOT}/open/a`);

  const hidden = await ask2026("resources/read", { uri: `file:///${alias}/b` });
  expect(hidden.json()).toMatchObject({ error: { code: -32602, data: { code: "unknown_name" } } });
});
