import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Exchange, HttpDenial, Verdict } from "../../../src/core/exchange.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { createByteBudget } from "../../../src/envoy/body-buffer.ts";
import type { CallListener } from "../../../src/envoy/grpc-call.ts";
import { decodeRequest } from "../../../src/envoy/process-codec.ts";
import { type ProcessCall, ProcessStream } from "../../../src/envoy/process-stream.ts";
import type { ProcessingRequest } from "../../../src/envoy/protocol.ts";
import type { Reply } from "../../../src/envoy/replies.ts";
import { Rounds } from "../../../src/envoy/rounds.ts";
import { loadProcess } from "../../support/external-processor.ts";
import { pieceOf } from "../../support/framed.ts";
import {
  headerMap,
  requestBody,
  requestHead,
  type WireRequest,
} from "../../support/processing-requests.ts";

const Process = loadProcess();
const INBOX_MAX = 64;
const HELD_MAX_BYTES = 10;

const NO_HEADERS = { set: [], remove: [] };
const METADATA = {
  ...{ decision_id: "1", allowed: false, method: null, tool: null, principal: "", reasons: [] },
};

/** Denials name the cause in their body. */
function denialOf(cause: string): HttpDenial {
  return { status: 503, headers: [], body: Buffer.from(cause), metadata: METADATA };
}

let exchange: { -readonly [Name in keyof Exchange]: Exchange[Name] };
/** What was done, in order: replies, how the call ended, faults. */
let told: string[];
let listener: CallListener<ProcessingRequest>;
let turns: (() => void)[];
let isPaused: boolean;
let budget: ReturnType<typeof createByteBudget>;

beforeEach(() => {
  vi.useFakeTimers();
  [told, turns, isPaused] = [[], [], false];
  budget = createByteBudget(HELD_MAX_BYTES);
  exchange = {
    requestHead: async () => ({ kind: "collect", maxBytes: 100, responseHeadDeadlineMs: 1_000 }),
    request: async (body) => forward(body),
    responseHead: () => ({ kind: "collect", maxBytes: 100 }),
    hold: () => undefined,
    response: async (body) => forward(body),
    streamChunk: async (bytes, end) => ({ bytes, end }),
    abort: denialOf,
    abortStream: (cause) => Buffer.from(cause),
    lapsed: () => null,
    close: () => told.push("exchange closed"),
  };
  open();
});

afterEach(() => {
  listener.onClose();
  listener.onClose();
  expect(told.filter((word) => word === "closed")).toHaveLength(1);
  const before = [...told];
  vi.advanceTimersByTime(1_000_000);
  expect(told).toEqual(before);
  expect(vi.getTimerCount()).toBe(0);
  expect(budget.take(HELD_MAX_BYTES)).toBe(true);
  vi.useRealTimers();
});

describe("messages", () => {
  test("that come while one is worked on wait for it, and keep their order", async () => {
    const head = Promise.withResolvers<void>();
    const { requestHead: collect } = exchange;
    exchange.requestHead = async () => {
      await head.promise;
      return collect();
    };
    say(requestHead());
    await settle();
    say(requestBody("ab", false), requestBody("cd", false), requestBody("e", true));
    await settle();
    expect(told).toEqual([]);
    head.resolve();
    await settle();
    expect(told).toEqual(["request headers 5", "request body abcde end"]);
  });

  test("that are too many make the peer wait, until they are worked off", async () => {
    const verdict = Promise.withResolvers<Verdict>();
    exchange.request = () => verdict.promise;
    say(requestHead(), requestBody("x", true));
    await settle();
    for (let count = 1; count < INBOX_MAX; count += 1) say(requestBody("", true));
    expect(isPaused).toBe(false);
    say(requestBody("", true));
    expect(isPaused).toBe(true);
    verdict.resolve(forward(Buffer.from("x")));
    await settle();
    expect(isPaused).toBe(false);
  });

  test("after the end are swallowed at once, whatever a verdict that is late does", async () => {
    const verdict = Promise.withResolvers<Verdict>();
    exchange.request = () => verdict.promise;
    say(requestHead(), requestBody("x", true));
    await settle();
    vi.advanceTimersByTime(DEFAULT_LIMITS.verdictDeadlineMs);
    for (let count = 0; count < 2 * INBOX_MAX; count += 1) say(requestBody("more", false));
    expect(isPaused).toBe(false);
    verdict.reject(new Error("too late"));
    await settle();
    expect(isPaused).toBe(false);
    expect(told).toEqual(["immediate verdict_deadline", "fault internal"]);
  });
});

describe("a fault", () => {
  const fail = (): never => {
    throw new Error("the test's own fault");
  };
  const whole = [requestHead(), requestBody("x", true), responseHead(), responseBody("y", true)];
  test.each([
    { step: "requestHead", how: "throws", broken: fail },
    { step: "requestHead", how: "rejects", broken: async () => fail() },
    { step: "request", how: "throws", broken: fail },
    { step: "request", how: "rejects", broken: async () => fail() },
    { step: "responseHead", how: "throws", broken: fail },
    { step: "hold", how: "throws", broken: fail },
    { step: "hold", how: "rejects", broken: async () => fail() },
    { step: "response", how: "throws", broken: fail },
    { step: "response", how: "rejects", broken: async () => fail() },
  ] as const)("that $step $how ends the exchange closed", async ({ step, broken }) => {
    Object.assign(exchange, { [step]: broken });
    for (const message of whole) {
      say(message);
      await settle();
    }
    expect(told.slice(-2)).toEqual(["fault internal", "immediate internal"]);
  });

  test("of the denial itself is an error status", async () => {
    exchange.request = fail;
    exchange.abort = fail;
    say(requestHead(), requestBody("x", true));
    await settle();
    expect(told).toEqual(["fault internal", "fault internal", `failed ${status.INTERNAL}`]);
  });
});

describe("a half-close", () => {
  test("of what was not read yet is no OK", () => {
    say(requestHead());
    listener.onHalfClose();
    expect(told).toEqual(["ended"]);
  });

  test("while a verdict is made is no OK", async () => {
    exchange.request = () => new Promise(() => undefined);
    say(requestHead(), requestBody("x", true));
    await settle();
    listener.onHalfClose();
    expect(told).toEqual(["ended"]);
  });

  test("after all was decided is OK", async () => {
    say(requestHead(), requestBody("x", true));
    await settle();
    listener.onHalfClose();
    expect(told.slice(2)).toEqual(["vouched", "ended"]);
  });
});

test("what was held of a request that Envoy answers by itself is given back", async () => {
  say(requestHead(), requestBody("12345678", false));
  await settle();
  say(responseHead("504"));
  await settle();
  expect(budget.take(HELD_MAX_BYTES)).toBe(true);
  budget.giveBack(HELD_MAX_BYTES);
  say(requestBody("90", true), responseBody("87654321", true));
  await settle();
  expect(told).toEqual(["response headers 8", "response body 87654321 end"]);
});

function open(): void {
  const call: unknown = {
    listen: (given: typeof listener) => {
      listener = given;
    },
    metadata: () => undefined,
    write: (replies: readonly Reply[]) => told.push(...replies.map(nameOf)) > 0,
    mustWait: false,
    get isPaused() {
      return isPaused;
    },
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
    },
    vouch: () => told.push("vouched"),
    end: () => told.push("ended"),
    fail: (code: status) => told.push(`failed ${code}`),
  };
  const options = {
    ...{ limits: DEFAULT_LIMITS, budget, rounds: new Rounds(1_000) },
    later: (work: () => void) => turns.push(work),
    onFault: (code: string) => told.push(`fault ${code}`),
  };
  // It is all that is asked of a call.
  const stream = new ProcessStream(
    call as ProcessCall,
    { open: () => exchange },
    options,
    false,
    () => told.push("closed"),
  );
  expect(stream.listening).toBe(false);
}

function nameOf(reply: Reply): string {
  switch (reply.kind) {
    case "headers":
      return `${reply.side} headers ${reply.contentLength}`;
    case "body":
      return `${reply.side} body ${Buffer.from(reply.body)}${reply.endOfStream ? " end" : ""}`;
    case "trailers":
      return `${reply.side} trailers`;
    default:
      return `immediate ${Buffer.from(reply.denial.body)}`;
  }
}

function say(...messages: readonly WireRequest[]): void {
  for (const message of messages) {
    listener.onMessage(decodeRequest(pieceOf(Process.requestSerialize(message))));
  }
}

/** Goes through turns of the event loop until nothing is left to do. */
async function settle(): Promise<void> {
  do {
    for (const work of turns.splice(0)) work();
    for (let count = 0; count < 50; count += 1) await Promise.resolve();
  } while (turns.length > 0);
}

function forward(body: Uint8Array): Verdict {
  const about = { metadata: null, isEdited: false, answerDeadlineMs: null };
  return { kind: "forward", headers: NO_HEADERS, body, ...about };
}

function responseHead(status = "200"): WireRequest {
  return { response_headers: { headers: headerMap({ ":status": status }) } };
}

function responseBody(body: string, end_of_stream: boolean): WireRequest {
  return { response_body: { body: Buffer.from(body), end_of_stream } };
}
