import { once } from "node:events";
import {
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { kindOf, overhear } from "../../support/faulty-firewall.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { JSON_HEADERS, REDACTED, SECRET, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { waitFor, within } from "../../support/wait.ts";

/** Trailers exist in HTTP/2 on both sides: nobody reads them here, so none may pass. */

const TRAILERS = { "x-trailer": SECRET, "x-other": "1" };

/** What came of one message: its body and its trailers, if any. */
interface Received {
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
}

const requests: Received[] = [];
const server = createServer();
let contentType: string;
let responseBody: string;
/** The names of the messages that Envoy sent to the service. */
let messages: string[];
let service: TestService;
let gateway: Gateway;

beforeAll(async () => {
  server.on("stream", (stream: ServerHttp2Stream) => {
    void receive(stream).then((request) => {
      requests.push(request);
      stream.respond({ ":status": 200, "content-type": contentType }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers(TRAILERS));
      stream.end(responseBody);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  service = await startTestService({
    wrapProcess: (process) => (call) => {
      overhear(call, (message) => {
        messages.push(kindOf(message));
        return false;
      });
      process(call);
    },
  });
  const url = `http://127.0.0.1:${address.port}/mcp`;
  const upstreams = [{ id: "files", url, protocol: "http2" as const }];
  gateway = await startGateway({ upstreams, service });
});

beforeEach(() => {
  messages = [];
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  server.close();
});

test.each([
  {
    title: "a JSON response",
    type: "application/json",
    bodyOf: (text: string) => JSON.stringify(toolResult(1, text)),
  },
  {
    title: "a stream",
    type: "text/event-stream",
    bodyOf: (text: string) => `data: ${JSON.stringify(toolResult(1, text))}\n\n`,
  },
])("trailers of a request and of $title do not pass, and their bodies do", async (given) => {
  contentType = given.type;
  responseBody = given.bodyOf(SECRET);
  const reply = await post(JSON.stringify(toolCall(1, { text: SECRET })));

  // They were there to be stopped.
  await waitFor("both trailers at the service", () =>
    ["request_trailers", "response_trailers"].every((name) => messages.includes(name)),
  );
  const cleaned = JSON.stringify(toolCall(1, { text: REDACTED }));
  expect(requests.at(-1)).toEqual({ body: cleaned, trailers: {} });
  expect(reply).toEqual({ body: given.bodyOf(REDACTED), trailers: {} });
});

async function post(body: string): Promise<Received> {
  const session = connect(`http://${gateway.host}:${gateway.port}`);
  const headers = { ":method": "POST", ":path": "/mcp", ...JSON_HEADERS };
  const stream = session.request(headers, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(TRAILERS));
  stream.end(body);
  try {
    return await within("the reply", receive(stream));
  } finally {
    session.close();
  }
}

/** Reads a message to its end. */
function receive(stream: NodeJS.ReadableStream): Promise<Received> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let trailers: IncomingHttpHeaders = {};
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("trailers", (received: IncomingHttpHeaders) => {
      trailers = { ...received };
    });
    stream.on("error", reject);
    stream.on("end", () => resolve({ body: Buffer.concat(chunks).toString(), trailers }));
  });
}
