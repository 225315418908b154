/** A bug or a hang in any part of the firewall, in every phase of an exchange. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Guard } from "../../../src/core/ports.ts";
import { openCall } from "../../support/client.ts";
import {
  canary,
  endingOf,
  errorOf,
  type FaultyGateway,
  type FirewallFault,
  openEvents,
  progress,
  startFaultyGateway,
  toolCall,
  toolResult,
  UNAVAILABLE,
} from "../../support/faulty-firewall.ts";

/** A word that makes the buggy guard throw. */
const TRIGGER = "guard-bug";

const buggyGuard: Guard = { name: "buggy", request: throwOnTrigger, response: throwOnTrigger };

let faulty: FaultyGateway;
let auditAccepts = true;

beforeAll(async () => {
  faulty = await startFaultyGateway({
    moreGuards: [buggyGuard],
    dependencies: (real) => ({
      ...real,
      audit: {
        record: (event) => auditAccepts && real.audit.record(event),
        omit: () => auditAccepts,
      },
    }),
  });
});

afterAll(() => faulty[Symbol.asyncDispose]());

afterEach(async () => {
  faulty.firewallFault = null;
  auditAccepts = true;
  await faulty.service.idle();
  faulty.service.clear();
});

const REQUEST_STEPS = [
  { step: "requestHead", how: "throws", code: "internal" },
  { step: "requestHead", how: "rejects", code: "internal" },
  { step: "requestHead", how: "never settles", code: "request_deadline", status: 408 },
  { step: "request", how: "throws", code: "internal" },
  { step: "request", how: "rejects", code: "internal" },
  { step: "request", how: "never settles", code: "verdict_deadline" },
] as const satisfies readonly Case[];

const RESPONSE_STEPS = [
  { step: "responseHead", how: "throws", code: "internal" },
  { step: "hold", how: "rejects", code: "internal" },
  { step: "hold", how: "never settles", code: "verdict_deadline" },
  { step: "response", how: "throws", code: "internal" },
  { step: "response", how: "rejects", code: "internal" },
  { step: "response", how: "never settles", code: "verdict_deadline" },
] as const satisfies readonly Case[];

const STREAM_STEPS = [
  { step: "hold", how: "rejects", code: "internal" },
  { step: "hold", how: "never settles", code: "stream_silent" },
  { step: "streamChunk", how: "throws", code: "internal" },
  { step: "streamChunk", how: "rejects", code: "internal" },
  { step: "streamChunk", how: "never settles", code: "stream_silent" },
] as const satisfies readonly Case[];

type Case = FirewallFault & { readonly code: string; readonly status?: number };

describe("a firewall", () => {
  test("that cannot open an exchange forwards nothing", async () => {
    faulty.firewallFault = { step: "open", how: "throws" };
    const { ending, question } = await callOnce();
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject(UNAVAILABLE);
    expect(reachedServer(question)).toBe(false);
  });

  test.each(REQUEST_STEPS)("whose $step $how forwards nothing", async ({ code, ...fault }) => {
    faulty.firewallFault = fault;
    const { ending, question } = await callOnce();
    expect(ending.status).toBe("status" in fault ? fault.status : 503);
    expect(ending.json()).toMatchObject(errorOf(code));
    expect(reachedServer(question)).toBe(false);
  });

  test.each(RESPONSE_STEPS)("whose $step $how passes nothing back", async ({ code, ...fault }) => {
    faulty.firewallFault = fault;
    const { ending, answer } = await callOnce();
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf(code) });
    expect(ending.received).not.toContain(answer);
  });

  test.each(STREAM_STEPS)("whose first $step $how passes no event", async ({ code, ...fault }) => {
    faulty.firewallFault = fault;
    const { call, stream } = await openEvents(faulty);
    const event = canary();
    await stream.send(toolResult(event));
    const ending = await endingOf(call);
    expect(ending.received).not.toContain(event);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf(code) });
  });

  test.each(STREAM_STEPS)(
    "whose second $step $how ends the stream with an error for the open id",
    async ({ code, ...fault }) => {
      faulty.firewallFault = { ...fault, after: 1 };
      const { call, stream } = await openEvents(faulty);
      const [first, second] = [canary(), canary()];
      await stream.send(progress(first));
      expect((await call.events.next()).data).toContain(first);
      await stream.send(toolResult(second));
      expect((await call.events.next()).json()).toMatchObject({ id: 7, ...errorOf(code) });
      const ending = await endingOf(call);
      expect(ending.ended).toBe("complete");
      expect(ending.received).not.toContain(second);
    },
  );

  test("that cannot even say no ends the exchange all the same", async () => {
    faulty.firewallFault = { step: "abort", how: "throws" };
    const { call, stream } = await openEvents(faulty);
    const event = canary();
    await stream.write(`data: ${event}`);
    const ending = await endingOf(call);
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject(UNAVAILABLE);
  });

  test("that cannot even write an error event breaks the stream", async () => {
    faulty.firewallFault = { step: "abortStream", how: "throws" };
    const { call, stream } = await openEvents(faulty);
    await stream.send(progress(canary()));
    await call.events.next();
    expect((await endingOf(call)).ended).toBe("broken");
  });

  test("without a fault passes both ways", async () => {
    const { ending, question, answer } = await callOnce();
    expect(ending.status).toBe(200);
    expect(reachedServer(question)).toBe(true);
    expect(ending.received).toContain(answer);
    expect(faulty.service.faults).toEqual([]);
  });
});

describe("a guard that throws", () => {
  test("stops the request", async () => {
    const question = `${TRIGGER} ${canary()}`;
    const { ending } = await callOnce({ question });
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject({ ...errorOf("internal") });
    expect(reachedServer(question)).toBe(false);
    expect(faulty.service.faults).toMatchObject([{ code: "internal" }]);
  });

  test("stops the response", async () => {
    const { ending } = await callOnce({ answer: `${TRIGGER} ${canary()}` });
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("internal") });
    expect(ending.received).not.toContain(TRIGGER);
  });

  test("stops the stream", async () => {
    const { call, stream } = await openEvents(faulty);
    await stream.send(progress(canary()));
    await call.events.next();
    await stream.send(progress(TRIGGER));
    expect((await call.events.next()).json()).toMatchObject({ id: 7, ...errorOf("internal") });
    const ending = await endingOf(call);
    expect(ending.ended).toBe("complete");
    expect(ending.received).not.toContain(TRIGGER);
  });
});

describe("a decision log that takes no event", () => {
  test("stops the request", async () => {
    auditAccepts = false;
    const { ending, question } = await callOnce();
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("audit_unavailable") });
    expect(reachedServer(question)).toBe(false);
  });

  test("stops the response", async () => {
    const { ending, answer } = await callOnce({ beforeAnswer: refuseEvents });
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("audit_unavailable") });
    expect(ending.received).not.toContain(answer);
  });

  test("stops each event of a stream", async () => {
    const { call, stream } = await openEvents(faulty);
    const [first, second] = [canary(), canary()];
    await stream.send(progress(first));
    await call.events.next();
    refuseEvents();
    await stream.send(progress(second));
    await stream.send(toolResult(second));
    stream.end();
    expect((await call.events.next()).json()).toMatchObject(errorOf("audit_unavailable"));
    const ending = await endingOf(call);
    expect(ending.received).toContain(first);
    expect(ending.received).not.toContain(second);
  });
});

function refuseEvents(): void {
  auditAccepts = false;
}

function reachedServer(text: string): boolean {
  return faulty.upstream.seen().includes(text);
}

interface Script {
  readonly question?: string;
  readonly answer?: string;
  readonly beforeAnswer?: () => void;
}

async function callOnce({ question = canary(), answer = canary(), beforeAnswer }: Script = {}) {
  faulty.handler = (exchange) => {
    beforeAnswer?.();
    exchange.json(toolResult(answer));
  };
  const body = toolCall(question);
  const ending = await endingOf(openCall(faulty.gateway, { path: "/mcp", body }));
  return { ending, question, answer };
}

function throwOnTrigger({ text }: { readonly text: string }): never[] {
  if (text.includes(TRIGGER)) throw new Error("a bug of the guard");
  return [];
}
