import {
  type ClientDuplexStream,
  credentials,
  makeGenericClientConstructor,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { loadExternalProcessor } from "../../support/external-processor.ts";
import { REDACTED, SECRET, toolCall, toolResult } from "../../support/messages.ts";
import {
  headerMap,
  requestBody,
  requestHead,
  type WireRequest,
  type WireResponse,
} from "../../support/processing-requests.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { waitFor, within } from "../../support/wait.ts";

/**
 * What Envoy may say, said without an Envoy: orders that it produces once in a thousand calls, or
 * that only a misconfigured one produces.
 */

const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }]
deny_rules: [{ tool: forbidden }]
`;

/** envoy.config.core.v3.HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD */
const OVERWRITE = 2;

const CALL = JSON.stringify(toolCall(1));
const RESULT = JSON.stringify(toolResult(1, "done"));

let service: TestService;
let client: Processor;

beforeAll(async () => {
  service = await startTestService({ policy: POLICY });
  const Client = makeGenericClientConstructor(loadExternalProcessor(), "ExternalProcessor");
  const connected: unknown = new Client(`127.0.0.1:${service.port}`, credentials.createInsecure());
  // grpc-js makes the methods of the service definition while it runs.
  client = connected as Processor;
});

beforeEach(() => {
  service.clear();
});

afterAll(async () => {
  client.close();
  await service.stop();
});

describe("a whole exchange", () => {
  test("may say the end of each body twice, the second time with no byte", async () => {
    const stream = replay(
      requestHead(),
      requestBody(CALL, true),
      requestBody("", true),
      responseHead(),
      responseBody(RESULT, true),
      responseBody("", true),
    );
    await stream.replies(4);
    expect(stream.shapes()).toEqual([
      "request_headers",
      `request_body ${CALL} end`,
      "response_headers",
      `response_body ${RESULT} end`,
    ]);
    expect((await stream.end()).code).toBe(status.OK);
    expect(stream.shapes()).toHaveLength(4);
    expect(service.faults).toEqual([]);
  });

  test("asks Envoy to replace a header of the same name, and never to add a second one", async () => {
    const stream = replay(requestHead(), requestBody(CALL, true));
    await stream.replies(1);
    const [reply] = stream.received;
    const set = reply?.request_headers?.response.header_mutation?.set_headers ?? [];
    expect(set.length).toBeGreaterThan(0);
    expect([...new Set(set.map(({ append_action }) => append_action))]).toEqual([OVERWRITE]);
    expect((await stream.end()).code).toBe(status.OK);
  });

  test("with trailers ends each body in front of them, and lets none of them on", async () => {
    const body = JSON.stringify(toolResult(1, SECRET));
    const stream = replay(
      requestHead(),
      requestBody(CALL, false),
      { request_trailers: { trailers: headerMap({ "x-secret": SECRET, "x-other": "1" }) } },
      responseHead(),
      responseBody(body, false),
      { response_trailers: { trailers: headerMap({ "x-sum": SECRET }) } },
    );
    await stream.replies(6);
    expect(stream.shapes()).toEqual([
      "request_headers",
      `request_body ${CALL}`,
      "request_trailers without x-secret,x-other",
      "response_headers",
      `response_body ${body.replace(SECRET, REDACTED)}`,
      "response_trailers without x-sum",
    ]);
    expect((await stream.end()).code).toBe(status.OK);
    expect(service.faults).toEqual([]);
  });

  test("may bring bodies in pieces, cut inside a character, and empty ones", async () => {
    const call = Buffer.from(JSON.stringify(toolCall(1, { text: "a 😀 b" })));
    const at = call.indexOf("😀") + 2;
    const stream = replay(
      requestHead(),
      requestBody("", false),
      requestBody(call.subarray(0, at), false),
      requestBody("", false),
      requestBody(call.subarray(at), false),
      requestBody("", true),
    );
    await stream.replies(2);
    expect(stream.shapes().at(-1)).toBe(`request_body ${call} end`);
    expect((await stream.end()).code).toBe(status.OK);
  });
});

describe("a response of Envoy's own, while the request is pending", () => {
  test("is read and passed on; what still comes of the request is not answered", async () => {
    const stream = replay(
      requestHead(),
      requestBody(CALL.slice(0, 10), false),
      responseHead({ ":status": "504", "content-type": "text/plain" }),
      requestBody(CALL.slice(10), true),
      responseBody(`stream timeout ${SECRET}`, true),
      { request_trailers: {} },
    );
    await stream.replies(2);
    expect(stream.shapes()).toEqual([
      "response_headers",
      `response_body stream timeout ${REDACTED} end`,
    ]);
    expect((await stream.end()).code).toBe(status.OK);
    expect(service.faults).toEqual([]);
  });
});

describe("after a denial", () => {
  test.each([
    { title: "of the head", messages: [requestHead({ "content-length": "99999999" })] },
    {
      title: "of the body",
      messages: [requestHead(), requestBody(JSON.stringify(toolCall(1, {}, "forbidden")), true)],
    },
  ])("$title, whatever was on its way is swallowed", async ({ messages }) => {
    const stream = replay(
      ...messages,
      requestBody("more", false),
      requestBody("", true),
      { request_trailers: {} },
      responseHead(),
      responseBody(RESULT, true),
      requestHead(),
      {},
    );
    await stream.replies(1);
    expect((await stream.end()).code).toBe(status.OK);
    expect(stream.shapes()).toEqual(["immediate_response"]);
    expect(service.faults).toEqual([]);
  });
});

/** FAIL CLOSED: each ends in an error status, and in not one reply after the fault. */
describe("an exchange is broken off", () => {
  const whole = [requestHead(), requestBody(CALL, true)];
  test.each([
    {
      title: "bytes after the request's end",
      code: "request_body_after_its_end",
      replies: 2,
      messages: [...whole, requestBody("x", false)],
    },
    {
      title: "trailers after the request's end",
      code: "request_trailers_after_its_end",
      replies: 2,
      messages: [...whole, { request_trailers: {} }],
    },
    {
      title: "two request heads",
      code: "second_request_head",
      replies: 0,
      messages: [requestHead(), requestHead()],
    },
    {
      title: "two response heads",
      code: "second_response_head",
      replies: 2,
      messages: [...whole, responseHead(), responseHead()],
    },
    {
      title: "a body before any head",
      code: "request_body_after_its_end",
      replies: 0,
      messages: [requestBody(CALL, true)],
    },
    {
      title: "a response before any request",
      code: "second_response_head",
      replies: 0,
      messages: [responseHead()],
    },
    {
      title: "a response body before its head",
      code: "response_body_before_its_head",
      replies: 2,
      messages: [...whole, responseBody(RESULT, true)],
    },
    {
      title: "response trailers before its head",
      code: "response_trailers_before_head",
      replies: 2,
      messages: [...whole, { response_trailers: {} }],
    },
    {
      title: "a message of no kind",
      code: "unknown_message",
      replies: 2,
      messages: [...whole, {}],
    },
  ])("by $title", async ({ code, messages, replies }) => {
    const stream = replay(...messages);
    const end = await stream.status;
    expect({ code: end.code, details: end.details }).toEqual({
      code: status.FAILED_PRECONDITION,
      details: code,
    });
    expect(stream.shapes()).toHaveLength(replies);
    expect(service.faults).toMatchObject([{ code }]);
    await service.idle();
  });
});

/** Numbers of envoy.extensions.filters.http.ext_proc.v3.ProcessingMode.BodySendMode. */
describe("Envoy's processing mode", () => {
  test.each([
    { title: "no body at all", modes: { request_body_mode: 0, response_body_mode: 0 } },
    { title: "the request's body only", modes: { request_body_mode: 4, response_body_mode: 0 } },
    { title: "the response's body only", modes: { request_body_mode: 0, response_body_mode: 4 } },
    { title: "STREAMED", modes: { request_body_mode: 1, response_body_mode: 1 } },
    { title: "BUFFERED", modes: { request_body_mode: 2, response_body_mode: 2 } },
    { title: "BUFFERED_PARTIAL", modes: { request_body_mode: 3, response_body_mode: 3 } },
    { title: "a buffered response", modes: { request_body_mode: 4, response_body_mode: 2 } },
    { title: "nothing said", modes: undefined },
  ])("$title is refused at the first message", async ({ modes }) => {
    const { protocol_config: _, ...head } = requestHead();
    const stream = replay(modes === undefined ? head : { ...head, protocol_config: modes });
    expect(await stream.status).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: "processing_mode",
    });
    expect(stream.shapes()).toEqual([]);
    expect(service.faults).toMatchObject([{ code: "processing_mode" }]);
  });

  test("observation, in which nothing is held, is refused at the first message", async () => {
    const stream = replay({ ...requestHead(), observability_mode: true });
    expect((await stream.status).code).toBe(status.FAILED_PRECONDITION);
    expect(service.faults).toMatchObject([{ code: "processing_mode" }]);
  });
});

interface Processor {
  Process(): ClientDuplexStream<WireRequest, WireResponse>;
  close(): void;
}

interface Replay {
  /** Waits for so many replies. */
  replies(count: number): Promise<void>;
  readonly received: readonly WireResponse[];
  /** Each reply in a word, with what it says of the body. */
  shapes(): string[];
  /** Half-closes, as Envoy does when it is done, and waits for the status. */
  end(): Promise<StatusObject>;
  readonly status: Promise<StatusObject>;
}

function replay(...messages: readonly WireRequest[]): Replay {
  const wire = client.Process();
  const received: WireResponse[] = [];
  wire.on("data", (reply: WireResponse) => received.push(reply));
  wire.on("error", () => undefined);
  const ended = new Promise<StatusObject>((resolve) => wire.on("status", resolve));
  for (const message of messages) wire.write(message);
  const outcome = within("the end of the gRPC stream", ended);
  outcome.catch(() => undefined);
  return {
    replies: async (count) => {
      await waitFor(`${count} replies`, () => received.length >= count);
    },
    received,
    shapes: () => received.map(shapeOf),
    end: () => {
      wire.end();
      return outcome;
    },
    status: outcome,
  };
}

function shapeOf(reply: WireResponse): string {
  const body = reply.request_body ?? reply.response_body;
  const side = reply.request_body || reply.request_headers || reply.request_trailers;
  const prefix = side ? "request" : "response";
  if (body) {
    const { body: bytes, end_of_stream } = body.response.body_mutation.streamed_response;
    return `${prefix}_body ${Buffer.from(bytes)}${end_of_stream ? " end" : ""}`;
  }
  const trailers = reply.request_trailers ?? reply.response_trailers;
  if (trailers) return `${prefix}_trailers without ${trailers.header_mutation.remove_headers}`;
  if (reply.immediate_response) return "immediate_response";
  return `${prefix}_headers`;
}

function responseHead(
  headers = { ":status": "200", "content-type": "application/json" },
): WireRequest {
  return { response_headers: { headers: headerMap(headers), end_of_stream: false } };
}

function responseBody(body: string, end_of_stream: boolean): WireRequest {
  return { response_body: { body: Buffer.from(body), end_of_stream } };
}
