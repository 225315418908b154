import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { openCall, type Target } from "../../support/client.ts";
import { cutAt } from "../../support/cut-at.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { REDACTED, SECRET, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { STREAM_CASES, STREAM_EVENT_MAX_BYTES } from "../../support/streams.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";

let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({
    limits: { sseEventMaxBytes: STREAM_EVENT_MAX_BYTES },
    // One id for all decisions, so that outputs can be compared byte for byte.
    dependencies: (real) => ({ ...real, identifiers: { decisionId: () => "decision" } }),
  });
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
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

/** What a client gets whose call is answered by these pieces, each in a packet of its own. */
async function streamed(pieces: readonly Uint8Array[]): Promise<string> {
  answer = async (exchange) => {
    const stream = exchange.sse();
    for (const piece of pieces) if (piece.length > 0) await stream.write(piece);
    stream.end();
  };
  const call = openCall(target, { path: "/mcp", body: toolCall(7) });
  expect(await call.ended).toBe("complete");
  return call.bytes().toString("utf8");
}

test.each(STREAM_CASES)(
  "a stream with $title arrives the same however it is cut",
  async ({ bytes }) => {
    const whole = await streamed([bytes]);
    expect(whole).not.toContain(SECRET);
    const places = fc.uniqueArray(fc.nat({ max: bytes.length }), { minLength: 1, maxLength: 12 });
    for (const cuts of fc.sample(places, { numRuns: 4, seed: 1 })) {
      expect(await streamed(cutAt(bytes, cuts))).toBe(whole);
    }
  },
);

const RESULT = JSON.stringify(toolResult(7, `the key is ${SECRET}`));
const EVENT = `event: message\ndata: ${RESULT}\n\n`;
const error = (code: string) => ({ id: 7, error: { data: { code } } });

describe("an answer whose type lies", () => {
  test.each([
    {
      title: "JSON as a stream",
      type: "text/event-stream",
      body: RESULT,
      code: "response_missing",
    },
    {
      title: "JSON in lines as a stream",
      type: "text/event-stream",
      body: `${JSON.stringify(JSON.parse(RESULT), null, 2)}\n\n`,
      code: "response_unreadable",
    },
    {
      title: "HTML as a stream",
      type: "text/event-stream; charset=utf-8",
      body: "<p>hello</p>\n\n",
      code: "response_missing",
    },
    {
      title: "a stream as JSON",
      type: "application/json",
      body: EVENT,
      code: "response_unreadable",
    },
    { title: "JSON as HTML", type: "text/html", body: RESULT, code: "response_media_type" },
    { title: "a stream as text", type: "text/plain", body: EVENT, code: "response_media_type" },
    {
      title: "JSON as anything",
      type: "application/octet-stream",
      body: RESULT,
      code: "response_media_type",
    },
    { title: "JSON of no type", type: "", body: RESULT, code: "response_media_type" },
    { title: "a stream of no type", type: "", body: EVENT, code: "response_media_type" },
    {
      title: "JSON of two types",
      type: "text/event-stream, application/json",
      body: RESULT,
      code: "response_media_type",
    },
  ])("leaves the caller with one clear error: $title", async ({ type, body, code }) => {
    answer = (exchange) => exchange.reply(200, type === "" ? {} : { "content-type": type }, body);
    const call = openCall(target, { path: "/mcp", body: toolCall(7) });
    expect(await call.ended).toBe("complete");
    const text = call.bytes().toString("utf8");
    expect(text).not.toContain(SECRET);
    const messages = text.startsWith("{")
      ? [JSON.parse(text)]
      : call.events.all.flatMap((event) => (event.data === null ? [] : [event.json()]));
    expect(messages).toMatchObject([error(code)]);
  });

  test.each([
    { title: "JSON", type: "application/json; charset=utf-8", body: RESULT },
    { title: "JSON in capitals", type: "Application/JSON", body: RESULT },
    { title: "a stream", type: "text/event-stream; charset=utf-8", body: EVENT },
    { title: "a stream in capitals", type: "Text/Event-Stream", body: EVENT },
  ])("is not one that tells the truth: $title", async ({ type, body }) => {
    answer = (exchange) => exchange.reply(200, { "content-type": type }, body);
    const call = openCall(target, { path: "/mcp", body: toolCall(7) });
    expect(await call.ended).toBe("complete");
    expect(call.bytes().toString("utf8")).toBe(body.replace(SECRET, REDACTED));
  });

  test.each([
    { title: "JSON", type: "application/json", body: RESULT },
    { title: "HTML", type: "text/html", body: "<p>hello</p>" },
  ])("is refused where a stream was asked for, too: $title", async ({ type, body }) => {
    answer = (exchange) => exchange.reply(200, { "content-type": type }, body);
    const headers = { accept: "text/event-stream" };
    const call = openCall(target, { path: "/mcp", headers });
    const reply = await call.reply();
    expect(reply.status).toBe(502);
    expect(reply.json()).toMatchObject({ id: null, error: { code: -31902 } });
  });
});
