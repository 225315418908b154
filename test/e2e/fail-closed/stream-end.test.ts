/** A gRPC stream that ends cleanly tells Envoy "go on without me": ours never does, half-way. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openCall } from "../../support/client.ts";
import {
  canary,
  endingOf,
  type FaultyGateway,
  openEvents,
  progress,
  type StreamFault,
  startFaultyGateway,
  toolCall,
  toolResult,
  UNAVAILABLE,
} from "../../support/faulty-firewall.ts";
import { waitFor, within } from "../../support/wait.ts";

interface Moment {
  readonly phase: string;
  readonly at: StreamFault["at"];
  readonly after?: number;
}

/** Envoy holds the request, and nobody vouched for it. */
const REQUEST_HELD: readonly Moment[] = [
  { phase: "before anything is read", at: "start" },
  { phase: "at the request's head", at: "request_headers" },
  { phase: "at the request's body", at: "request_body" },
];

/** Envoy holds the response, and nobody vouched for it. */
const RESPONSE_HELD: readonly Moment[] = [
  { phase: "at the response's head", at: "response_headers" },
  { phase: "at the response's body", at: "response_body" },
];

/** A first event went out; others follow. */
const STREAM_RUNNING: readonly Moment[] = [
  { phase: "behind its first event", at: "reply response_body" },
  { phase: "at its second event", at: "response_body", after: 1 },
];

/** Nothing but the head of a listening stream went out. */
const LISTENING: readonly Moment[] = [
  { phase: "behind its head", at: "reply response_headers" },
  { phase: "at its first event", at: "response_body" },
];

const WAYS = ["ends", "fails", "throws"] as const;
const OK = "ends with OK";

let faulty: FaultyGateway;

beforeAll(async () => {
  faulty = await startFaultyGateway();
});

afterAll(() => faulty[Symbol.asyncDispose]());

afterEach(async () => {
  faulty.streamFault = null;
  await faulty.service.idle();
});

describe.each(["http1", "http2"] as const)("over %s, a gRPC stream", (protocol) => {
  test.each(each(REQUEST_HELD, WAYS))("that $how $phase forwards nothing", async (fault) => {
    const { sent, received, ending } = await callOnce(protocol, fault);
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject(UNAVAILABLE);
    expect(sent).toBe("nothing");
    expect(received).toBe("nothing");
  });

  test.each(
    each([{ phase: "between head and body", at: "reply request_headers" }], ["ends", "fails"]),
  )("that $how $phase of a request forwards no body, and no answer comes back", async (fault) => {
    const { sent, received, ending } = await callOnce(protocol, fault);
    expect(ending.status).toBe(503);
    expect(sent).not.toContain("body");
    expect(received).toBe("nothing");
  });

  test.each(each(RESPONSE_HELD, ["ends", "fails"]))(
    "that $how $phase answers in the server's place",
    async (fault) => {
      const { received, ending } = await callOnce(protocol, fault);
      expect(ending.status).toBe(503);
      expect(ending.json()).toMatchObject(UNAVAILABLE);
      expect(received).toBe("nothing");
    },
  );

  test.each(
    each([{ phase: "between head and body", at: "reply response_headers" }], ["ends", "fails"]),
  )("that $how $phase of a response passes no body", async (fault) => {
    const { received } = await callOnce(protocol, fault);
    expect(received).not.toContain("body");
  });

  test.each(each(STREAM_RUNNING, ["ends", "fails"]))(
    "of a server-sent stream that $how $phase passes no more events",
    async (fault) => {
      const { passed, ended } = await streamOnce(protocol, fault);
      expect(passed).toEqual(["first"]);
      expect(ended).toBe("broken");
    },
  );

  test.each(each(LISTENING, ["ends", "fails"]))(
    "of a listening stream that $how $phase passes no event",
    async (fault) => {
      const { passed, closed } = await listenOnce(protocol, fault);
      expect(passed).toEqual([]);
      expect(closed).toBe("aborted");
    },
  );
});

describe("the same exchanges without a fault", () => {
  test("pass whole", async () => {
    const { sent, received, ending } = await callOnce("http1", null);
    expect([sent, received, ending.status]).toEqual(["head and body", "head and body", 200]);
  });

  test("pass every event", async () => {
    expect(await streamOnce("http1", null)).toMatchObject({
      passed: ["first", "second"],
      ended: "complete",
    });
    expect(await listenOnce("http1", null)).toMatchObject({ passed: ["first", "second"] });
  });
});

/** What would happen if a call ended with OK by itself: these tests can fail. */
describe("a call that ends with status OK at the wrong time", () => {
  test.each(each(REQUEST_HELD, [OK]))("lets the request through unread $phase", async (fault) => {
    // A world of its own: half a request spoils the connection to the server for later ones.
    await using plain = await startFaultyGateway();
    const { sent } = await callOnce("http1", fault, plain);
    expect(sent).toContain("head");
  });

  test.each(each(RESPONSE_HELD, [OK]))("lets the response through unread $phase", async (fault) => {
    const { received } = await callOnce("http1", fault);
    expect(received).toContain("head");
  });

  test("lets all later events through unread", async () => {
    const [fault] = each(STREAM_RUNNING, [OK]);
    const { passed } = await streamOnce("http1", fault ?? null);
    expect(passed).toContain("second");
  });
});

test("a handler that returns without a word is bounded by the route's idle timeout", async () => {
  const patient = faulty.upstream.url;
  await using silent = await startFaultyGateway({
    gateway: { upstreams: [{ id: "files", url: patient, idleTimeoutMs: 500 }] },
  });
  silent.streamFault = { at: "start", how: "returns" };
  const body = toolCall(canary());
  const ending = await endingOf(openCall(silent.gateway, { path: "/mcp", body }));
  expect(ending.status).toBe(504);
  expect(ending.json()).toMatchObject(UNAVAILABLE);
  expect(faulty.upstream.seen().includes(body.params.arguments.text)).toBe(false);
});

type Protocol = "http1" | "http2";
type Fault = Moment & Pick<StreamFault, "how">;

/** Every way at every moment; a throw outside our own code is possible at the start only. */
function each(moments: readonly Moment[], ways: readonly StreamFault["how"][]): Fault[] {
  const all = moments.flatMap((moment) => ways.map((how) => ({ ...moment, how })));
  return all.filter(({ at, how }) => how !== "throws" || at === "start");
}

/** One call and its answer: how much of it reached the server, and how much came back. */
async function callOnce(protocol: Protocol, fault: StreamFault | null, world = faulty) {
  world.streamFault = fault;
  const { gateway, upstream } = world;
  const [sentHead, sentBody, receivedHead, receivedBody] = [canary(), canary(), canary(), canary()];
  world.handler = (exchange) =>
    exchange.json(toolResult(receivedBody), { headers: { "x-canary": receivedHead } });
  const ending = await endingOf(
    openCall(
      { ...gateway, protocol },
      { path: "/mcp", body: toolCall(sentBody), headers: { "x-canary": sentHead } },
    ),
  );
  const seen = upstream.seen();
  return {
    ending,
    sent: reached(seen.includes(sentHead), seen.includes(sentBody)),
    received: reached(
      ending.received.includes(receivedHead),
      ending.received.includes(receivedBody),
    ),
  };
}

function reached(head: boolean, body: boolean): string {
  if (head) return body ? "head and body" : "head";
  return body ? "body" : "nothing";
}

/** A call that is answered by two events, the second one sent when the first has arrived. */
async function streamOnce(protocol: Protocol, fault: StreamFault | null) {
  faulty.streamFault = fault;
  const { call, stream } = await openEvents(faulty, { protocol });
  const [first, second] = [canary(), canary()];
  await stream.send(progress(first));
  await call.events.next();
  await stream.send(toolResult(second));
  stream.end();
  const ended = await within("the stream's end", call.ended);
  return { ...result(call.bytes(), first, second), ended };
}

/** A stream that the client opened, with two events that answer nothing. */
async function listenOnce(protocol: Protocol, fault: StreamFault | null) {
  faulty.streamFault = fault;
  const { call, server, stream } = await openEvents(faulty, { protocol, method: "GET" });
  const [first, second] = [canary(), canary()];
  await stream.send(progress(first));
  await stream.send(progress(second));
  await Promise.race([
    call.ended,
    waitFor("the second event", () => call.bytes().includes(second)),
    server.closed,
  ]);
  call.abort();
  return { ...result(call.bytes(), first, second), closed: await server.closed };
}

function result(bytes: Buffer, first: string, second: string) {
  const passed: string[] = [];
  if (bytes.includes(first)) passed.push("first");
  if (bytes.includes(second)) passed.push("second");
  return { passed };
}
