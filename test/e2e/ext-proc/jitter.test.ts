import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { systemJitter } from "../../../src/server/system.ts";
import { call, openStream, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { progress, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";

const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: echo }]
`;
const JITTER_MAX_MS = 40;
const VERDICT_DEADLINE_MS = 500;

let answer: UpstreamHandler;
/** What the jitter is asked for, and how long it really takes. */
const asked: number[] = [];
let takesMs: () => number;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({
    policy: POLICY,
    jitterMaxMs: JITTER_MAX_MS,
    limits: { verdictDeadlineMs: VERDICT_DEADLINE_MS },
    dependencies: (real) => ({
      ...real,
      jitter: {
        wait: async (maxMs) => {
          asked.push(maxMs);
          await delay(takesMs());
        },
      },
    }),
  });
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
  target = { host: gateway.host, port: gateway.port };
});

beforeEach(async () => {
  await service.idle();
  service.clear();
  asked.length = 0;
  takesMs = () => 1;
  answer = (exchange) => exchange.json(toolResult(1, "done"));
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await upstream.stop();
});

test("a response waits once, and goes out whole", async () => {
  takesMs = () => JITTER_MAX_MS;
  const reply = await call(target, { path: "/mcp", body: toolCall(1) });
  expect(reply.json()).toEqual(toolResult(1, "done"));
  expect(asked).toEqual([JITTER_MAX_MS]);
});

test("a denied request does not wait: its time tells nothing of an answer", async () => {
  const reply = await call(target, { path: "/mcp", body: toolCall(1, {}, "delete_user") });
  expect(reply.json()).toMatchObject({ id: 1, error: {} });
  expect(asked).toEqual([]);
});

test("the events of a stream keep their order, however long each waits", async () => {
  const waits = [30, 0, 20, 0, 10, 0];
  takesMs = () => waits.shift() ?? 0;
  const messages = [1, 2, 3, 4, 5].map(progress);
  answer = async (exchange) => {
    const stream = exchange.sse();
    for (const message of messages) {
      await stream.send(message);
      await delay(2);
    }
    await stream.send(toolResult(1, "done"));
    stream.end();
  };
  const reply = await openStream(target, { path: "/mcp", body: toolCall(1) });
  expect(await reply.ended).toBe("complete");
  expect(reply.events.all.map((event) => event.json())).toEqual([
    ...messages,
    toolResult(1, "done"),
  ]);
  expect(asked.length).toBeGreaterThan(1);
});

test("a wait that does not end is ended by the verdict's deadline, with a denial", async () => {
  takesMs = () => 2 * VERDICT_DEADLINE_MS;
  const reply = await call(target, { path: "/mcp", body: toolCall(1) });
  expect(reply.json()).toMatchObject({ id: 1, error: { data: { code: "verdict_deadline" } } });
});

test("a client that leaves during the wait leaves nothing behind", async () => {
  takesMs = () => 100;
  answer = async (exchange) => {
    await exchange.sse().send(progress(1));
  };
  const reply = openStream(target, { path: "/mcp", body: toolCall(1) });
  const stream = await reply;
  stream.abort();
  await service.idle();
});

test("the system's jitter takes no longer than it may", async () => {
  const waits = Promise.all(Array.from({ length: 50 }, () => systemJitter.wait(20)));
  // Of two timers that are set one after the other the longer one never ends first.
  const later = delay(21, "later");
  expect(await Promise.race([waits, later])).not.toBe("later");
});
