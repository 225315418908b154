import { connect, type IncomingHttpHeaders } from "node:http2";
import { status } from "@grpc/grpc-js";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { loadProcess } from "../../support/external-processor.ts";
import { framed } from "../../support/framed.ts";
import { toolCall } from "../../support/messages.ts";
import { requestBody, requestHead, type WireRequest } from "../../support/processing-requests.ts";
import {
  connectRaw,
  DATA,
  END_HEADERS,
  END_STREAM,
  frameOf,
  GOAWAY,
  HEADERS,
  literalHeaders,
  PING,
  type RawConnection,
  resetOf,
} from "../../support/raw-http2.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { waitFor, within } from "../../support/wait.ts";

/** What no Envoy says: frames in orders that a library would not write. Nothing of it may stay. */

const PROCESS = loadProcess();
const CALL = requestBody(JSON.stringify(toolCall(1)), true);
const NO_ERROR = 0;
const CANCEL = 8;
const INBOX_MAX = 64;

let service: TestService;
let connection: RawConnection;

beforeAll(async () => {
  service = await startTestService({ limits: { requestBodyDeadlineMs: 300 } });
});

/** Whatever was said: nothing is open, nothing was OK that nobody decided on, and others are served. */
afterEach(async () => {
  await waitFor("every stream to be given back", () => service.grpc.openStreams === 0);
  await connection[Symbol.asyncDispose]();
  await using other = await connectRaw(service.port);
  other.send(open(1), said(1, requestHead()), said(1, CALL, END_STREAM));
  await waitFor("an answer to another", () => other.frames.some(({ stream }) => stream === 1));
  await service.idle();
});

afterAll(() => service.stop());

test.each([
  { title: "gives up a HEAD", frames: [open(1, { ":method": "HEAD" }), resetOf(1, NO_ERROR)] },
  { title: "gives up what it opened", frames: [open(1), resetOf(1, NO_ERROR)] },
  { title: "cancels what it opened", frames: [open(1), resetOf(1, CANCEL)] },
  {
    title: "says more than is taken at once, then nonsense, and gives up",
    frames: [
      open(1),
      frameOf(DATA, 0, 1, Buffer.concat(new Array(INBOX_MAX + 6).fill(message(requestHead())))),
      frameOf(DATA, 0, 1, Buffer.from([1, 0, 0, 0, 1, 0])),
      resetOf(1, NO_ERROR),
    ],
  },
  {
    title: "says nonsense and gives up",
    frames: [open(1), frameOf(DATA, 0, 1, Buffer.from([1, 0, 0, 0, 0])), resetOf(1, NO_ERROR)],
  },
])("a peer that $title ends nothing but its own stream", async ({ frames }) => {
  connection = await connectRaw(service.port);
  connection.send(...frames);
});

test.each([
  {
    title: "is told of its error, and closes nothing,",
    bytes: Buffer.concat([message(requestHead()), Buffer.from([1, 0, 0, 0, 0])]),
    isEnded: false,
    told: status.UNIMPLEMENTED,
  },
  {
    title: "has nothing more to say before it was answered",
    bytes: Buffer.concat([message(requestHead()), message(CALL)]),
    isEnded: true,
    told: status.INTERNAL,
  },
])("a peer that $title is not told OK, and holds nothing", async ({ bytes, isEnded, told }) => {
  connection = await connectRaw(service.port);
  const client = connect(`http://127.0.0.1:${service.port}`);
  const stream = client.request({
    ":method": "POST",
    ":path": PROCESS.path,
    "content-type": "application/grpc",
  });
  const trailers = new Promise<IncomingHttpHeaders>((resolve) => {
    stream.once("response", (head) => "grpc-status" in head && resolve(head));
    stream.once("trailers", resolve);
  });
  stream.resume();
  if (isEnded) stream.end(bytes);
  else stream.write(bytes);
  expect((await within("the status", trailers))["grpc-status"]).toBe(String(told));
  await waitFor("the stream to be given back", () => service.grpc.openStreams === 0);
  client.destroy();
});

test("whatever came, in whatever order, nothing of it stays when the connection has gone", async () => {
  const step = fc.constantFrom("head", "body", "nonsense", "end", "reset", "cancel", "trailers");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 8 }),
      async (streams) => {
        connection = await connectRaw(service.port);
        for (const [index, steps] of streams.entries()) {
          const stream = 2 * index + 1;
          connection.send(open(stream), ...steps.map((one) => frameFor(one, stream)));
        }
        connection.send(frameOf(PING, 0, 0, Buffer.alloc(8)));
        // All of it has been read then, or the service wants no more of it.
        await waitFor("an echo", () =>
          connection.frames.some(({ type }) => type === PING || type === GOAWAY),
        );
        await connection[Symbol.asyncDispose]();
        await waitFor("every stream to be given back", () => service.grpc.openStreams === 0);
      },
    ),
    { numRuns: 40 },
  );
  service.clear();
});

function frameFor(step: string, stream: number): Buffer {
  switch (step) {
    case "head":
      return said(stream, requestHead());
    case "body":
      return said(stream, CALL);
    case "nonsense":
      return frameOf(DATA, 0, stream, Buffer.from([0, 0, 0, 0, 2, 255, 255]));
    case "end":
      return frameOf(DATA, END_STREAM, stream);
    case "reset":
      return resetOf(stream, NO_ERROR);
    case "cancel":
      return resetOf(stream, CANCEL);
    default:
      return frameOf(HEADERS, END_HEADERS | END_STREAM, stream, literalHeaders({ "x-a": "b" }));
  }
}

function open(stream: number, more: { readonly [name: string]: string } = {}): Buffer {
  const headers = {
    ":method": "POST",
    ":scheme": "http",
    ":path": PROCESS.path,
    ":authority": "x",
    "content-type": "application/grpc",
    te: "trailers",
    ...more,
  };
  return frameOf(HEADERS, END_HEADERS, stream, literalHeaders(headers));
}

function said(stream: number, request: WireRequest, flags = 0): Buffer {
  return frameOf(DATA, flags, stream, message(request));
}

function message(request: WireRequest): Buffer {
  return framed([PROCESS.requestSerialize(request)]);
}
