import { describe, expect, test } from "vitest";

import { encodeMetadata } from "../../../src/envoy/replies.ts";
import { RULES } from "../../../src/guard/secrets/rules.ts";
import { createScanner } from "../../../src/guard/secrets/scan.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import { createSseParser } from "../../../src/mcp/sse.ts";
import { pathFacts } from "../../../src/policy/path-facts.ts";
import {
  answerHead,
  createDataPath,
  type DataPathOptions,
  headOf,
  JSON_POST,
  sent,
} from "../../golden/data-path.ts";
import { SECRET, toolCall } from "../../support/messages.ts";

/** What comes out of a stream that answers call 7. */
async function streamed(text: string, options: DataPathOptions = {}): Promise<string> {
  const exchange = await sent(await createDataPath(options), toolCall(7));
  exchange.responseHead(answerHead(200, { "content-type": "text/event-stream" }));
  const { bytes } = await exchange.streamChunk(Buffer.from(text), true);
  return Buffer.from(bytes).toString("utf8");
}

function messagesOf(text: string): unknown[] {
  const parser = createSseParser({ sseEventMaxBytes: 1_000_000 });
  return [...parser.push(Buffer.from(text)), ...parser.end()].flatMap((item) =>
    item.kind === "event" && item.data !== null && item.data.length > 0
      ? [JSON.parse(Buffer.from(item.data).toString("utf8"))]
      : [],
  );
}

describe("a message that is denied for its id", () => {
  test.each([
    { title: "a server's request", message: { jsonrpc: "2.0", id: SECRET, method: "ping" } },
    {
      title: "an error for nobody",
      message: { jsonrpc: "2.0", id: SECRET, error: { code: 1, message: "no" } },
    },
  ])("does not give it away: $title", async ({ message }) => {
    const output = await streamed(`data: ${JSON.stringify(message)}\n\n`);
    expect(output).not.toContain(SECRET);
    expect(messagesOf(output).length).toBeGreaterThan(0);
  });
});

test("many small comments in one chunk become one padded one", async () => {
  const padding = { kind: "constant", blockBytes: 4096 } as const;
  const output = await streamed(":\n".repeat(10_000), {
    dependencies: (real) => ({
      ...real,
      settings: (server) => ({ ...real.settings(server), padding }),
    }),
  });
  expect(output.length).toBeLessThanOrEqual(3 * 4096);
});

test.each(["data: ", "data:", "data", 'data: {"jsonrpc":"2.0","method":"ping"}', "id: 7"])(
  "a stream that ends within a line still tells who waits: %s",
  async (text) => {
    const answers = messagesOf(await streamed(text));
    expect(answers.at(-1)).toMatchObject({ id: 7, error: { data: { code: "response_missing" } } });
  },
);

test.each([
  { value: SECRET, kind: "deny" },
  { value: `=?base64?${Buffer.from(`key ${SECRET}`).toString("base64")}?=`, kind: "deny" },
  { value: "eu-central, the usual place", kind: "forward" },
])("a header that mirrors an argument is read: $kind", async ({ value, kind }) => {
  const path = await createDataPath();
  const exchange = path.firewall.open(
    headOf({ headers: { ...JSON_POST, "mcp-param-region": value } }),
  );
  expect((await exchange.requestHead()).kind).toBe("collect");
  expect((await exchange.request(Buffer.from(JSON.stringify(toolCall(7))))).kind).toBe(kind);
  const codes = path.decisions.map(({ result }) => result.reasons[0]?.code);
  expect(codes).toEqual([kind === "deny" ? "secret_in_header" : undefined]);
});

const TO_2026 = { ...JSON_POST, "mcp-protocol-version": "2026-07-28" };
const OPEN = { accept: "text/event-stream", "mcp-name": SECRET };

test.each([
  { title: "a name in an older revision", headers: { ...JSON_POST, "mcp-name": SECRET } },
  { title: "a method in an older revision", headers: { ...JSON_POST, "mcp-method": SECRET } },
  {
    title: "a name of a method without one",
    headers: { ...TO_2026, "mcp-method": "tools/list", "mcp-name": SECRET },
  },
  { title: "a name without a message", headers: OPEN, method: "GET" },
])("a header that no body is compared with holds no secret: $title", async (entry) => {
  const path = await createDataPath();
  const head = await path.firewall.open(headOf(entry)).requestHead();
  expect(head.kind).toBe("deny");
  const codes = path.decisions.map(({ result }) => result.reasons[0]?.code);
  expect(codes).toEqual(["secret_in_header"]);
});

test("a name that the body must repeat is judged with the body", async () => {
  const path = await createDataPath();
  const headers = { ...TO_2026, "mcp-method": "resources/read", "mcp-name": `db://${SECRET}` };
  expect((await path.firewall.open(headOf({ headers })).requestHead()).kind).toBe("collect");
});

test("a name that is no Unicode text does not spoil the reply", () => {
  const struct = encodeMetadata({
    decision_id: "d",
    allowed: false,
    method: "a\ud800b",
    tool: "\udc00",
    principal: "p",
    reasons: [],
  });
  const fields = struct.fields?.impedance?.structValue?.fields;
  expect(fields?.method?.stringValue).toBe("a\ufffdb");
  expect(fields?.tool?.stringValue).toBe("\ufffd");
});

test.each([
  { path: "sub/a.txt", raw: 0 },
  { path: "./a.txt", raw: 0 },
  { path: "/srv/project/a.txt", raw: 0 },
  { path: "x/../a.txt", raw: 1 },
  { path: "x/%2e%2e/a.txt", raw: 1 },
  { path: "/srv/other/a.txt", raw: 1 },
])("with a root, $path is raw $raw times", ({ path, raw }) => {
  const limits = { jsonMaxDepth: 8, jsonMaxNodes: 100, stringMaxLength: 1_000 };
  const document = parseJson(Buffer.from(JSON.stringify({ arguments: { path } })), limits);
  if (!document.ok) throw new Error(document.error.code);
  const roots = [{ name: "project", path: "/srv/project" }];
  expect(pathFacts(document.value.root, roots).rawPaths).toBe(raw);
});

test("a text stuffed with secrets is given up instead of finished", () => {
  const scan = createScanner(RULES).scan(`${SECRET} `.repeat(12_000), { contextual: true });
  expect(scan.complete).toBe(false);
});
