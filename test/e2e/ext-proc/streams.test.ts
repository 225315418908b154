import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { openCall, openStream, type SseEvent, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import {
  deniedResult,
  progress,
  REDACTED,
  SECRET,
  samplingRequest,
  toolCall,
  toolResult,
} from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import {
  startUpstream,
  type Upstream,
  type UpstreamHandler,
  type UpstreamStream,
} from "../../support/upstream.ts";
import { waitFor, within } from "../../support/wait.ts";

let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({ limits: { sseHeartbeatMs: 40 } });
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

const LISTEN = { path: "/mcp", headers: { accept: "text/event-stream", "mcp-session-id": "s-1" } };

describe("the stream that answers a POST", () => {
  test("arrives event by event: each one before the server sends the next", async () => {
    const read: Relay<number> = createRelay();
    answer = async (exchange) => {
      const stream = exchange.sse();
      for (let step = 1; step <= 5; step += 1) {
        await stream.send(progress(step));
        // Out of band: the client has read this event.
        expect(await read.next()).toBe(step);
      }
      await stream.send(toolResult(1, "done"));
      stream.end();
    };
    const call = await openCall(target, { path: "/mcp", body: toolCall(1) });
    for (let step = 1; step <= 5; step += 1) {
      expect((await call.events.next()).json()).toEqual(progress(step));
      read.push(step);
    }
    expect((await call.events.next()).json()).toEqual(toolResult(1, "done"));
    expect(await call.ended).toBe("complete");
    const { headers } = await call.head;
    expect(headers.has("content-length")).toBe(false);
    expect(headers.get("x-zta-decision")).toBe("allow");
  });

  test("keeps every byte of its framing when there is nothing to change", async () => {
    const text =
      `: a comment\n\nretry: 3000\nid: 0\ndata:\n\nevent: message\r\nid: 1\r\n` +
      `data: ${JSON.stringify(progress(1))}\r\n\r\n` +
      `data:${JSON.stringify(toolResult(1, "grüße ☃"))}\nid:2\n\n`;
    answer = async (exchange) => {
      const stream = exchange.sse();
      await stream.write(text);
      stream.end();
    };
    const call = openCall(target, { path: "/mcp", body: toolCall(1) });
    expect(await call.ended).toBe("complete");
    expect(call.bytes().toString()).toBe(text);
  });

  test("has an event in it cleaned, and its neighbours left alone", async () => {
    const events = [progress(1), toolResult(1, `the key is ${SECRET}`)];
    answerWith(events);
    const call = openCall(target, { path: "/mcp", body: toolCall(1) });
    expect(await call.ended).toBe("complete");
    const sent = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    expect(call.bytes().toString()).toBe(sent.replace(SECRET, REDACTED));
  });

  test("loses the length that the server announced, since cleaning changes it", async () => {
    const event = `data: ${JSON.stringify(toolResult(1, SECRET))}\n\n`;
    answer = async (exchange) => {
      const stream = exchange.sse({ "content-length": Buffer.byteLength(event) });
      await stream.write(event);
      stream.end();
    };
    const call = openCall(target, { path: "/mcp", body: toolCall(1) });
    expect(await call.ended).toBe("complete");
    expect(call.bytes().toString()).toBe(event.replace(SECRET, REDACTED));
    expect((await call.head).headers.has("content-length")).toBe(false);
  });

  test("has a denied result in it replaced by an error with its id", async () => {
    answerWith([progress(1), deniedResult("call-1")]);
    const call = openCall(target, { path: "/mcp", body: toolCall("call-1") });
    expect((await call.events.next()).json()).toEqual(progress(1));
    expect((await call.events.next()).json()).toMatchObject({
      jsonrpc: "2.0",
      id: "call-1",
      error: { code: -31901, data: { code: "secret_left" } },
    });
    expect(await call.ended).toBe("complete");
    expect(call.bytes().includes(SECRET)).toBe(false);
  });

  test("has a denied request of the server in it rewritten, and lives on", async () => {
    const read: Relay<SseEvent> = createRelay();
    answer = async (exchange) => {
      const stream = exchange.sse();
      await stream.send(samplingRequest("ask-1"), { event: "message", id: "7" });
      await read.next();
      await stream.send(toolResult(1, "done without asking"));
      stream.end();
    };
    const call = openCall(target, { path: "/mcp", body: toolCall(1) });
    const asked = await call.events.next();
    expect(asked).toMatchObject({ event: "message", id: "7" });
    expect(asked.json()).toEqual({ jsonrpc: "2.0", id: "ask-1", method: "dev.impedance/denied" });
    read.push(asked);
    expect((await call.events.next()).json()).toEqual(toolResult(1, "done without asking"));
    expect(await call.ended).toBe("complete");
  });

  test("passes a comment at once, before any event", async () => {
    const release = Promise.withResolvers<void>();
    answer = async (exchange) => {
      const stream = exchange.sse();
      await stream.write(": working on it\n\n");
      await release.promise;
      await stream.send(toolResult(1, "done"));
      stream.end();
    };
    const call = openCall(target, { path: "/mcp", body: toolCall(1) });
    await waitFor("the comment", () => call.events.all.length === 1);
    expect(call.bytes().toString()).toBe(": working on it\n\n");
    release.resolve();
    expect((await call.events.next()).json()).toEqual(toolResult(1, "done"));
  });

  test("that ends without the answer gives each open id an error", async () => {
    answerWith([progress(1)]);
    const call = openCall(target, { path: "/mcp", body: toolCall(5) });
    expect((await call.events.next()).json()).toEqual(progress(1));
    expect((await call.events.next()).json()).toMatchObject({
      id: 5,
      error: { data: { code: "response_missing" } },
    });
    expect(await call.ended).toBe("complete");
  });

  test("with an event that is no JSON ends in an error, and nothing of it passes", async () => {
    answer = async (exchange) => {
      const stream = exchange.sse();
      await stream.send(`{"jsonrpc":"2.0","id":5,"result":{"leak":"x"}`);
      await stream.send(toolResult(5, "too late"));
    };
    const call = openCall(target, { path: "/mcp", body: toolCall(5) });
    expect((await call.events.next()).json()).toMatchObject({
      id: 5,
      error: { data: { code: "response_unreadable" } },
    });
    expect(await call.ended).toBe("complete");
    expect(call.events.all).toHaveLength(1);
    expect(call.bytes().includes("leak")).toBe(false);
    // Envoy gives the server's half up as soon as ours has ended.
    expect(await within("the server's end", closing())).toBe("aborted");
  });

  test.each([1, 2, 3])("survives a cut %d bytes into a character", async (offset) => {
    const event = `data: ${JSON.stringify(toolResult(1, "a 😀 b"))}\n\n`;
    const at = Buffer.from(event).indexOf("😀") + offset;
    answer = async (exchange) => {
      const stream = exchange.sse();
      await stream.split(event, at);
      stream.end();
    };
    const call = openCall(target, { path: "/mcp", body: toolCall(1) });
    expect(await call.ended).toBe("complete");
    expect(call.bytes().toString()).toBe(event);
  });
});

describe("a listening stream (GET)", () => {
  test("has its head before any event, and no byte of ours before the first one", async () => {
    const streams: UpstreamStream[] = [];
    answer = (exchange) => {
      streams.push(exchange.sse({ "mcp-session-id": "s-1" }));
    };
    const silent = await openStream(target, LISTEN);
    expect(silent.status).toBe(200);
    expect(silent.headers.get("mcp-session-id")).toBe("s-1");
    const lively = await openStream(target, LISTEN);

    await streams[1]?.send(progress(1));
    await waitFor("three heartbeats", () => comments(lively.events.all).length >= 3);
    expect(comments(lively.events.all)[0]).toBe("keep-alive");
    // Its head went out earlier, so it had the time for as many.
    expect(silent.bytes().length).toBe(0);

    await streams[0]?.send(progress(9));
    expect((await silent.events.next()).json()).toEqual(progress(9));
    silent.abort();
    lively.abort();
    await service.idle();
  });

  test("cleans and denies what the server sends unasked", async () => {
    answer = async (exchange) => {
      const stream = exchange.sse();
      const params = { level: "info", data: `key ${SECRET}` };
      await stream.send({ jsonrpc: "2.0", method: "notifications/message", params });
      await stream.send({ jsonrpc: "2.0", method: "notifications/acme", params });
      await stream.send(samplingRequest(3));
      await stream.send({ jsonrpc: "2.0", id: 4, method: "ping" });
    };
    const listening = await openStream(target, LISTEN);
    expect((await listening.events.next()).json()).toMatchObject({
      method: "notifications/message",
      params: { data: `key ${REDACTED}` },
    });
    // The notification that nobody knows is dropped.
    expect((await listening.events.next()).json()).toEqual({
      jsonrpc: "2.0",
      id: 3,
      method: "dev.impedance/denied",
    });
    expect((await listening.events.next()).json()).toEqual({
      jsonrpc: "2.0",
      id: 4,
      method: "ping",
    });
    expect(listening.bytes().includes(SECRET)).toBe(false);
    listening.abort();
    await service.idle();
  });

  test("that the server ends, ends for the client without an error", async () => {
    answerWith([progress(1)]);
    const listening = await openStream(target, LISTEN);
    expect(await listening.ended).toBe("complete");
    expect(listening.events.all.filter(({ data }) => data !== null)).toHaveLength(1);
  });
});

test.each([1, 2, 3])("a JSON response cut %d bytes into a character arrives whole", async (at) => {
  const body = JSON.stringify(toolResult(1, "a 😀 b"));
  answer = async (exchange) => {
    // The same writer, without the framing of events.
    const stream = exchange.sse({ "content-type": "application/json" });
    await stream.split(body, Buffer.from(body).indexOf("😀") + at);
    stream.end();
  };
  const call = openCall(target, { path: "/mcp", body: toolCall(1) });
  const reply = await call.reply();
  expect(reply.text).toBe(body);
  expect(reply.headers.get("content-length")).toBe(String(Buffer.byteLength(body)));
});

function comments(events: readonly SseEvent[]): (string | null)[] {
  return events.filter(({ data }) => data === null).map(({ comment }) => comment);
}

/** Lets the server send these events and end. */
function answerWith(events: readonly object[]): void {
  answer = async (exchange) => {
    const stream = exchange.sse();
    for (const event of events) await stream.send(event);
    stream.end();
  };
}

async function closing(): Promise<"finished" | "aborted" | undefined> {
  return upstream.exchanges.at(-1)?.closed;
}

/** What one side pushes, the other takes, in order. */
interface Relay<Value> {
  push(value: Value): void;
  next(): Promise<Value>;
}

function createRelay<Value>(): Relay<Value> {
  const queue: Value[] = [];
  return {
    push: (value) => queue.push(value),
    next: () => waitFor("the other side", () => queue.shift() as Value & {}),
  };
}
