import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  constants,
  type SecureClientSessionOptions,
} from "node:http2";
import { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { encodeHeaders } from "../../../src/http2/hpack.ts";
import type { Stream } from "../../../src/http2/stream.ts";
import { AUTHORITY_PEM, LOCALHOST } from "../../support/certificates.ts";
import { type Http2Service, serveHttp2, streamListener } from "../../support/http2-service.ts";
import { memoryInUse } from "../../support/memory.ts";
import { frameOf, PREFACE } from "../../support/raw-http2.ts";
import { connectPeer, SETTINGS } from "../../support/raw-peer.ts";
import { waitFor, within } from "../../support/wait.ts";

const OK = encodeHeaders([[":status", "200"]]);
const TRAILERS = encodeHeaders([["x-end", "whole"]]);
const LARGEST_BODY = 1024 * 1024;

const clients: ClientHttp2Session[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

function clientOf(
  service: Http2Service,
  options: ClientSessionOptions | SecureClientSessionOptions = {},
  scheme = "http",
): ClientHttp2Session {
  const client = connect(`${scheme}://127.0.0.1:${service.port}`, options);
  client.on("error", () => undefined);
  clients.push(client);
  return client;
}

interface Answer {
  readonly status: unknown;
  readonly body: Buffer;
  readonly end: unknown;
  readonly code: number | undefined;
}

function answerOf(request: ClientHttp2Stream): Promise<Answer> {
  const body: Buffer[] = [];
  let status: unknown;
  let end: unknown;
  request.on("error", () => undefined);
  request.on("response", (headers) => (status = headers[":status"]));
  request.on("trailers", (trailers) => (end = trailers["x-end"]));
  request.on("data", (chunk: Buffer) => body.push(chunk));
  return within(
    "the answer",
    once(request, "close").then(() => ({
      ...{ status, body: Buffer.concat(body), end, code: request.rstCode },
    })),
    30_000,
  );
}

/** Bytes that tell where they are. */
function bodyOf(length: number, seed: number): Buffer {
  const body = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at += 1) body[at] = (at * 31 + (at >>> 8) * 7 + seed) & 0xff;
  return body;
}

/** Says back what it hears, once it has heard all. */
function echo(stream: Stream): void {
  const heard: Buffer[] = [];
  stream.listen(
    streamListener({
      onData: (bytes, start, end) => heard.push(Buffer.from(bytes.subarray(start, end))),
      onEnd: () => {
        stream.respond(OK, false);
        stream.write(Buffer.concat(heard));
        stream.end(TRAILERS);
      },
    }),
  );
}

/** The same, piece by piece, and no faster than it is heard. */
function echoAtOnce(stream: Stream): void {
  let hasEnded = false;
  stream.respond(OK, false);
  stream.listen(
    streamListener({
      onData: (bytes, start, end) => {
        if (!stream.write(Buffer.from(bytes.subarray(start, end)))) stream.pause();
      },
      onDrain: () => stream.resume(),
      onEnd: () => {
        expect(hasEnded).toBe(false);
        hasEnded = true;
        stream.end(TRAILERS);
      },
    }),
  );
}

const TLS = { cert: LOCALHOST.cert, key: LOCALHOST.key, ALPNProtocols: ["h2"] };

describe.each([
  { title: "as it is", options: {}, tls: null },
  {
    title: "with a window of one byte",
    options: { settings: { initialWindowSize: 1 } },
    tls: null,
  },
  {
    title: "with a window of 1000",
    options: { settings: { initialWindowSize: 1_000 } },
    tls: null,
  },
  {
    title: "with large frames",
    options: { settings: { maxFrameSize: 2 ** 24 - 1, initialWindowSize: 2 ** 24 } },
    tls: null,
  },
  {
    title: "with padding",
    options: { paddingStrategy: constants.PADDING_STRATEGY_MAX },
    tls: null,
  },
  { title: "over TLS", options: { ca: AUTHORITY_PEM }, tls: TLS },
])("Node's client $title", ({ title, options, tls }) => {
  const scheme = tls === null ? "http" : "https";
  const longest = title.includes("one byte") ? 2_000 : LARGEST_BODY;

  test.each([
    { how: "at the end", handle: echo },
    { how: "piece by piece", handle: echoAtOnce },
  ])("hears $how all that it said, on many streams at once", async ({ handle }) => {
    await using service = await serveHttp2(handle, tls);
    const client = clientOf(service, options, scheme);
    const lengths = [0, 1, 5, 16_383, 16_384, 16_385, 65_535, 70_000, 300_000, LARGEST_BODY];
    const bodies = lengths.map((length, seed) => bodyOf(Math.min(length, longest), seed));
    const answers = bodies.map((body) => {
      const request = client.request({ ":method": "POST" });
      request.end(body);
      return answerOf(request);
    });
    for (const [index, answer] of (await Promise.all(answers)).entries()) {
      expect({ ...answer, body: "" }).toEqual({ status: 200, body: "", end: "whole", code: 0 });
      expect(answer.body.equals(bodies[index] ?? Buffer.alloc(0))).toBe(true);
    }
  });

  test("hears a thousand short answers", async () => {
    await using service = await serveHttp2(echo, tls);
    const client = clientOf(service, options, scheme);
    const answers = Array.from({ length: 1_000 }, (_, index) => {
      const request = client.request({ ":method": "POST" });
      request.end(String(index));
      return answerOf(request);
    });
    const heard = (await Promise.all(answers)).map(({ body }) => body.toString());
    expect(heard).toEqual(heard.map((_, index) => String(index)));
  });
});

test("a client that changes its windows while it is answered hears all, whatever they become", async () => {
  await using service = await serveHttp2(echo);
  const client = clientOf(service, { settings: { initialWindowSize: 60_000 } });
  const body = bodyOf(LARGEST_BODY, 1);
  const request = client.request({ ":method": "POST" });
  const answer = answerOf(request);
  const sizes = [0, 5, 100_000, 1, 65_535, 0, 10];
  request.on("data", () => {
    const size = sizes.shift();
    if (size !== undefined) client.settings({ initialWindowSize: size });
    else if (sizes.length === 0) client.settings({ initialWindowSize: 70_000 });
  });
  request.end(body);
  expect((await answer).body.equals(body)).toBe(true);
});

test("pings are answered while streams are open", async () => {
  await using service = await serveHttp2(() => undefined);
  const client = clientOf(service);
  await once(client, "connect");
  client.request({ ":method": "POST" }, { endStream: false }).on("error", () => undefined);
  const payload = Buffer.from("12345678");
  const echoed = new Promise<Buffer>((resolve) =>
    client.ping(payload, (_error, _duration, answer) => resolve(answer)),
  );
  expect(await within("the ping", echoed)).toEqual(payload);
});

test("trailers of a request are its end, once", async () => {
  const told: string[] = [];
  await using service = await serveHttp2((stream) => {
    stream.listen(
      streamListener({
        onData: (_bytes, start, end) => told.push(`${end - start} bytes`),
        onEnd: () => {
          told.push("end");
          stream.respond(OK, true);
        },
      }),
    );
  });
  const request = clientOf(service).request(
    { ":method": "POST" },
    { waitForTrailers: true, endStream: false },
  );
  request.on("wantTrailers", () => request.sendTrailers({ "x-checksum": "1" }));
  request.end("four");
  expect(await answerOf(request)).toMatchObject({ status: 200 });
  expect(told).toEqual(["4 bytes", "end"]);
});

test.each([
  { title: "the client's socket is gone", end: (client: ClientHttp2Session) => client.destroy() },
  {
    title: "ours fails",
    end: (_: unknown, service: Http2Service) => service.sockets[0]?.destroy(new Error("broken")),
  },
  {
    title: "the server closes",
    end: (_: unknown, service: Http2Service) => service.server.close(),
  },
])("when $title each stream that is open is told once, and none has ended", async ({ end }) => {
  const told: string[] = [];
  let streams = 0;
  await using service = await serveHttp2((stream) => {
    streams += 1;
    stream.respond(OK, false);
    stream.write(Buffer.alloc(200_000));
    stream.listen(
      streamListener({
        onEnd: () => told.push("end"),
        onFinish: () => told.push("finish"),
        onReset: () => {
          told.push("reset");
          // Nobody hears it any more.
          expect([stream.write(OK), stream.mustWait]).toEqual([true, false]);
          stream.end(TRAILERS);
        },
      }),
    );
    stream.end(TRAILERS);
  });
  const client = clientOf(service);
  for (let count = 0; count < 3; count += 1) {
    const request = client.request({ ":method": "POST" }, { endStream: false });
    request.on("error", () => undefined);
  }
  await waitFor("the streams", () => streams === 3);
  end(client, service);
  await waitFor("the resets", () => told.length >= 3);
  expect(told).toEqual(["reset", "reset", "reset"]);
  expect(service.server.openConnections).toBe(0);
});

test("a connection that a stream ends brings nothing any more of what it has brought already", async () => {
  const told: string[] = [];
  await using service = await serveHttp2((stream) => {
    const tell = (what: string) => () => void told.push(`${stream.id} ${what}`);
    told.push(`${stream.id} opened`);
    stream.listen(
      streamListener({
        onData: () => {
          tell("data")();
          service.server.close();
        },
        ...{ onEnd: tell("end"), onFinish: tell("finish"), onReset: tell("reset") },
      }),
    );
  });
  const client = clientOf(service);
  await once(client, "connect");
  // All of it in one piece.
  for (const body of ["first", "second", "third"]) {
    const request = client.request({ ":method": "POST" });
    request.on("error", () => undefined);
    request.end(body);
  }
  await once(client, "close");
  const first = told.indexOf("1 data");
  expect(told.slice(first).filter((what) => !what.endsWith("reset"))).toEqual(["1 data"]);
  expect(told.filter((what) => what === "1 reset").length).toBe(1);
});

test("a socket that is gone before it is accepted is no connection", async () => {
  await using service = await serveHttp2(echo);
  const socket = new Socket();
  socket.destroy();
  service.server.accept(socket);
  expect(service.server.openConnections).toBe(0);
});

test("after the farewell new streams are served, and the client opens none", async () => {
  await using service = await serveHttp2(echo);
  const client = clientOf(service);
  const request = client.request({ ":method": "POST" }, { endStream: false });
  request.write("before ");
  await waitFor("the connection", () => service.server.openConnections === 1);
  const away = once(client, "goaway");
  service.server.goAway();
  expect((await within("the farewell", away)).slice(0, 2)).toEqual([0, 2 ** 31 - 1]);
  request.end("and after");
  expect((await answerOf(request)).body.toString()).toBe("before and after");
  expect(client.closed || client.destroyed).toBe(true);
});

test("a stream that is paused holds what comes, tells it in order, and its end behind it", async () => {
  const told: string[] = [];
  let paused: Stream | null = null;
  await using service = await serveHttp2((stream) => {
    paused = stream;
    stream.pause();
    stream.listen(
      streamListener({
        onData: (bytes, start, end) => {
          told.push(bytes.toString("latin1", start, end));
          // Whoever goes on while he is told goes on behind it.
          stream.pause();
          stream.resume();
          told.push("told");
        },
        onEnd: () => {
          told.push("end");
          stream.respond(OK, true);
        },
      }),
    );
    if (stream.header("x-now") !== undefined) stream.resume();
  });
  const client = clientOf(service);
  const held = client.request({ ":method": "POST" });
  held.write("one, ");
  held.end("two");
  await waitFor("its end", () => paused?.hasPeerEnded);
  expect(told).toEqual([]);
  (paused as Stream | null)?.resume();
  expect(told).toEqual(["one, two", "told", "end"]);
  expect(await answerOf(held)).toMatchObject({ status: 200 });
  told.length = 0;
  const flowing = client.request({ ":method": "POST", "x-now": "1" });
  flowing.end("three");
  expect(await answerOf(flowing)).toMatchObject({ status: 200 });
  expect(told).toEqual(["three", "told", "end"]);
});

test("a stream that is paused keeps no more than what came", async () => {
  const many = 2_000;
  let ended = 0;
  const streams: Stream[] = [];
  await using service = await serveHttp2((stream) => {
    streams.push(stream);
    stream.pause();
    stream.listen(streamListener({ onEnd: () => (ended += 1), onReset: () => undefined }));
  });
  await using peer = await connectPeer(service.port);
  const head = encodeHeaders([[":path", "/"]]);
  const ids = Array.from({ length: many }, (_, index) => 2 * index + 1);
  peer.send(PREFACE, SETTINGS, ...ids.map((id) => frameOf(1, 4, id, head)));
  await waitFor("the streams", () => streams.length === many);
  const before = memoryInUse();
  peer.send(...ids.map((id) => frameOf(0, 1, id, Buffer.of(7))));
  await waitFor("their ends", () => streams.every(({ hasPeerEnded }) => hasPeerEnded));
  expect(memoryInUse() - before).toBeLessThan(10_000_000);
  for (const stream of streams) stream.resume();
  expect(ended).toBe(many);
});

test("one that is lost while it is paused is never told an end", async () => {
  const told: string[] = [];
  let paused: Stream | null = null;
  await using service = await serveHttp2((stream) => {
    paused = stream;
    stream.pause();
    stream.listen(
      streamListener({ onEnd: () => told.push("end"), onReset: () => told.push("reset") }),
    );
  });
  const client = clientOf(service);
  const request = client.request({ ":method": "POST" });
  request.on("error", () => undefined);
  request.end("x");
  await waitFor("its end", () => paused?.hasPeerEnded);
  client.destroy();
  await waitFor("the reset", () => told.length > 0);
  (paused as Stream | null)?.resume();
  expect(told).toEqual(["reset"]);
});
