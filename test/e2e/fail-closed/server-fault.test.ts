/** A server that is silent, or breaks off: whoever waits is told so, in time. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openCall } from "../../support/client.ts";
import {
  canary,
  endingOf,
  errorOf,
  type FaultyGateway,
  openEvents,
  progress,
  SHORT_LIMITS,
  startFaultyGateway,
  toolCall,
  toolResult,
} from "../../support/faulty-firewall.ts";
import type { UpstreamExchange, UpstreamHandler } from "../../support/upstream.ts";
import { waitFor, within } from "../../support/wait.ts";

let faulty: FaultyGateway;

beforeAll(async () => {
  faulty = await startFaultyGateway();
});

afterAll(() => faulty[Symbol.asyncDispose]());

afterEach(() => faulty.service.idle());

const JSON_TYPE = { "content-type": "application/json" };

describe.each(["http1", "http2"] as const)("over %s, a server", (protocol) => {
  test("that does not answer is given up with an error for the id", async () => {
    const { ending, server } = await callOnce(protocol, () => undefined);
    expect(ending).toMatchObject({ status: 200, ended: "complete" });
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("response_deadline") });
    expect(await server.closed).toBe("aborted");
  });

  test("that stops in the middle of its answer is given up", async () => {
    const word = canary();
    const { ending, server } = await callOnce(protocol, (exchange) => writeHalf(exchange, word));
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("response_deadline") });
    expect(ending.received).not.toContain(word);
    expect(await server.closed).toBe("aborted");
  });

  test("that breaks the connection before its answer leaves an error", async () => {
    const { ending } = await callOnce(protocol, (exchange) => exchange.destroy());
    expect(ending).toMatchObject({ status: 200, ended: "complete" });
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("server_unavailable") });
  });

  test("that breaks the connection in the middle of its answer leaves nothing of it", async () => {
    const word = canary();
    const { ending } = await callOnce(protocol, async (exchange) => {
      await writeHalf(exchange, word);
      exchange.destroy();
    });
    expect(ending).toMatchObject({ status: 502, ended: "complete" });
    expect(ending.text).toContain("upstream connect error");
    expect(ending.received).not.toContain(word);
  });

  test("whose stream is silent from the start is given up with an error", async () => {
    const { call, server } = await openEvents(faulty, { protocol });
    const ending = await endingOf(call);
    expect(ending).toMatchObject({ status: 200, ended: "complete" });
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("stream_silent") });
    expect(await server.closed).toBe("aborted");
  });

  test("whose stream falls silent ends with an error event for the open id", async () => {
    const { call, server, stream } = await openEvents(faulty, { protocol });
    await stream.send(progress("at work"));
    await call.events.next();
    expect((await call.events.next()).json()).toMatchObject({ id: 7, ...errorOf("stream_silent") });
    expect((await endingOf(call)).ended).toBe("complete");
    expect(await server.closed).toBe("aborted");
  });

  test("whose event stops half-way ends with an error event, and none of it", async () => {
    const [first, half] = [canary(), canary()];
    const { call, stream } = await openEvents(faulty, { protocol });
    await stream.send(progress(first));
    await stream.write(`data: ${JSON.stringify(toolResult(half))}\n`);
    const ending = await endingOf(call);
    expect(ending.received).toContain(first);
    expect(ending.received).not.toContain(half);
    expect(ending.text).toContain('"code":"stream_silent"');
  });

  test("whose stream ends before its answer leaves an error event for the open id", async () => {
    const { call, stream } = await openEvents(faulty, { protocol });
    await stream.send(progress("at work"));
    stream.end();
    await call.events.next();
    const event = await call.events.next();
    expect(event.json()).toMatchObject({ id: 7, ...errorOf("response_missing") });
    expect((await endingOf(call)).ended).toBe("complete");
  });

  test("whose stream ends without any event leaves an error for the open id", async () => {
    const { call, stream } = await openEvents(faulty, { protocol });
    stream.end();
    const ending = await endingOf(call);
    expect(ending.ended).toBe("complete");
    expect(ending.text).toContain('"code":"response_missing"');
  });

  test("that breaks its stream off leaves it broken, with nothing of an open event", async () => {
    const [first, half] = [canary(), canary()];
    const { call, server, stream } = await openEvents(faulty, { protocol });
    await stream.send(progress(first));
    await call.events.next();
    await stream.write(`data: ${JSON.stringify(toolResult(half))}\n`);
    server.destroy();
    const ending = await endingOf(call);
    expect(ending.ended).toBe("broken");
    expect(ending.received).toContain(first);
    expect(ending.received).not.toContain(half);
  });
});

describe("a stream", () => {
  test("that answers a batch ends with an error for each open id, and none for the others", async () => {
    const { call, stream } = await openEvents(faulty, {
      body: [toolCall("one", 1), toolCall("two", "2"), toolCall("three", 3)],
      headers: { "mcp-protocol-version": "2025-03-26" },
    });
    await stream.send(toolResult("the answer to", "2"));
    stream.end();
    await endingOf(call);
    expect(call.events.all.map((event) => event.json())).toMatchObject([
      { id: "2", result: {} },
      { id: 1, ...errorOf("response_missing") },
      { id: 3, ...errorOf("response_missing") },
    ]);
  });

  test("that a client listens to may be silent for longer than any other", async () => {
    const listening = await openEvents(faulty, { method: "GET" });
    const listeningHead = await within("its head", listening.call.head);
    expect(listeningHead.status).toBe(200);
    const start = performance.now();
    const other = await openEvents(faulty);
    expect((await endingOf(other.call)).text).toContain("stream_silent");
    expect(performance.now() - start).toBeGreaterThan(SHORT_LIMITS.sseSilenceDeadlineMs - 50);
    const word = canary();
    await listening.stream.send(progress(word));
    expect((await listening.call.events.next()).data).toContain(word);
    await waitFor("heartbeats", () => comments(listening.call.events.all) >= 3);
    listening.call.abort();
  });

  test("that is in time passes whole", async () => {
    const [first, second] = [canary(), canary()];
    const { call, stream } = await openEvents(faulty);
    await stream.send(progress(first));
    await stream.send(toolResult(second));
    stream.end();
    const ending = await endingOf(call);
    expect(ending.ended).toBe("complete");
    expect(call.events.all.map((event) => event.json())).toEqual([
      progress(first),
      toolResult(second),
    ]);
  });
});

async function callOnce(protocol: "http1" | "http2", handler: UpstreamHandler) {
  const { promise, resolve } = Promise.withResolvers<UpstreamExchange>();
  faulty.handler = (exchange) => {
    resolve(exchange);
    return handler(exchange);
  };
  const target = { ...faulty.gateway, protocol };
  const ending = await endingOf(openCall(target, { path: "/mcp", body: toolCall("hello") }));
  return { ending, server: await promise };
}

/** Begins an answer in JSON and leaves it open. */
function writeHalf(exchange: UpstreamExchange, word: string): Promise<void> {
  return exchange.sse(JSON_TYPE).write(JSON.stringify(toolResult(word)).slice(0, -1));
}

function comments(events: readonly { readonly comment: string | null }[]): number {
  return events.filter(({ comment }) => comment !== null).length;
}
