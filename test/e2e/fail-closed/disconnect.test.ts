/** A client that goes away leaves nothing behind, in any phase; one that stops reading is waited for. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenCall, openCall, openUpload } from "../../support/client.ts";
import { canary, endingOf, progress, toolCall, toolResult } from "../../support/faulty-firewall.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { collectGarbage } from "../../support/memory.ts";
import { startServe } from "../../support/serve-process.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import {
  startUpstream,
  type Upstream,
  type UpstreamExchange,
  type UpstreamHandler,
} from "../../support/upstream.ts";
import { waitFor, whenSteady } from "../../support/wait.ts";

const BATCH = 50;
const BATCHES = 10;

/** Deadlines that cannot come before the client has gone. */
const LONG_LIMITS = {
  requestBodyDeadlineMs: 60_000,
  responseHeadDeadlineMs: 60_000,
  responseBodyDeadlineMs: 60_000,
  sseSilenceDeadlineMs: 60_000,
};

interface World {
  readonly upstream: Upstream;
  readonly service: TestService;
  readonly gateway: Gateway;
  handler: UpstreamHandler;
  /** Each exchange of the firewall and each gRPC call: whoever still has one has leaked it. */
  readonly made: WeakRef<object>[];
}

let world: World;

beforeAll(async () => {
  const made: WeakRef<object>[] = [];
  const upstream = await startUpstream((exchange) => world.handler(exchange));
  const service = await startTestService({
    limits: LONG_LIMITS,
    firewall: (real) => ({
      open: (head) => {
        const exchange = real.open(head);
        made.push(new WeakRef(exchange));
        return exchange;
      },
    }),
    wrapProcess: (process) => (call) => {
      made.push(new WeakRef(call));
      process(call);
    },
  });
  const upstreams = [{ id: "files", url: upstream.url }];
  const gateway = await startGateway({ upstreams, service });
  world = { upstream, service, gateway, made, handler: (exchange) => exchange.json({}) };
});

afterAll(async () => {
  await world.gateway.stop();
  await world.service.stop();
  await world.upstream.stop();
});

interface Phase {
  readonly phase: string;
  open(protocol: Protocol): OpenCall;
  readonly handler: UpstreamHandler;
  /** Waits until each call is where it is to be broken off; `known` exchanges came before them. */
  reached(calls: readonly OpenCall[], known: number): Promise<unknown>;
}

type Protocol = "http1" | "http2";

const hang: UpstreamHandler = () => undefined;
const atServer = (calls: readonly OpenCall[]) =>
  waitFor("every call at the server", () => world.upstream.openExchanges() === calls.length);
const firstEvents = (calls: readonly OpenCall[]) =>
  Promise.all(calls.map((call) => call.events.next(10_000)));

const PHASES: readonly Phase[] = [
  {
    phase: "its request is on the way",
    open: openHalf,
    handler: hang,
    reached: (calls) =>
      waitFor("every call", () => world.service.grpc.openStreams === calls.length),
  },
  { phase: "the server is at work", open: openWhole, handler: hang, reached: atServer },
  {
    phase: "an answer is on the way",
    open: openWhole,
    handler: (exchange) =>
      exchange.sse({ "content-type": "application/json" }).write('{"jsonrpc":"2.0",'),
    reached: (calls, known) =>
      waitFor("half an answer to each", () => {
        const begun = world.upstream.exchanges.slice(known);
        return begun.length === calls.length && begun.every((one) => one.accepted() > 0);
      }),
  },
  {
    phase: "a stream is silent",
    open: openWhole,
    handler: (exchange) => void exchange.sse(),
    reached: atServer,
  },
  {
    phase: "a stream is running",
    open: openWhole,
    handler: (exchange) => exchange.sse().send(progress("at work")),
    reached: firstEvents,
  },
  {
    phase: "a listening stream is silent",
    open: openListening,
    handler: (exchange) => void exchange.sse(),
    reached: (calls) => Promise.all(calls.map((call) => call.head)),
  },
  {
    phase: "a listening stream is running",
    open: openListening,
    handler: (exchange) => exchange.sse().send(progress("at work")),
    reached: firstEvents,
  },
];

describe.each(["http1", "http2"] as const)("over %s, a client that goes away while", (protocol) => {
  test.each(PHASES)("$phase is forgotten, and the server is told", async (phase) => {
    await breakOff(phase, protocol, 1);
  });
});

describe("of 500 clients that go away while", () => {
  test.each(PHASES)("$phase nothing is left", async (phase) => {
    await breakOff(phase, "http1", BATCH);
    const before = await leftovers();
    for (let batch = 0; batch < BATCHES; batch += 1) await breakOff(phase, "http1", BATCH);
    const after = await leftovers();
    // A leak is one for each client; those of the last batch may wait for their collection.
    expect(after.alive - before.alive).toBeLessThan((BATCHES * BATCH) / 2);
    expect(after.timers - before.timers).toBeLessThan((BATCHES * BATCH) / 2);
    expect(await activeInEnvoy()).toEqual([]);
  });

  test("and of one that stays, everything arrives", async () => {
    const answer = canary();
    world.handler = (exchange) => exchange.json(toolResult(answer));
    const ending = await endingOf(openWhole("http1"));
    expect(ending.received).toContain(answer);
    expect(world.service.faults).toEqual([]);
  });
});

describe("a client that stops reading", () => {
  test("stalls an endless stream, whose events are kept nowhere", async () => {
    let server: UpstreamExchange | undefined;
    await using upstream = await startUpstream((exchange) => {
      server = exchange;
      const type = { "content-type": "text/event-stream" };
      return exchange.flood(Number.MAX_SAFE_INTEGER, EVENT, type).then(() => undefined);
    });
    await using service = await startServe();
    const upstreams = [{ id: "files", url: upstream.url }];
    await using gateway = await startGateway({ upstreams, service });
    const accepted = (): number => server?.accepted() ?? 0;

    const call = openCall(gateway, { path: "/mcp", body: toolCall("hello") });
    await call.events.next();
    call.pause();
    const plateau = await whenSteady("what the server could send", accepted, 700);
    const memory = await residentBytes(service.adminPort);
    await whenSteady("the stall", accepted, 700);
    const grown = (await residentBytes(service.adminPort)) - memory;
    expect(accepted()).toBe(plateau);
    expect(grown).toBeLessThan(EVENTS_MAX_BYTES);

    call.resume();
    await waitFor("the stream to go on", () => accepted() > plateau + EVENTS_MAX_BYTES);
    call.abort();
    await waitFor("the server to be told", () => upstream.openExchanges() === 0);
  });
});

const EVENT = Buffer.from(`data: ${JSON.stringify(progress("word ".repeat(6_000)))}\n\n`);
const EVENTS_MAX_BYTES = 8 * 1024 * 1024;

/** Brings so many clients into the phase, lets them go, and waits until nobody knows of them. */
async function breakOff(phase: Phase, protocol: Protocol, count: number): Promise<void> {
  const { upstream, service } = world;
  const known = upstream.exchanges.length;
  world.handler = phase.handler;
  const calls = Array.from({ length: count }, () => phase.open(protocol));
  await phase.reached(calls, known);
  expect(service.grpc.openStreams).toBe(count);
  for (const call of calls) call.abort();
  await service.idle();
  await waitFor("the server to be told", () => upstream.openExchanges() === 0);
  const endings = await Promise.all(upstream.exchanges.slice(known).map(({ closed }) => closed));
  expect(endings.filter((ending) => ending === "finished")).toEqual([]);
}

function openWhole(protocol: Protocol): OpenCall {
  return openCall({ ...world.gateway, protocol }, { path: "/mcp", body: toolCall("hello") });
}

function openHalf(protocol: Protocol): OpenCall {
  const headers = { "content-type": "application/json" };
  const upload = openUpload({ ...world.gateway, protocol }, { path: "/mcp", headers });
  void upload.write('{"jsonrpc":"2.0",');
  return upload;
}

function openListening(protocol: Protocol): OpenCall {
  const headers = { accept: "text/event-stream" };
  return openCall({ ...world.gateway, protocol }, { path: "/mcp", method: "GET", headers });
}

/** What is still alive once the garbage is collected, which takes more than one turn. */
async function leftovers(): Promise<{ alive: number; timers: number }> {
  const alive = await whenSteady("what is alive", () => {
    collectGarbage();
    return world.made.filter((reference) => reference.deref() !== undefined).length;
  });
  const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  return { alive, timers };
}

async function activeInEnvoy(): Promise<string[]> {
  const idle = async (): Promise<string[]> => {
    const gauges = await world.gateway.stats(/^(cluster|http)\..*_rq_active$/);
    // The question for the numbers is a request to Envoy's admin port.
    return [...gauges].filter(([name, value]) => value > 0 && !/admin/.test(name)).map(([n]) => n);
  };
  return waitFor("Envoy to be idle", async () => {
    const active = await idle();
    return active.length === 0 ? active : undefined;
  });
}

async function residentBytes(adminPort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
  const line = /^process_resident_memory_bytes (\S+)/m.exec(await answer.text());
  return Number(line?.[1]);
}
