import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openCall } from "../../support/client.ts";
import {
  canary,
  endingOf,
  type FaultyGateway,
  type StreamFault,
  startFaultyGateway,
  toolCall,
  toolResult,
  UNAVAILABLE,
} from "../../support/faulty-firewall.ts";

let faulty: FaultyGateway;

beforeAll(async () => {
  faulty = await startFaultyGateway();
});

afterAll(() => faulty[Symbol.asyncDispose]());

afterEach(async () => {
  faulty.streamFault = null;
  await faulty.service.idle();
});

/** Where the stream may end while Envoy still holds what nobody vouched for. */
const HELD: readonly { readonly phase: string; readonly at: StreamFault["at"]; readonly side: Side }[] =
  [
    { phase: "before anything is read", at: "start", side: "request" },
    { phase: "at the request's head", at: "request_headers", side: "request" },
    { phase: "at the request's body", at: "request_body", side: "request" },
    { phase: "after the reply to the request's head", at: "reply request_headers", side: "request" },
    { phase: "at the response's head", at: "response_headers", side: "response" },
    { phase: "at the response's body", at: "response_body", side: "response" },
    { phase: "after the reply to the response's head", at: "reply response_headers", side: "response" },
  ];

type Side = "request" | "response";

describe("a gRPC stream that ends without a verdict", () => {
  const ways = ["ends", "fails"] as const;
  const cases = ways.flatMap((how) => HELD.map((held) => ({ ...held, how })));

  test.each(cases)("$how $phase", async ({ at, how, side }) => {
    faulty.streamFault = { at, how };
    const said = await callOnce();
    console.log(at, how, JSON.stringify(said));
    void side; void UNAVAILABLE;
    expect(said.leaked).toBe(false)
  });
});

describe("control",()=>{
  test.each(HELD)("ends with OK $phase", async ({ at }) => {
    faulty.streamFault = { at, how: "ends with OK" };
    const said = await callOnce();
    console.log("CONTROL", at, JSON.stringify(said));
  });
});

async function callOnce() {
  const [question, answer] = [canary(), canary()];
  faulty.handler = (exchange) => exchange.json(toolResult(answer));
  const ending = await endingOf(openCall(faulty.gateway, { path: "/mcp", body: toolCall(question) }));
  const seen = faulty.upstream.seen().includes(question);
  return { ending, seen, leaked: ending.received.includes(answer) };
}
