/** The service as its own process: killed, absent, back again, and asked to end. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openCall, openUpload } from "../../support/client.ts";
import {
  canary,
  endingOf,
  errorOf,
  type OpenEvents,
  openEvents,
  progress,
  toolCall,
  toolResult,
  UNAVAILABLE,
} from "../../support/faulty-firewall.ts";
import { freePort, type Gateway, startGateway } from "../../support/gateway.ts";
import { type ServeProcess, startServe } from "../../support/serve-process.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";
import { waitFor, within } from "../../support/wait.ts";

const CONFIG = `
drain_deadline_ms: 1500
limits: { sse_silence_deadline_ms: 20000, response_head_deadline_ms: 20000 }
`;

/** A server and Envoy; the service comes and goes. */
let world: { upstream: Upstream; gateway: Gateway; handler: UpstreamHandler };
let port: number;
let service: ServeProcess | null = null;

beforeAll(async () => {
  port = await freePort();
  const upstream = await startUpstream((exchange) => world.handler(exchange));
  const gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url }],
    service: { port },
  });
  world = { upstream, gateway, handler: (exchange) => exchange.json({}) };
});

afterEach(async () => {
  await service?.stop();
  service = null;
});

afterAll(async () => {
  await world.gateway.stop();
  await world.upstream.stop();
});

async function start(): Promise<ServeProcess> {
  service = await startServe({ config: CONFIG, port });
  return service;
}

test("a service that is absent lets nothing through; once it is there, the next call works", async () => {
  const absent = await callOnce();
  expect(absent.ending.status).toBe(503);
  expect(absent.ending.json()).toMatchObject(UNAVAILABLE);
  expect(absent.sent()).toBe(false);

  await start();
  await callUntilServed();

  service?.kill("SIGKILL");
  await service?.exited;
  const gone = await callOnce();
  expect(gone.ending.status).toBe(503);
  expect(gone.sent()).toBe(false);

  await start();
  await callUntilServed();
});

describe("a service that is killed", () => {
  test("while a request comes in lets none of it through", async () => {
    const running = await startServed();
    const [head, body] = [canary(), canary()];
    const headers = { "content-type": "application/json", "x-canary": head };
    const upload = openUpload(world.gateway, { path: "/mcp", headers });
    await upload.write(JSON.stringify(toolCall(body)));
    await waitFor("the exchange", async () => (await openStreams(running)) === 1);
    running.kill("SIGKILL");
    const ending = await endingOf(upload);
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject(UNAVAILABLE);
    expect(world.upstream.seen().includes(head)).toBe(false);
    expect(world.upstream.seen().includes(body)).toBe(false);
  });

  test("while the server is at work lets no answer through", async () => {
    const running = await startServed();
    const answer = canary();
    const arrived = Promise.withResolvers<Parameters<UpstreamHandler>[0]>();
    world.handler = arrived.resolve;
    const call = openCall(world.gateway, { path: "/mcp", body: toolCall(canary()) });
    const server = await within("the request at the server", arrived.promise);
    running.kill("SIGKILL");
    await running.exited;
    server.json(toolResult(answer));
    const ending = await endingOf(call);
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject(UNAVAILABLE);
    expect(ending.received).not.toContain(answer);
  });

  test("in the middle of an answer lets none of it through", async () => {
    const running = await startServed();
    const answer = canary();
    const type = { "content-type": "application/json" };
    const half = Promise.withResolvers<void>();
    world.handler = async (exchange) => {
      await exchange.sse(type).write(JSON.stringify(toolResult(answer)).slice(0, -1));
      half.resolve();
    };
    const call = openCall(world.gateway, { path: "/mcp", body: toolCall(canary()) });
    await within("half the answer", half.promise);
    running.kill("SIGKILL");
    const ending = await endingOf(call);
    expect(ending.status).toBe(503);
    expect(ending.received).not.toContain(answer);
  });

  test("while a stream is running lets no later event through", async () => {
    const running = await startServed();
    const { call, stream, server } = await openEvents(world);
    const [first, second] = [canary(), canary()];
    await stream.send(progress(first));
    await call.events.next();
    running.kill("SIGKILL");
    await stream.send(toolResult(second));
    const ending = await endingOf(call);
    expect(ending.ended).toBe("broken");
    expect(ending.received).toContain(first);
    expect(ending.received).not.toContain(second);
    await within("the server's end", server.closed);
  });
});

describe("a service that is asked to end", () => {
  test("finishes calls, ends streams with an error for their ids, and exits with 0", async () => {
    const running = await startServed();
    const streaming = await openEvents(world);
    await streaming.stream.send(progress(canary()));
    await streaming.call.events.next();
    const listening = await openEvents(world, { method: "GET" });
    await listening.stream.send(progress(canary()));
    await listening.call.events.next();
    const slow = await openSlowCall();
    expect(await running.health()).toBe(1);

    running.kill("SIGTERM");
    await waitFor("not serving", async () => (await running.health()) === 2);
    const answer = canary();
    slow.server.json(toolResult(answer));
    const slowEnding = await endingOf(slow.call);
    expect(slowEnding.status).toBe(200);
    expect(slowEnding.received).toContain(answer);

    const refused = await callOnce();
    expect(refused.ending.status).toBe(503);
    expect(refused.sent()).toBe(false);

    expect((await endingOf(listening.call)).ended).toBe("complete");
    await expectDrained(streaming);
    expect(await within("the exit", running.exited)).toEqual({ code: 0, signal: null });
  });
});

test("a service without a usable policy does not start, and says why", async () => {
  const folder = await mkdtemp(join(tmpdir(), "impedance-garbage-"));
  try {
    const bundle = join(folder, "bundle.tar.gz");
    await writeFile(bundle, "garbage");
    const config = `policy: { bundle: ${bundle} }`;
    const starting = startServe({ config });
    await expect(starting).rejects.toThrow(/exit code 11: .*bundle\.tar\.gz: not a gzip file/s);
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function expectDrained({ call }: OpenEvents): Promise<void> {
  const last = await call.events.next(10_000);
  expect(last.json()).toMatchObject({ id: 7, ...errorOf("draining") });
  expect((await endingOf(call)).ended).toBe("complete");
}

async function startServed(): Promise<ServeProcess> {
  const running = await start();
  await callUntilServed();
  return running;
}

/** Envoy notices that the service is back with the next call that it has to connect for. */
async function callUntilServed(): Promise<void> {
  await waitFor("a call that is served", async () => {
    const { ending, answer } = await callOnce();
    return ending.status === 200 && ending.received.includes(answer);
  });
}

async function callOnce() {
  const [question, answer] = [canary(), canary()];
  world.handler = (exchange) => exchange.json(toolResult(answer));
  const body = toolCall(question);
  const ending = await endingOf(openCall(world.gateway, { path: "/mcp", body }));
  return { ending, answer, sent: () => world.upstream.seen().includes(question) };
}

async function openSlowCall() {
  const arrived = Promise.withResolvers<Parameters<UpstreamHandler>[0]>();
  world.handler = arrived.resolve;
  const call = openCall(world.gateway, { path: "/mcp", body: toolCall(canary()) });
  return { call, server: await within("the slow call at the server", arrived.promise) };
}

async function openStreams({ adminPort }: ServeProcess): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
  const line = /^impedance_streams_open (\d+)/m.exec(await answer.text());
  return Number(line?.[1] ?? -1);
}
