import { beforeEach, describe, expect, test } from "vitest";
import { encodeHeaders } from "../../../src/http2/hpack.ts";
import type { Stream } from "../../../src/http2/stream.ts";
import { type Http2Service, serveHttp2, streamListener } from "../../support/http2-service.ts";
import { frameOf, numberOf, PREFACE, resetOf } from "../../support/raw-http2.ts";
import {
  connectPeer,
  PING,
  type RawPeer,
  SETTINGS,
  settingOf,
  windowUpdate,
} from "../../support/raw-peer.ts";

const DATA = 0;
const HEADERS = 1;
const CONTINUATION = 9;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 0x20;
const ERROR = {
  no: 0,
  protocol: 1,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refused: 7,
  compression: 9,
  calm: 11,
};
const BLOCK = encodeHeaders([
  [":method", "POST"],
  [":path", "/"],
]);
const LARGEST = 16_384;
const WINDOW_MAX = 2 ** 31 - 1;
const BEGIN = Buffer.concat([PREFACE, SETTINGS]);

function open(stream: number, flags = 0): Buffer {
  return frameOf(HEADERS, END_HEADERS | flags, stream, BLOCK);
}

function data(stream: number, bytes: number | Buffer, flags = 0): Buffer {
  return frameOf(DATA, flags, stream, typeof bytes === "number" ? Buffer.alloc(bytes) : bytes);
}

let told: string[] = [];
let streams: Stream[] = [];

beforeEach(() => {
  told = [];
  streams = [];
});

function serve(): Promise<Http2Service> {
  return serveHttp2((stream) => {
    streams.push(stream);
    const tell = (what: string) => () => void told.push(`${stream.id} ${what}`);
    stream.listen(
      streamListener({ onEnd: tell("end"), onFinish: tell("finish"), onReset: tell("reset") }),
    );
  });
}

/** Its answer comes behind all that was said before. */
async function settled(peer: RawPeer): Promise<void> {
  peer.send(PING);
  await peer.seen("the answer to a ping", ({ type, flags }) => type === 6 && flags === ACK);
}

describe("an error of the connection ends it, and all streams, with its code", () => {
  test.each([
    { title: "another preface", bytes: [Buffer.from("GET / HTTP/1.1\r\n\r\n")], code: "protocol" },
    { title: "no settings first", bytes: [PREFACE, PING], code: "protocol" },
    { title: "settings of a stream", bytes: [PREFACE, frameOf(4, 0, 1)], code: "protocol" },
    {
      title: "settings of an odd size",
      bytes: [PREFACE, frameOf(4, 0, 0, Buffer.alloc(5))],
      code: "frameSize",
    },
    {
      title: "an acknowledgement that says something",
      bytes: [BEGIN, frameOf(4, ACK, 0, settingOf(4, 1))],
      code: "frameSize",
    },
    {
      title: "a window that is too large",
      bytes: [PREFACE, frameOf(4, 0, 0, settingOf(4, 2 ** 31))],
      code: "flowControl",
    },
    {
      title: "frames that are too small",
      bytes: [PREFACE, frameOf(4, 0, 0, settingOf(5, LARGEST - 1))],
      code: "protocol",
    },
    {
      title: "frames that are too large",
      bytes: [PREFACE, frameOf(4, 0, 0, settingOf(5, 2 ** 24))],
      code: "protocol",
    },
    {
      title: "a push that is neither on nor off",
      bytes: [PREFACE, frameOf(4, 0, 0, settingOf(2, 2))],
      code: "protocol",
    },
    {
      title: "a frame larger than allowed",
      bytes: [BEGIN, data(1, LARGEST + 1)],
      code: "frameSize",
    },
    { title: "data of the connection", bytes: [BEGIN, data(0, 1)], code: "protocol" },
    { title: "data of an idle stream", bytes: [BEGIN, open(1), data(3, 1)], code: "protocol" },
    { title: "data of a stream of ours", bytes: [BEGIN, open(3), data(2, 1)], code: "protocol" },
    {
      title: "more padding than data",
      bytes: [BEGIN, open(1), data(1, Buffer.of(2, 0, 0), PADDED), data(1, Buffer.of(1), PADDED)],
      code: "protocol",
    },
    {
      title: "padding without a length",
      bytes: [BEGIN, open(1), data(1, 0, PADDED)],
      code: "protocol",
    },
    { title: "headers of the connection", bytes: [BEGIN, open(0)], code: "protocol" },
    { title: "headers of an even stream", bytes: [BEGIN, open(2)], code: "protocol" },
    {
      title: "a priority that is cut off",
      bytes: [BEGIN, frameOf(HEADERS, END_HEADERS | PRIORITY, 1, Buffer.alloc(4))],
      code: "protocol",
    },
    {
      title: "headers with more padding than payload",
      bytes: [BEGIN, frameOf(HEADERS, END_HEADERS | PADDED, 1, Buffer.of(9, 0))],
      code: "protocol",
    },
    {
      title: "something between the parts of a header block",
      bytes: [BEGIN, frameOf(HEADERS, 0, 1, BLOCK), PING],
      code: "protocol",
    },
    {
      title: "the rest of a header block of another stream",
      bytes: [BEGIN, frameOf(HEADERS, 0, 1, BLOCK), frameOf(CONTINUATION, END_HEADERS, 3)],
      code: "protocol",
    },
    {
      title: "the rest of no header block",
      bytes: [BEGIN, frameOf(CONTINUATION, END_HEADERS, 1, BLOCK)],
      code: "protocol",
    },
    {
      title: "what is no header block",
      bytes: [BEGIN, frameOf(HEADERS, END_HEADERS, 1, Buffer.of(0x80))],
      code: "compression",
    },
    {
      title: "trailers that are no header block",
      bytes: [BEGIN, open(1), frameOf(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.of(0xff))],
      code: "compression",
    },
    {
      title: "headers of a stream that is over that are no header block",
      bytes: [BEGIN, open(1), resetOf(1, 8), frameOf(HEADERS, END_HEADERS, 1, Buffer.of(0xff))],
      code: "compression",
    },
    {
      title: "parts of a header block without end",
      bytes: [BEGIN, frameOf(HEADERS, 0, 1), ...Array(8_000).fill(frameOf(CONTINUATION, 0, 1))],
      code: "calm",
    },
    { title: "a reset of the connection", bytes: [BEGIN, resetOf(0, 8)], code: "protocol" },
    { title: "a reset of an idle stream", bytes: [BEGIN, resetOf(1, 8)], code: "protocol" },
    {
      title: "a reset of a stream of ours",
      bytes: [BEGIN, open(3), resetOf(2, 8)],
      code: "protocol",
    },
    {
      title: "a reset of another size",
      bytes: [BEGIN, open(1), frameOf(3, 0, 1, Buffer.alloc(5))],
      code: "frameSize",
    },
    { title: "a push", bytes: [BEGIN, open(1), frameOf(5, 4, 1, numberOf(2))], code: "protocol" },
    {
      title: "a ping of a stream",
      bytes: [BEGIN, frameOf(6, 0, 1, Buffer.alloc(8))],
      code: "protocol",
    },
    { title: "a ping of another size", bytes: [BEGIN, frameOf(6, 0, 0)], code: "frameSize" },
    {
      title: "a farewell of a stream",
      bytes: [BEGIN, frameOf(7, 0, 1, Buffer.alloc(8))],
      code: "protocol",
    },
    {
      title: "a priority of the connection",
      bytes: [BEGIN, frameOf(2, 0, 0, Buffer.alloc(5))],
      code: "protocol",
    },
    { title: "no more room", bytes: [BEGIN, windowUpdate(0, 0)], code: "protocol" },
    { title: "too much room", bytes: [BEGIN, windowUpdate(0, WINDOW_MAX)], code: "flowControl" },
    { title: "room for an idle stream", bytes: [BEGIN, windowUpdate(1, 1)], code: "protocol" },
    {
      title: "room of another size",
      bytes: [BEGIN, frameOf(8, 0, 0, Buffer.alloc(3))],
      code: "frameSize",
    },
    {
      title: "settings that make the window of a stream too large",
      bytes: [BEGIN, open(1), windowUpdate(1, 1), frameOf(4, 0, 0, settingOf(4, WINDOW_MAX))],
      code: "flowControl",
    },
    {
      title: "windows that change all the time",
      bytes: [
        BEGIN,
        ...Array.from({ length: 1_001 }, (_, round) => frameOf(4, 0, 0, settingOf(4, round))),
      ],
      code: "calm",
    },
  ] as const)("$title: $code", async ({ bytes, code }) => {
    await using service = await serve();
    await using peer = await connectPeer(service.port);
    peer.send(...bytes);
    expect(await peer.ended()).toBe(ERROR[code]);
    expect(service.server.openConnections).toBe(0);
    expect(told.filter((what) => what.endsWith("end"))).toEqual([]);
    for (const { id } of streams) expect(told).toContain(`${id} reset`);
  });
});

describe("an error of a stream ends that stream, with its code, and no other", () => {
  test.each([
    {
      title: "data behind the end",
      bytes: [open(1, END_STREAM), data(1, 1)],
      code: "streamClosed",
      told: ["1 end", "1 reset"],
    },
    {
      title: "an end behind the end",
      bytes: [open(1), data(1, 0, END_STREAM), data(1, 0, END_STREAM)],
      code: "streamClosed",
      told: ["1 end", "1 reset"],
    },
    {
      title: "headers behind the end",
      bytes: [open(1, END_STREAM), open(1, END_STREAM)],
      code: "streamClosed",
      told: ["1 end", "1 reset"],
    },
    {
      title: "headers without the end",
      bytes: [open(1), open(1)],
      code: "protocol",
      told: ["1 reset"],
    },
    {
      title: "no more room",
      bytes: [open(1), windowUpdate(1, 0)],
      code: "protocol",
      told: ["1 reset"],
    },
    {
      title: "too much room",
      bytes: [open(1), windowUpdate(1, WINDOW_MAX)],
      code: "flowControl",
      told: ["1 reset"],
    },
  ] as const)("$title: $code", async ({ bytes, code, told: expected }) => {
    await using service = await serve();
    await using peer = await connectPeer(service.port);
    peer.send(BEGIN, ...bytes, open(3));
    await settled(peer);
    const resets = peer.frames().filter(({ type }) => type === 3);
    expect(resets.map(({ stream, payload }) => [stream, payload.readUInt32BE()])).toEqual([
      [1, ERROR[code]],
    ]);
    expect(told).toEqual(expected);
    expect(streams.map(({ id }) => id)).toEqual([1, 3]);
  });

  test("more data than its window, of a listener that takes none", async () => {
    await using service = await serveHttp2((stream) => {
      stream.listen(streamListener({ onReset: () => told.push("reset") }));
      stream.pause();
    });
    await using peer = await connectPeer(service.port);
    peer.send(BEGIN, open(1), ...Array(16).fill(data(1, LARGEST)));
    await settled(peer);
    expect(told).toEqual([]);
    peer.send(data(1, 1));
    const reset = await peer.seen("the reset", ({ type }) => type === 3);
    expect(reset.payload.readUInt32BE()).toBe(ERROR.flowControl);
    expect(told).toEqual(["reset"]);
  });
});

test("a reset is told as one, and is no end", async () => {
  await using service = await serve();
  await using peer = await connectPeer(service.port);
  peer.send(BEGIN, open(1), data(1, 5), resetOf(1, 8), data(1, 0, END_STREAM));
  peer.send(open(3), data(3, 5, END_STREAM), resetOf(3, 8));
  await settled(peer);
  expect(told).toEqual(["1 reset", "3 end", "3 reset"]);
});

describe("takes what is none", () => {
  test.each([
    { title: "an unknown frame", bytes: [frameOf(0x42, 0xff, 7, Buffer.alloc(9))] },
    { title: "unknown settings", bytes: [frameOf(4, 0, 0, settingOf(0x77, 1))] },
    { title: "a push that is off", bytes: [frameOf(4, 0, 0, settingOf(2, 0))] },
    { title: "a farewell", bytes: [frameOf(7, 0, 0, Buffer.alloc(8))] },
    { title: "a priority", bytes: [frameOf(2, 0, 9, Buffer.alloc(5))] },
    {
      title: "a priority and padding in front of a header block",
      bytes: [
        frameOf(
          HEADERS,
          END_HEADERS | PADDED | PRIORITY,
          1,
          Buffer.concat([Buffer.of(2), Buffer.alloc(5), BLOCK, Buffer.alloc(2)]),
        ),
      ],
    },
    {
      title: "a header block of one byte a frame",
      bytes: [
        frameOf(HEADERS, 0, 1),
        ...Array.from(BLOCK, (byte, index) =>
          frameOf(CONTINUATION, index === BLOCK.length - 1 ? END_HEADERS : 0, 1, Buffer.of(byte)),
        ),
      ],
    },
    { title: "data that are all padding", bytes: [open(1), data(1, Buffer.of(2, 0, 0), PADDED)] },
    { title: "data of a stream that is over", bytes: [open(1), resetOf(1, 8), data(1, 5)] },
    { title: "trailers of a stream that is over", bytes: [open(1), resetOf(1, 8), open(1)] },
    {
      title: "room for a stream that is over",
      bytes: [open(1), resetOf(1, 8), windowUpdate(1, 9)],
    },
    { title: "a second reset", bytes: [open(1), resetOf(1, 8), resetOf(1, 8)] },
    { title: "a reset behind the end", bytes: [open(1, END_STREAM), resetOf(1, 8)] },
    {
      title: "windows that become less than nothing, and more again",
      bytes: [
        open(1),
        frameOf(4, 0, 0, settingOf(4, 0)),
        frameOf(4, 0, 0, settingOf(4, WINDOW_MAX)),
      ],
    },
    { title: "the largest frame", bytes: [open(1), data(1, LARGEST)] },
  ])("$title", async ({ bytes }) => {
    await using service = await serve();
    await using peer = await connectPeer(service.port);
    peer.send(BEGIN, ...bytes);
    await settled(peer);
    expect(peer.frames().filter(({ type }) => type === 3 || type === 7)).toEqual([]);
  });
});

test("padding takes room in the window, and gives it back", async () => {
  await using service = await serve();
  await using peer = await connectPeer(service.port);
  const padding = Buffer.concat([Buffer.of(255), Buffer.alloc(256)]);
  peer.send(BEGIN, open(1), ...Array(3_000).fill(data(1, padding, PADDED)));
  await settled(peer);
  const given = peer.frames().filter(({ type, stream }) => type === 8 && stream === 1);
  const room = given.reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
  expect(room).toBeGreaterThan(3_000 * 257 - 128 * 1024);
  expect(peer.frames().filter(({ type }) => type === 3)).toEqual([]);
});

test("what comes of streams that are over gives the connection its room back", async () => {
  await using service = await serve();
  await using peer = await connectPeer(service.port);
  const frames = 2_000;
  peer.send(BEGIN, open(1), resetOf(1, 8), ...Array(frames).fill(data(1, LARGEST)));
  await settled(peer);
  const given = peer.frames().filter(({ type, stream }) => type === 8 && stream === 0);
  const room = given.reduce((sum, { payload }) => sum + payload.readUInt32BE(), 65_535);
  expect(room).toBeGreaterThan(frames * LARGEST);
  expect(peer.frames().filter(({ type }) => type === 7)).toEqual([]);
});

test("a header list as long as announced is taken, in as many frames as it needs", async () => {
  let length = 0;
  await using service = await serveHttp2((stream) => {
    length = stream.header("long")?.length ?? 0;
  });
  await using peer = await connectPeer(service.port);
  const announced = 64 * 1024;
  const fits = encodeHeaders([["long", "x".repeat(announced - 32 - 4)]]);
  const parts = [0, 1, 2, 3, 4].map((index) =>
    fits.subarray(index * LARGEST, (index + 1) * LARGEST),
  );
  const frames = parts.map((part, index) =>
    frameOf(index === 0 ? HEADERS : CONTINUATION, index === 4 ? END_HEADERS : 0, 1, part),
  );
  peer.send(BEGIN, ...frames);
  await settled(peer);
  expect(length).toBe(announced - 32 - 4);
});

test("what a refused stream says of the table holds for the next one", async () => {
  const seen: (string | undefined)[] = [];
  await using service = await serveHttp2((stream) => {
    seen.push(stream.header("name"));
    stream.respond(encodeHeaders([[":status", "503"]]), true);
  });
  await using peer = await connectPeer(service.port);
  const added = Buffer.from(
    "4004name05value".replace("name", "6e616d65").replace("value", "76616c7565"),
    "hex",
  );
  peer.send(BEGIN, frameOf(HEADERS, END_HEADERS, 1, added));
  // Its trailers, when it is over here: they say the same, of a second entry.
  peer.send(frameOf(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([added, Buffer.of(0xbf)])));
  peer.send(frameOf(HEADERS, END_HEADERS | END_STREAM, 3, Buffer.of(0xbf)));
  await settled(peer);
  expect(seen).toEqual(["value", "value"]);
});

test("an answer to a request that is whole has no reset behind it, one to half of one has", async () => {
  await using service = await serveHttp2((stream) => {
    const answer = () => stream.respond(encodeHeaders([[":status", "200"]]), true);
    if (stream.header("now") === undefined) stream.listen(streamListener({ onData: answer }));
    else answer();
  });
  await using peer = await connectPeer(service.port);
  const now = encodeHeaders([["now", ""]]);
  peer.send(
    ...[BEGIN, frameOf(HEADERS, END_HEADERS | END_STREAM, 1, now)],
    ...[
      open(3),
      data(3, 1, END_STREAM),
      frameOf(HEADERS, END_HEADERS, 5, now),
      open(7),
      data(7, 1),
    ],
  );
  await settled(peer);
  const resets = peer.frames().filter(({ type }) => type === 3);
  expect(resets.map(({ stream, payload }) => [stream, payload.readUInt32BE()])).toEqual([
    [5, ERROR.no],
    [7, ERROR.no],
  ]);
});
