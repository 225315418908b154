/** A service that is about to end: what is open is finished or refused, nothing passes unread. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenCall, openCall, openUpload } from "../../support/client.ts";
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
import type { UpstreamExchange } from "../../support/upstream.ts";
import { waitFor, within } from "../../support/wait.ts";

const DRAIN_MS = 150;
/** Longer than anything here is waited for. */
const PATIENT_MS = 600_000;

/** Deadlines that cannot come before the drain's own. */
const LONG_LIMITS = {
  requestBodyDeadlineMs: PATIENT_MS,
  responseHeadDeadlineMs: PATIENT_MS,
  responseBodyDeadlineMs: PATIENT_MS,
  sseSilenceDeadlineMs: PATIENT_MS,
};

let faulty: FaultyGateway;

beforeEach(async () => {
  faulty = await startFaultyGateway({ limits: LONG_LIMITS });
});

afterEach(() => faulty[Symbol.asyncDispose]());

describe("a service that drains", () => {
  test("refuses a new exchange", async () => {
    await faulty.service.grpc.drain(DRAIN_MS);
    const question = canary();
    const body = toolCall(question);
    const ending = await endingOf(openCall(faulty.gateway, { path: "/mcp", body }));
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject(errorOf("draining"));
    expect(faulty.upstream.seen().includes(question)).toBe(false);
  });

  test("refuses a request that is still coming at the deadline", async () => {
    const question = canary();
    const headers = { "content-type": "application/json" };
    const upload = openUpload(faulty.gateway, { path: "/mcp", headers });
    await upload.write(JSON.stringify(toolCall(question)));
    await waitFor("the exchange", () => faulty.service.grpc.openStreams === 1);
    await faulty.service.grpc.drain(DRAIN_MS);
    const ending = await endingOf(upload);
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject(errorOf("draining"));
    expect(faulty.upstream.seen().includes(question)).toBe(false);
  });

  test("gives up a server that is still at work at the deadline", async () => {
    const { call, server } = await openSlowCall();
    await faulty.service.grpc.drain(DRAIN_MS);
    const ending = await endingOf(call);
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("draining") });
    expect(await server.closed).toBe("aborted");
  });

  test("passes nothing of an answer that is not whole at the deadline", async () => {
    const { call, server } = await openSlowCall();
    const answer = canary();
    const half = JSON.stringify(toolResult(answer)).slice(0, -1);
    await server.sse({ "content-type": "application/json" }).write(half);
    await faulty.service.grpc.drain(DRAIN_MS);
    const ending = await endingOf(call);
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf("draining") });
    expect(ending.received).not.toContain(answer);
  });

  test("ends a stream at the deadline with an error for its open id", async () => {
    const { call, server, stream } = await openEvents(faulty);
    const half = canary();
    await stream.send(progress("at work"));
    await call.events.next();
    await stream.write(`data: ${JSON.stringify(toolResult(half))}\n`);
    await faulty.service.grpc.drain(DRAIN_MS);
    expect((await call.events.next()).json()).toMatchObject({ id: 7, ...errorOf("draining") });
    const ending = await endingOf(call);
    expect(ending.ended).toBe("complete");
    expect(ending.received).not.toContain(half);
    expect(await server.closed).toBe("aborted");
  });

  test("ends a listening stream at once, so that its client comes again", async () => {
    const { call, stream, server } = await openEvents(faulty, { method: "GET" });
    await stream.send(progress("something"));
    await call.events.next();
    await within("the drain", faulty.service.grpc.drain(PATIENT_MS));
    expect((await endingOf(call)).ended).toBe("complete");
    expect(await server.closed).toBe("aborted");
  });

  test("ends a listening stream that was silent so far", async () => {
    const { call, server } = await openEvents(faulty, { method: "GET" });
    await within("its head", call.head);
    await within("the drain", faulty.service.grpc.drain(PATIENT_MS));
    expect((await endingOf(call)).text).toBe("");
    expect(await server.closed).toBe("aborted");
  });

  test("lets what is open come to its end before the deadline", async () => {
    const slow = await openSlowCall();
    const streaming = await openEvents(faulty);
    await streaming.stream.send(progress("at work"));
    await streaming.call.events.next();
    const drained = faulty.service.grpc.drain(PATIENT_MS);
    const [answer, event] = [canary(), canary()];
    slow.server.json(toolResult(answer));
    await streaming.stream.send(toolResult(event));
    streaming.stream.end();
    expect((await endingOf(slow.call)).received).toContain(answer);
    expect((await endingOf(streaming.call)).received).toContain(event);
    await within("the drain", drained);
    expect(faulty.service.faults).toEqual([]);
  });
});

async function openSlowCall(): Promise<{ call: OpenCall; server: UpstreamExchange }> {
  const arrived = Promise.withResolvers<UpstreamExchange>();
  faulty.handler = arrived.resolve;
  const call = openCall(faulty.gateway, { path: "/mcp", body: toolCall(canary()) });
  return { call, server: await within("the call at the server", arrived.promise) };
}
