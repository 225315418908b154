/** More comes than can be done: each call is answered rightly, or by 503 and when to come again. */

import { afterEach, expect, test } from "vitest";

import type { Limits } from "../../../src/core/limits.ts";
import { call, openCall, openStream } from "../../support/client.ts";
import { withPatience } from "../../support/envoys.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import {
  startUpstream,
  type Upstream,
  type UpstreamHandler,
  type UpstreamStream,
} from "../../support/upstream.ts";
import { waitFor, within } from "../../support/wait.ts";
import { openCaller } from "./many-calls.ts";

interface Stack {
  readonly service: TestService;
  readonly gateway: Gateway;
  readonly upstream: Upstream;
}

let cleanUp = new AsyncDisposableStack();

afterEach(async () => {
  await cleanUp.disposeAsync();
  cleanUp = new AsyncDisposableStack();
});

async function start(limits: Partial<Limits>, handler: UpstreamHandler): Promise<Stack> {
  const upstream = cleanUp.use(await startUpstream(handler));
  const service = cleanUp.use(await startTestService({ limits }));
  const upstreams = [{ id: "files", url: upstream.url }];
  const gateway = await startGateway({ upstreams, service, override: withPatience });
  return { upstream, service, gateway: cleanUp.use(gateway) };
}

const OVERLOADED = {
  jsonrpc: "2.0",
  id: null,
  error: { code: -31900, data: { code: "overloaded", retry_after_ms: 1000 } },
};

const LISTEN = { path: "/mcp", headers: { accept: "text/event-stream" } };
const LIST_CHANGED = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };

/** A machine that has much to do is slow, and its answers are right all the same. */
const PATIENT = {
  requestBodyDeadlineMs: 60_000,
  verdictDeadlineMs: 60_000,
  guardBudgetMs: 60_000,
  policyBudgetMs: 60_000,
};

test("what is open goes on, and one more is told to come again", async () => {
  const held: (() => void)[] = [];
  const { gateway, service, upstream } = await start({ openExchangesMax: 2 }, (exchange) => {
    held.push(() => exchange.json(toolResult(1, "done")));
  });
  const first = openCall(gateway, { path: "/mcp", body: toolCall(1) });
  const second = openCall(gateway, { path: "/mcp", body: toolCall(1) });
  await waitFor("both at the server", () => held.length === 2);

  const refused = await call(gateway, { path: "/mcp", body: toolCall(3) });
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.headers.get("content-type")).toBe("application/json");
  expect(refused.json()).toMatchObject(OVERLOADED);
  expect((await openStream(gateway, LISTEN)).status).toBe(503);
  expect(upstream.requests.length).toBe(2);
  const decision = await service.decision(({ result }) => !result.allow);
  expect(decision.result.reasons.map(({ code }) => code)).toEqual(["overloaded"]);

  for (const answer of held) answer();
  for (const reply of await Promise.all([first.reply(), second.reply()])) {
    expect(reply.json()).toEqual(toolResult(1, "done"));
  }
  await service.idle();
  const after = openCall(gateway, { path: "/mcp", body: toolCall(1) });
  await waitFor("the next at the server", () => held.length === 3);
  held[2]?.();
  expect((await after.reply()).status).toBe(200);
  expect(service.faults).toEqual([]);
});

test("a flood is served in part, and nothing is wrong, hangs, or stays open", async () => {
  const CALLS = 3_000;
  const OPEN_MAX = 2_000;
  // With so short a target whatever waits is late, on the fastest machine too.
  const limits = { ...PATIENT, queueDelayMs: 1, openExchangesMax: OPEN_MAX };
  let listened: UpstreamStream | undefined;
  const { gateway, service } = await start(limits, async (exchange) => {
    if (exchange.request.method === "GET") {
      listened = exchange.sse();
      return;
    }
    const { id } = JSON.parse((await exchange.request.whole).toString());
    exchange.json(toolResult(id, `answer ${id}`));
  });
  let mostOpen = 0;
  const watch = setInterval(() => {
    mostOpen = Math.max(mostOpen, service.grpc.openStreams);
  }, 1);
  cleanUp.defer(() => clearInterval(watch));
  const listening = await openStream(gateway, LISTEN);
  expect(listening.status).toBe(200);
  const flooding = flood(gateway, CALLS);
  await waitFor("the flood", () => mostOpen > 100, 60_000);
  // What was open before is never turned away.
  await listened?.send(LIST_CHANGED);
  expect((await listening.events.next(60_000)).json()).toEqual(LIST_CHANGED);
  const replies = await within("all answers", flooding, 60_000);
  listening.abort();
  const served = replies.filter(({ status }) => status === 200);
  const shed = replies.filter(({ status }) => status === 503);
  expect(served.length + shed.length).toBe(CALLS);
  expect(served.length).toBeGreaterThan(0);
  expect(shed.length).toBeGreaterThan(0);
  for (const { id, body } of served)
    expect(JSON.parse(body)).toEqual(toolResult(id, `answer ${id}`));
  for (const { retryAfter, body } of shed) {
    expect(JSON.parse(body)).toMatchObject(OVERLOADED);
    expect(retryAfter).toBe("1");
  }
  expect(mostOpen).toBeLessThanOrEqual(OPEN_MAX);
  await service.idle();
  // One record for all of a second.
  const denials = service.decisions.filter(({ result }) => !result.allow);
  expect(denials.length).toBeGreaterThan(0);
  expect(denials.length).toBeLessThan(shed.length);
  expect(service.faults).toEqual([]);
}, 90_000);

/** So many calls at once. */
async function flood(gateway: Gateway, calls: number) {
  const PER_SESSION = 250;
  using caller = openCaller(gateway, Math.ceil(calls / PER_SESSION));
  return await Promise.all(
    Array.from({ length: calls }, async (_, id) => ({
      id,
      ...(await caller.post(toolCall(id))),
    })),
  );
}
