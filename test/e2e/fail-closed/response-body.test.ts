/** An answer that cannot be read does not reach the client, not even in part. */

import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCall } from "../../support/client.ts";
import {
  canary,
  endingOf,
  errorOf,
  type FaultyGateway,
  openEvents,
  progress,
  startFaultyGateway,
  toolCall,
  toolResult,
} from "../../support/faulty-firewall.ts";
import { SECRET } from "../../support/messages.ts";

const BODY_MAX_BYTES = 8_192;
const EVENT_MAX_BYTES = 2_048;
const MAX_DEPTH = 16;
const MAX_NODES = 200;
const JSON_TYPE = { "content-type": "application/json" };

let faulty: FaultyGateway;

beforeAll(async () => {
  faulty = await startFaultyGateway({
    limits: {
      responseBodyMaxBytes: BODY_MAX_BYTES,
      sseEventMaxBytes: EVENT_MAX_BYTES,
      jsonMaxDepth: MAX_DEPTH,
      jsonMaxNodes: MAX_NODES,
    },
  });
});

afterAll(() => faulty[Symbol.asyncDispose]());

const text = (value: string): string => JSON.stringify(toolResult(value));

interface Unreadable {
  readonly title: string;
  readonly body: (canary: string) => string | Uint8Array;
}

/** No JSON in UTF-8: wrong in a body and in an event alike. */
const UNREADABLE: readonly Unreadable[] = [
  { title: "no JSON", body: (word) => `{"jsonrpc":"2.0","id":7,${word}` },
  { title: "cut off", body: (word) => text(word).slice(0, -1) },
  { title: "followed by more", body: (word) => `${text("fine")} ${text(word)}` },
  { title: "behind a byte order mark", body: (word) => `\ufeff${text(word)}` },
  { title: "in broken UTF-8", body: (word) => Buffer.from(text(`${word}\u00ff`), "latin1") },
  {
    title: "one that names a member twice",
    body: (word) => text(word).replace('"result"', '"result":{},"result"'),
  },
  { title: "too deep", body: (word) => nested(word, MAX_DEPTH) },
  { title: "of too many values", body: (word) => listed(word, MAX_NODES + 1) },
  { title: "both a result and an error", body: (word) => both(word) },
];

/** JSON, but no message that anybody here waits for. */
const NO_ANSWER: readonly Unreadable[] = [
  { title: "no object", body: (word) => JSON.stringify(word) },
  { title: "for another id", body: (word) => JSON.stringify(toolResult(word, 8)) },
  { title: "for the id as a text", body: (word) => JSON.stringify(toolResult(word, "7")) },
];

describe("an answer", () => {
  test.each([
    ...UNREADABLE,
    ...NO_ANSWER,
    { title: "gzip that does not say so", body: (word: string) => gzipSync(text(word)) },
  ])("is replaced by an error when it is $title", async ({ body }) => {
    const word = canary();
    const ending = await answer(200, JSON_TYPE, body(word));
    expect(ending).toMatchObject({ status: 200, ended: "complete" });
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("response_unreadable") });
    expect(ending.received).not.toContain(word);
  });

  test.each([
    { title: "HTML", type: "text/html", code: "response_media_type" },
    { title: "plain text", type: "text/plain", code: "response_media_type" },
    { title: "of no type", type: "", code: "response_media_type" },
    { title: "JSON lines", type: "application/jsonl", code: "response_media_type" },
    { title: "in UTF-16", type: "application/json; charset=utf-16", code: "response_media_type" },
    { title: "in UTF-7", type: "application/json;charset=utf-7", code: "response_media_type" },
  ])("is replaced by an error when it is $title", async ({ type, code }) => {
    const word = canary();
    const ending = await answer(200, { "content-type": type }, text(word));
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf(code) });
    expect(ending.received).not.toContain(word);
  });

  test.each(["gzip", "br", "deflate", "zstd", "x-unknown", "identity, gzip"])(
    "is replaced by an error when its encoding is %s",
    async (encoding) => {
      const word = canary();
      const headers = { ...JSON_TYPE, "content-encoding": encoding };
      const ending = await answer(200, headers, `${text(word)}`);
      expect(ending.json()).toMatchObject({ id: 7, ...errorOf("response_encoding") });
      expect(ending.received).not.toContain(word);
      expect(ending.headers.get("content-encoding")).toBeUndefined();
    },
  );

  test.each([200, 202, 204])(
    "that is empty with status %d is replaced by an error",
    async (status) => {
      const ending = await answer(status, {}, "");
      expect(ending.json()).toMatchObject({ id: 7, ...errorOf("response_missing") });
    },
  );

  test.each([
    { title: "of a known length", headers: JSON_TYPE },
    { title: "in chunks", headers: { ...JSON_TYPE, "transfer-encoding": "chunked" } },
  ])("over the limit is replaced by an error: $title", async ({ headers }) => {
    const word = canary();
    const body = text(word).padEnd(BODY_MAX_BYTES + 1, " ");
    const ending = await answer(200, headers, body);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("response_too_large") });
    expect(ending.received).not.toContain(word);
  });

  test.each([
    { title: "an image", type: "image/png" },
    { title: "text in another charset", type: "text/plain; charset=utf-16" },
  ])("that is an error with $title is not passed", async ({ type }) => {
    const word = canary();
    const ending = await answer(500, { "content-type": type }, word);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("response_media_type") });
    expect(ending.received).not.toContain(word);
  });

  test.each([
    { title: "large", body: text("fine").padEnd(BODY_MAX_BYTES, " ") },
    { title: "deep", body: nested("fine", MAX_DEPTH - 1) },
    { title: "of many values", body: listed("fine", MAX_NODES) },
    { title: "ordinary", body: text("fine") },
  ])("just within every limit passes byte for byte: $title", async ({ body }) => {
    const ending = await answer(200, { "content-type": "application/json; charset=UTF-8" }, body);
    expect(ending).toMatchObject({ status: 200, text: body });
  });

  test("that is an error in plain text passes", async () => {
    const ending = await answer(500, { "content-type": "text/plain" }, "out of order");
    expect(ending).toMatchObject({ status: 500, text: "out of order" });
  });
});

describe("an event", () => {
  test.each(UNREADABLE)("ends its stream with an error when it is $title", async ({ body }) => {
    const [first, word, later] = [canary(), canary(), canary()];
    const { call, stream } = await openEvents(faulty);
    await stream.send(progress(first));
    await call.events.next();
    await stream.write(Buffer.concat([Buffer.from("data: "), Buffer.from(body(word)), END]));
    await stream.send(toolResult(later));
    const ending = await endingOf(call);
    expect(ending.ended).toBe("complete");
    expect(lastEvent(ending.text)).toMatchObject({ id: 7, ...errorOf("response_unreadable") });
    expect(ending.received).toContain(first);
    expect(ending.received).not.toContain(word);
    expect(ending.received).not.toContain(later);
  });

  test.each(NO_ANSWER)(
    "is left out when it is $title, and the stream goes on",
    async ({ body }) => {
      const [word, answer] = [canary(), canary()];
      const { call, stream } = await openEvents(faulty);
      await stream.write(`data: ${body(word)}\n\n`);
      await stream.send(toolResult(answer));
      stream.end();
      const ending = await endingOf(call);
      expect(ending.received).not.toContain(word);
      expect(ending.received).toContain(answer);
    },
  );

  test.each([
    { title: "in one piece", pieces: 1 },
    { title: "that never comes to its end", pieces: 8 },
  ])("over the limit ends its stream with an error: $title", async ({ pieces }) => {
    const word = canary();
    const { call, stream } = await openEvents(faulty);
    const whole = `data: ${text(word).padEnd(EVENT_MAX_BYTES, " ")}`;
    const size = Math.ceil(whole.length / pieces);
    for (let at = 0; at < whole.length; at += size) {
      await stream.write(whole.slice(at, at + size));
    }
    const ending = await endingOf(call);
    expect(lastEvent(ending.text)).toMatchObject({ id: 7, ...errorOf("response_too_large") });
    expect(ending.received).not.toContain(word);
  });

  test("of the size of the limit passes byte for byte", async () => {
    const head = "data: ";
    const event = head + text("fine").padEnd(EVENT_MAX_BYTES - head.length - 2, " ") + END;
    const { call, stream } = await openEvents(faulty);
    await stream.write(event);
    stream.end();
    expect((await endingOf(call)).text).toBe(event);
  });

  test("that announces the transport of 2024 is refused", async () => {
    const word = canary();
    const { call, stream } = await openEvents(faulty, { method: "GET" });
    await stream.send(`/messages?session=${word}`, { event: "endpoint" });
    const ending = await endingOf(call);
    expect(ending.ended).toBe("complete");
    expect(lastEvent(ending.text)).toMatchObject(errorOf("legacy_transport"));
    expect(ending.received).not.toContain(word);
  });

  test("that is cut off by the end of its stream is read like any other", async () => {
    const { call, stream } = await openEvents(faulty);
    await stream.write(`data: ${JSON.stringify(progress(`the key is ${SECRET}`))}`);
    stream.end();
    const ending = await endingOf(call);
    expect(ending.received).not.toContain(SECRET);
    expect(lastEvent(ending.text)).toMatchObject({ id: 7, ...errorOf("response_missing") });
  });

  test("with a secret in a line that is no data does not pass", async () => {
    const { call, stream } = await openEvents(faulty);
    await stream.write(`: ${SECRET}\n\n`);
    await stream.write(`id: ${SECRET}\ndata: ${text(canary())}\n\n`);
    stream.end();
    const ending = await endingOf(call);
    expect(ending.received).not.toContain(SECRET);
  });

  test("of a stream in gzip does not pass", async () => {
    const word = canary();
    const headers = { "content-type": "text/event-stream", "content-encoding": "gzip" };
    const ending = await answer(200, headers, gzipSync(`data: ${text(word)}\n\n`));
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("response_encoding") });
  });

  test("of a stream with status 201 does not pass as a stream", async () => {
    const word = canary();
    const ending = await answer(201, { "content-type": "text/event-stream" }, `data: ${word}\n\n`);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("response_media_type") });
    expect(ending.received).not.toContain(word);
  });
});

const END = Buffer.from("\n\n");

async function answer(
  status: number,
  headers: { readonly [name: string]: string },
  body: string | Uint8Array,
) {
  faulty.handler = (exchange) => {
    const chunked = "transfer-encoding" in headers;
    if (!chunked) return exchange.reply(status, headers, body);
    const bytes = Buffer.from(body);
    return exchange.flood(bytes.length, bytes, headers).then(() => undefined);
  };
  return endingOf(openCall(faulty.gateway, { path: "/mcp", body: toolCall(canary()) }));
}

function lastEvent(stream: string): unknown {
  const lines = stream.split("\n").filter((line) => line.startsWith("data: "));
  return JSON.parse(lines.at(-1)?.slice("data: ".length) ?? "null");
}

/** Message, result, content and its item are four containers already. */
function nested(word: string, depth: number): string {
  const levels = depth - 3;
  const inner = "[".repeat(levels) + JSON.stringify(word) + "]".repeat(levels);
  return text("fine").replace('"fine"', inner);
}

/** `count` values in the whole message, seven of them around the list, and the list itself. */
function listed(word: string, count: number): string {
  const list = JSON.stringify([word, ...Array(count - 9).fill(1)]);
  return text("fine").replace('"fine"', list);
}

function both(word: string): string {
  return JSON.stringify({ ...toolResult(word), error: { code: 1, message: "both" } });
}
