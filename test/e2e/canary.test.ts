import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../scripts/positions/examples.ts";
import type { MessageType } from "../../scripts/positions/messages.ts";
import { isLeaked, PATH, plantsFor, SECRET } from "../canary/plants.ts";
import { type Position, planted, pointerOf, positionsOf, tableOf } from "../canary/tables.ts";
import { ROOT } from "../canary/wire.ts";
import { call, type Target } from "../support/client.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { toolCall } from "../support/messages.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../support/upstream.ts";

const REVISION = "2025-11-25";
/** Of each kind of message, so many of its positions go through the real proxy. */
const SAMPLE = 6;

let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({
    policy: 'policy_id: canary\nversion: "1.0"\ndefault: allow\n',
    roots: { files: { app: ROOT } },
  });
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
  target = { host: gateway.host, port: gateway.port };
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await upstream.stop();
});

const headers = { "mcp-protocol-version": REVISION };

/** Spread over all positions of a text in the type's first example, the same each time. */
function sampleOf({ examples: [example = null] }: MessageType): readonly [Json, Position][] {
  const texts = positionsOf(example).filter(({ kind }) => kind === "text");
  const step = Math.max(1, Math.ceil(texts.length / SAMPLE));
  return texts.filter((_, index) => index % step === 0).map((position) => [example, position]);
}

function typesOf(from: "client" | "server", ...methods: string[]): readonly MessageType[] {
  return tableOf(REVISION).messages.filter(
    (type) => type.from === from && methods.includes(type.method ?? ""),
  );
}

describe("through a real Envoy, nothing that was planted in", () => {
  test.each(
    typesOf("client", "tools/call", "resources/read", "prompts/get", "completion/complete"),
  )("$type reaches the server", async (type) => {
    answer = (exchange) => exchange.json({ jsonrpc: "2.0", id: 1, result: {} });
    for (const [example, position] of sampleOf(type)) {
      for (const plant of plantsFor(position, "client")) {
        const body = JSON.parse(JSON.stringify(planted(example, position, plant)));
        await call(target, { path: "/mcp", body, headers });
        expect(isLeaked(upstream.seen().toString("utf8"), SECRET), pointerOf(position)).toBe(false);
      }
    }
  });

  test.each(typesOf("server", "tools/call", "resources/read", "prompts/get", "tools/list"))(
    "$type reaches the client, in JSON or in a stream",
    async (type) => {
      const asked = { ...toolCall(1, {}, "read"), ...requestOf(type.method ?? "") };
      for (const [example, position] of sampleOf(type)) {
        for (const plant of plantsFor(position, "server")) {
          const message = planted(example, position, plant);
          answer = (exchange) => exchange.json(message);
          const inJson = await call(target, { path: "/mcp", body: asked, headers });
          answer = async (exchange) => {
            const stream = exchange.sse();
            await stream.send(message);
            stream.end();
          };
          const inStream = await call(target, { path: "/mcp", body: asked, headers });
          for (const { body } of [inJson, inStream]) {
            const got = Buffer.from(body).toString("utf8");
            expect(isLeaked(got, String(plant)), `${pointerOf(position)} ${got}`).toBe(false);
          }
        }
      }
    },
  );
});

test("through a real Envoy, a cursor that holds a path comes back to the server byte for byte", async () => {
  const cursor = Buffer.from(JSON.stringify({ after: PATH })).toString("base64");
  const list = (params: object) => ({ jsonrpc: "2.0", id: 1, method: "tools/list", params });
  answer = (exchange) =>
    exchange.json({ jsonrpc: "2.0", id: 1, result: { tools: [], nextCursor: cursor } });
  const first = await call(target, { path: "/mcp", body: list({}), headers });
  const { nextCursor } = JSON.parse(Buffer.from(first.body).toString("utf8")).result;
  expect(nextCursor).toMatch(/^sealed1_/);

  await call(target, { path: "/mcp", body: list({ cursor: nextCursor }), headers });
  const whole = await upstream.requests.at(-1)?.whole;
  expect(JSON.parse(String(whole)).params.cursor).toBe(cursor);
});

function requestOf(method: string): object {
  return { method, params: { name: "read", arguments: {}, uri: "file:///a" } };
}
