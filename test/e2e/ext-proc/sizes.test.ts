import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { call, openUpload, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { JSON_HEADERS, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";
import { within } from "../../support/wait.ts";

const MIB = 1024 * 1024;
const RESPONSE_MAX_BYTES = 16 * MIB;

let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  // The guards of a test machine that is busy may take their time over 16 MB.
  const limits = { verdictDeadlineMs: 10_000, guardBudgetMs: 10_000 };
  service = await startTestService({ limits });
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
  target = { host: gateway.host, port: gateway.port };
});

beforeEach(() => {
  service.clear();
  answer = (exchange) => exchange.json(toolResult(1, "done"));
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await upstream.stop();
});

describe.each(["http1", "http2"] as const)("over %s, a request", (protocol) => {
  test.each([
    { title: "announced in its head", headers: { "content-length": String(64 * MIB) } },
    { title: "in chunks, at the first byte over", headers: {} },
  ])("that is too large is refused while it is still coming: $title", async ({ headers }) => {
    const before = upstream.seen().length;
    const upload = openUpload(
      { ...target, protocol },
      { path: "/mcp", headers: { ...JSON_HEADERS, ...headers } },
    );
    const announced = "content-length" in headers;
    if (!announced) void upload.write(Buffer.alloc(MIB + 1, " "));
    const { status } = await within("the refusal", upload.head);

    expect(status).toBe(413);
    const decision = service.decisions.at(-1);
    expect(decision).toMatchObject({ result: { allow: false } });
    // A client that goes on sending all the same gets the whole answer.
    await within("the answer's end", upload.ended);
    expect(JSON.parse(upload.bytes().toString())).toMatchObject({
      jsonrpc: "2.0",
      id: null,
      error: { data: { code: "request_too_large", decision_id: decision?.decision_id } },
    });
    upload.abort();
    expect(upstream.seen().length).toBe(before);
  });

  test("of exactly the limit passes", async () => {
    const call1 = JSON.stringify(toolCall(1));
    const body = call1 + " ".repeat(MIB - call1.length);
    answer = async (exchange) => {
      await exchange.request.whole;
      exchange.json(toolResult(1, "done"));
    };
    const reply = await call(
      { ...target, protocol },
      { path: "/mcp", method: "POST", headers: JSON_HEADERS, body },
    );
    expect(reply.status).toBe(200);
    expect((await upstream.requests.at(-1)?.whole)?.equals(Buffer.from(body))).toBe(true);
  });
});

describe("a response", () => {
  test("of exactly 16 MiB passes byte for byte", async () => {
    const body = resultOf(RESPONSE_MAX_BYTES);
    answer = (exchange) => exchange.reply(200, { "content-type": "application/json" }, body);
    const reply = await call(target, { path: "/mcp", body: toolCall(1) });

    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-length")).toBe(String(RESPONSE_MAX_BYTES));
    expect(reply.body.equals(body)).toBe(true);
  });

  test.each([
    { title: "with a length", chunked: false },
    { title: "in chunks", chunked: true },
  ])("of one byte more, $title, is replaced by an error for the request", async ({ chunked }) => {
    const body = resultOf(RESPONSE_MAX_BYTES + 1);
    answer = async (exchange) => {
      if (chunked) await exchange.flood(body.length, body);
      else exchange.reply(200, { "content-type": "application/json", "x-from": "server" }, body);
    };
    const reply = await call(target, { path: "/mcp", body: toolCall(1) });

    expect(reply.status).toBe(200);
    expect(reply.headers.has("x-from")).toBe(false);
    expect(reply.json()).toMatchObject({
      jsonrpc: "2.0",
      id: 1,
      error: { data: { code: "response_too_large" } },
    });
    expect(reply.headers.get("content-length")).toBe(String(reply.body.length));
  });
});

/** A result of exactly so many bytes: lines of prose, as a large file has them. */
function resultOf(bytes: number): Buffer {
  const line = "The quick brown fox jumps over the lazy dog. ";
  const empty = JSON.stringify(toolResult(1, "")).length;
  const text = line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes - empty);
  return Buffer.from(JSON.stringify(toolResult(1, text)));
}
