import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from "node:http2";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  type CallListener,
  GrpcCall,
  type OnBroken,
  refuseStream,
} from "../../../src/envoy/grpc-call.ts";
import { FrameReader, type Piece } from "../../../src/envoy/grpc-frames.ts";
import { GRPC } from "../../../src/envoy/grpc-status.ts";
import { Http2Server } from "../../../src/http2/server.ts";
import { framed, unframed } from "../../support/framed.ts";
import { waitFor, within } from "../../support/wait.ts";

const BUG = new Error("a bug");
const throws = (): never => {
  throw BUG;
};

/** Texts, of which "nonsense" is none, and "unspeakable" a bug. */
const CODEC = {
  decode({ bytes: all, start, end }: Piece): string {
    const bytes = all.subarray(start, end);
    if (bytes.equals(Buffer.from("nonsense"))) throw new Error("no message");
    return bytes.toString();
  },
  encode: (texts: readonly string[]) =>
    framed(texts.map((text) => (text === "unspeakable" ? throws() : Buffer.from(text)))),
  maxBytes: 1_000,
};

type Call = GrpcCall<string, string>;

let handle: (call: Call) => void;
let client: ClientHttp2Session;
let broken: unknown[] = [];
const tell: OnBroken = (error, stream) => broken.push([error, stream.header("traceparent")]);
const http2 = new Http2Server((stream) => {
  if (stream.header(":path") === "/refused")
    refuseStream(stream, GRPC.RESOURCE_EXHAUSTED, "too much");
  else new GrpcCall(stream, CODEC, tell).serveBy((call) => handle(call));
});
const server = createServer((socket) => http2.accept(socket));

beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

beforeEach(() => {
  broken = [];
  handle = (call) => call.listen(listener({}));
});

afterAll(async () => {
  client.close();
  await once(client, "close");
  server.close();
});

test("answers each message, and ends with OK once somebody has vouched for it", async () => {
  handle = (call) =>
    call.listen(
      listener({
        onMessage: (text) => call.write([`${text}!`, "and"]),
        onHalfClose: () => {
          call.vouch();
          call.end();
        },
      }),
    );
  const { stream, ended } = open();
  stream.write(CODEC.encode(["one", "two"]));
  stream.end(CODEC.encode(["three"]));
  expect(await ended).toEqual({
    head: { status: 200, type: "application/grpc+proto" },
    replies: ["one!", "and", "two!", "and", "three!", "and"],
    code: GRPC.OK,
  });
});

test.each([
  { title: "before a word", words: [] },
  { title: "after a word", words: ["x"] },
])("an end $title that nobody vouched for is an error", async ({ words }) => {
  handle = (call) => {
    call.listen(listener({}));
    if (words.length > 0) call.write(words);
    call.end();
  };
  const { stream, ended } = open();
  expect(await ended).toMatchObject({ replies: words, code: GRPC.INTERNAL });
  stream.end();
});

test("an error is what it was ended with, and the first one", async () => {
  handle = (call) => {
    call.listen(listener({}));
    call.fail(GRPC.FAILED_PRECONDITION, "not like this");
    call.fail(GRPC.INTERNAL, "later");
    call.vouch();
    call.end();
    expect(call.write(["too late"])).toBe(true);
  };
  expect(await open().ended).toMatchObject({ code: GRPC.FAILED_PRECONDITION, replies: [] });
});

test("an error stays one, whoever vouches for it while it is on its way", async () => {
  handle = (call) => {
    call.listen(listener({}));
    call.write(["said before"]);
    call.fail(GRPC.INTERNAL, "not good");
    call.vouch();
    call.end();
  };
  const { stream, ended } = open();
  expect(await ended).toMatchObject({ code: GRPC.INTERNAL, replies: ["said before"] });
  stream.end();
});

test.each([
  { title: "no message", bytes: CODEC.encode(["nonsense"]), code: GRPC.INTERNAL },
  {
    title: "too long",
    bytes: CODEC.encode(["x".repeat(1_001)]),
    code: GRPC.RESOURCE_EXHAUSTED,
  },
  { title: "compressed", bytes: Buffer.from([1, 0, 0, 0, 0]), code: GRPC.UNIMPLEMENTED },
])("what is $title ends the call, and what follows is not read", async ({ bytes, code }) => {
  const messages: string[] = [];
  handle = (call) => call.listen(listener({ onMessage: (text) => messages.push(text) }));
  const { stream, ended } = open();
  stream.write(Buffer.concat([CODEC.encode(["first"]), bytes, CODEC.encode(["second"])]));
  expect(await ended).toMatchObject({ code });
  expect(messages.includes("second")).toBe(false);
  stream.end();
});

test.each([1, 4, 5, 6, 7].map((length) => ({ length })))(
  "a half-close after $length bytes of a message is an error, whoever would vouch for it",
  async ({ length }) => {
    const told: string[] = [];
    handle = (call) =>
      call.listen(
        listener({
          onMessage: (text) => told.push(text),
          onHalfClose: () => {
            told.push("half-close");
            call.vouch();
            call.end();
          },
        }),
      );
    const { stream, ended } = open();
    const cut = CODEC.encode(["cut"]).subarray(0, length);
    stream.end(Buffer.concat([CODEC.encode(["whole"]), cut]));
    expect(await ended).toMatchObject({ code: GRPC.INTERNAL });
    expect(told).toEqual(["whole"]);
  },
);

test("a peer that goes away closes it, once, and says no half-close", async () => {
  const told: string[] = [];
  const closed = new Promise<void>((resolve) => {
    handle = (call) =>
      call.listen(
        listener({
          onMessage: (text) => told.push(text),
          onHalfClose: () => told.push("half-close"),
          onClose: () => {
            told.push("close");
            // Nothing of it reaches anybody.
            expect(call.write(["x"])).toBe(true);
            call.end();
            resolve();
          },
        }),
      );
  });
  const { stream, ended } = open();
  stream.write(CODEC.encode(["here"]), () => stream.destroy());
  await within("the end of the call", closed);
  expect(await ended).toMatchObject({ code: null });
  expect(told.filter((word) => word !== "here")).toEqual(["close"]);
});

test("a peer that does not read is waited for", async () => {
  const text = "x".repeat(900);
  let writes = 0;
  const drained = new Promise<void>((resolve) => {
    handle = (call) => {
      const fill = (): void => {
        do writes += 1;
        while (call.write([text]) && writes < 100_000);
      };
      call.listen(listener({ onDrain: resolve }));
      fill();
      expect(call.mustWait).toBe(true);
    };
  });
  const { stream } = open({ isRead: false });
  await once(stream, "response");
  expect(writes).toBeLessThan(1_000);
  stream.resume();
  await within("the drain", drained);
  stream.close();
});

test("tells of its metadata, the first value of a name", async () => {
  const found: (string | undefined)[] = [];
  handle = (call) => {
    found.push(call.metadata("traceparent"), call.metadata("x-none"));
    call.end();
  };
  await open({ headers: { traceparent: "00-ab" } }).ended;
  expect(found).toEqual(["00-ab", undefined]);
});

test("a stream is refused with an error before a call is made of it", async () => {
  const { stream, ended } = open({ headers: { ":path": "/refused" } });
  expect(await ended).toMatchObject({ code: GRPC.RESOURCE_EXHAUSTED, replies: [] });
  stream.end();
});

test.each<{ title: string; serve: (call: Call) => void }>([
  { title: "its beginning", serve: throws },
  { title: "a message", serve: (call) => call.listen(listener({ onMessage: throws })) },
  { title: "the half-close", serve: (call) => call.listen(listener({ onHalfClose: throws })) },
  {
    title: "an answer that cannot be written",
    serve: (call) => call.listen(listener({ onMessage: () => call.write(["unspeakable"]) })),
  },
])("a bug at $title fails this call, and is told", async ({ serve }) => {
  handle = serve;
  const { stream, ended } = open({ headers: { traceparent: "00-ab" } });
  stream.end(CODEC.encode(["x"]));
  expect(await ended).toMatchObject({ code: GRPC.INTERNAL, replies: [] });
  expect(broken).toEqual([[BUG, "00-ab"]]);
});

test("a bug at the end of one call is told, and the calls beside it end, too", async () => {
  const closed: (string | undefined)[] = [];
  handle = (call) => {
    const onClose = () => {
      closed.push(call.metadata("name"));
      throws();
    };
    call.listen(listener({ onClose }));
    call.write(["begun"]);
  };
  const own = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (const name of ["one", "two"]) {
    const headers = { ":method": "POST", "content-type": "application/grpc", name };
    const stream = own.request(headers, { endStream: false });
    stream.on("error", () => undefined);
    await once(stream, "response");
  }
  own.destroy();
  await waitFor("the end of both", () => closed.length === 2);
  expect(closed).toEqual(["one", "two"]);
  expect(broken).toEqual([
    [BUG, undefined],
    [BUG, undefined],
  ]);
});

function listener(some: Partial<CallListener<string>>): CallListener<string> {
  const nothing = () => undefined;
  return {
    ...{ onMessage: nothing, onHalfClose: nothing, onDrain: nothing, onClose: nothing },
    ...some,
  };
}

interface Ended {
  readonly head: { readonly status: unknown; readonly type: unknown };
  readonly replies: readonly string[];
  /** Null where the call broke off without one. */
  readonly code: number | null;
}

function open({ headers = {}, isRead = true }: { headers?: object; isRead?: boolean } = {}): {
  readonly stream: ClientHttp2Stream;
  readonly ended: Promise<Ended>;
} {
  const stream = client.request(
    { ":method": "POST", ":path": "/call", "content-type": "application/grpc", ...headers },
    { endStream: false },
  );
  let head: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const replies: string[] = [];
  const frames = new FrameReader(CODEC.maxBytes);
  stream.on("response", (received) => (head = received));
  stream.on("trailers", (received) => (trailers = received));
  stream.on("error", () => undefined);
  if (isRead) {
    stream.on("data", (chunk: Buffer) => {
      const messages = unframed(frames, chunk);
      if (typeof messages === "number") throw new Error("no frames");
      replies.push(...messages.map(String));
    });
  }
  const over = new Promise<Ended>((resolve) => {
    stream.once("close", () => {
      const code = trailers["grpc-status"] ?? head["grpc-status"];
      resolve({
        head: { status: head[":status"], type: head["content-type"] },
        replies,
        code: code === undefined ? null : Number(code),
      });
    });
    // An answer is whole before the request is: the test ends its side then.
    stream.once("end", () => stream.end());
  });
  return { stream, ended: within("the end of the stream", over) };
}
