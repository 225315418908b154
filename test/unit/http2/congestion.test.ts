import { connect } from "node:http2";
import { describe, expect, test } from "vitest";
import { encodeHeaders } from "../../../src/http2/hpack.ts";
import type { Stream } from "../../../src/http2/stream.ts";
import { serveHttp2, streamListener } from "../../support/http2-service.ts";
import { memoryInUse } from "../../support/memory.ts";
import { frameOf, PREFACE } from "../../support/raw-http2.ts";
import {
  connectPeer,
  PING,
  type RawPeer,
  SETTINGS,
  settingOf,
  windowUpdate,
} from "../../support/raw-peer.ts";
import { waitFor, whenSteady } from "../../support/wait.ts";

const OK = encodeHeaders([[":status", "200"]]);
const END = encodeHeaders([["x-end", "1"]]);
const WINDOW_MAX = 2 ** 31 - 1;
/** Of data it takes all, if only it read. */
const WIDE = Buffer.concat([
  PREFACE,
  frameOf(4, 0, 0, settingOf(4, WINDOW_MAX)),
  windowUpdate(0, WINDOW_MAX - 65_535),
]);
const MORE_THAN_SYSTEMS_HOLD = 16 * 1024 * 1024;

function open(stream: number): Buffer {
  return frameOf(1, 4, stream, encodeHeaders([[":path", "/"]]));
}

function bytesOfData(peer: RawPeer, stream: number): number {
  const data = peer.frames().filter((frame) => frame.type === 0 && frame.stream === stream);
  return data.reduce((sum, { payload }) => sum + payload.length, 0);
}

describe("while the peer does not read", () => {
  test("what was written is not sent, and once it is a close cuts nothing of it off", async () => {
    const streams: Stream[] = [];
    await using service = await serveHttp2((stream) => streams.push(stream));
    await using peer = await connectPeer(service.port);
    peer.send(WIDE, open(1));
    const [stream] = await waitFor("the stream", () => streams.length === 1 && streams);
    expect(stream).toBeDefined();
    peer.socket.pause();
    stream?.respond(OK, false);
    stream?.write(Buffer.alloc(MORE_THAN_SYSTEMS_HOLD));
    stream?.end(END);
    expect(service.server.isSent).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(service.server.isSent).toBe(false);
    peer.socket.resume();
    await waitFor("the rest to be sent", () => service.server.isSent);
    service.server.close();
    expect(await peer.ended()).toBe(0);
    expect(bytesOfData(peer, 1)).toBe(MORE_THAN_SYSTEMS_HOLD);
  });

  test("who has asked whether he must wait is told when not, though his own words have left", async () => {
    const streams: Stream[] = [];
    const told: string[] = [];
    await using service = await serveHttp2((stream) => {
      streams.push(stream);
      stream.respond(OK, false);
      stream.listen(streamListener({ onDrain: () => told.push(`${stream.id} drain`) }));
    });
    await using peer = await connectPeer(service.port);
    peer.send(WIDE, open(1), open(3), open(5));
    await waitFor("the streams", () => streams.length === 3);
    peer.socket.pause();
    const [loud, quiet, silent] = streams;
    expect(quiet?.write(Buffer.from("a word"))).toBe(true);
    expect(loud?.write(Buffer.alloc(MORE_THAN_SYSTEMS_HOLD))).toBe(true);
    // It finds out at the end of the turn.
    await waitFor("a full socket", () => loud?.mustWait);
    expect([quiet?.mustWait, told]).toEqual([true, []]);
    peer.socket.resume();
    await waitFor("the drains", () => told.length === 2);
    expect(told.toSorted()).toEqual(["1 drain", "3 drain"]);
    expect([loud?.mustWait, quiet?.mustWait, silent?.mustWait]).toEqual([false, false, false]);
  });

  test("what is written waits, in order, and comes whole once it reads", async () => {
    const streams: Stream[] = [];
    const told: string[] = [];
    await using service = await serveHttp2((stream) => {
      streams.push(stream);
      stream.respond(OK, false);
      stream.listen(streamListener({ onFinish: () => told.push(`${stream.id} finish`) }));
    });
    await using peer = await connectPeer(service.port);
    peer.send(WIDE, open(1), open(3));
    await waitFor("the streams", () => streams.length === 2);
    peer.socket.pause();
    const [loud, late] = streams;
    loud?.write(Buffer.alloc(MORE_THAN_SYSTEMS_HOLD));
    await waitFor("a full socket", () => loud?.mustWait);
    expect(late?.write(Buffer.alloc(100_000, 1))).toBe(false);
    expect(late?.write(Buffer.alloc(100_000, 2))).toBe(false);
    late?.end(END);
    loud?.end(END);
    peer.send(PING);
    expect(told).not.toContain("3 finish");
    peer.socket.resume();
    await waitFor("both ends", () => told.length === 2);
    await peer.seen(
      "the end",
      ({ stream, type, flags }) => stream === 3 && type === 1 && flags === 5,
    );
    expect([bytesOfData(peer, 1), bytesOfData(peer, 3)]).toEqual([MORE_THAN_SYSTEMS_HOLD, 200_000]);
    const data = peer.frames().filter(({ type, stream }) => type === 0 && stream === 3);
    const all = Buffer.concat(data.map(({ payload }) => payload));
    expect(all).toEqual(Buffer.concat([Buffer.alloc(100_000, 1), Buffer.alloc(100_000, 2)]));
    await peer.seen("the ping", ({ type, flags }) => type === 6 && flags === 1);
  });

  test("no more is read of what it asks for: answers are not piled up", async () => {
    let opened = 0;
    const long = encodeHeaders([
      [":status", "503"],
      ["x-why", "x".repeat(8_000)],
    ]);
    await using service = await serveHttp2((stream) => {
      opened += 1;
      stream.respond(long, true);
    });
    await using peer = await connectPeer(service.port);
    peer.send(WIDE);
    await peer.seen("the settings", ({ type }) => type === 4);
    peer.socket.pause();
    const asked = 20_000;
    for (let first = 0; first < asked; first += 1_000) {
      peer.send(...Array.from({ length: 1_000 }, (_, index) => open(2 * (first + index) + 1)));
    }
    const before = await whenSteady("the streams", () => opened);
    expect(before).toBeLessThan(asked / 2);
    peer.socket.resume();
    await waitFor("all the streams", () => opened === asked);
  });

  test("it is noticed that it has gone, though nothing more of it is read", async () => {
    const long = encodeHeaders([["x-why", "x".repeat(8_000)]]);
    await using service = await serveHttp2((stream) => {
      // One that is open for ever, were it not told.
      if (stream.id > 1) stream.respond(long, true);
    });
    await using peer = await connectPeer(service.port);
    peer.send(WIDE, open(1));
    await peer.seen("the settings", ({ type }) => type === 4);
    peer.socket.pause();
    peer.send(...Array.from({ length: 20_000 }, (_, index) => open(2 * index + 3)));
    await waitFor("a stop", () => service.sockets[0]?.isPaused());
    peer.socket.destroy();
    await waitFor("the end", () => service.server.openConnections === 0);
  });

  test("pings without end are its own end", async () => {
    await using service = await serveHttp2(() => undefined);
    await using peer = await connectPeer(service.port);
    peer.send(PREFACE, SETTINGS);
    await peer.seen("the settings", ({ type }) => type === 4);
    peer.socket.pause();
    const many = Buffer.concat(Array(10_000).fill(PING));
    for (let round = 0; round < 100; round += 1) peer.socket.write(many);
    await waitFor("the end", () => service.server.openConnections === 0);
  });

  test("small words are not kept in large buffers", async () => {
    const streams: Stream[] = [];
    await using service = await serveHttp2((stream) => {
      streams.push(stream);
      stream.respond(OK, false);
    });
    await using peer = await connectPeer(service.port);
    peer.send(WIDE, open(1), open(3));
    await waitFor("the streams", () => streams.length === 2);
    peer.socket.pause();
    streams[0]?.write(Buffer.alloc(MORE_THAN_SYSTEMS_HOLD));
    await waitFor("a full socket", () => streams[0]?.mustWait);
    const before = memoryInUse();
    for (let round = 0; round < 2_000; round += 1) {
      service.server.goAway();
      service.server.flush();
    }
    expect(memoryInUse() - before).toBeLessThan(8_000_000);
  });
});

describe("windows", () => {
  test("what waits for a window of its own is not held up by others, nor holds them up", async () => {
    const streams: Stream[] = [];
    await using service = await serveHttp2((stream) => {
      streams.push(stream);
      stream.respond(OK, false);
      stream.write(Buffer.alloc(50_000));
    });
    await using peer = await connectPeer(service.port);
    peer.send(PREFACE, SETTINGS, open(1), open(3), open(5));
    await waitFor("what the connection lets through", () => bytesOfData(peer, 3) === 15_535);
    expect([bytesOfData(peer, 1), bytesOfData(peer, 5)]).toEqual([50_000, 0]);
    peer.send(windowUpdate(0, 34_466));
    await waitFor("one byte of the third", () => bytesOfData(peer, 5) === 1);
    expect(bytesOfData(peer, 3)).toBe(50_000);
    // Its own window becomes less than nothing: room of the connection is for others now.
    peer.send(frameOf(4, 0, 0, settingOf(4, 0)), open(7), windowUpdate(7, 10));
    peer.send(windowUpdate(0, 100_000));
    await waitFor("ten bytes of the fourth", () => bytesOfData(peer, 7) === 10);
    expect(bytesOfData(peer, 5)).toBe(1);
    peer.send(windowUpdate(5, 3));
    await waitFor("two more of the third", () => bytesOfData(peer, 5) === 3);
    peer.send(frameOf(4, 0, 0, settingOf(4, 60_000)));
    await waitFor("all", () => bytesOfData(peer, 5) + bytesOfData(peer, 7) === 100_000);
  });

  test("many small updates with many streams that wait cost no more than they bring", async () => {
    const many = 20_000;
    const updates = 20_000;
    await using service = await serveHttp2((stream) => {
      stream.respond(OK, false);
      stream.write(Buffer.alloc(100_000));
    });
    await using peer = await connectPeer(service.port);
    peer.send(
      PREFACE,
      SETTINGS,
      ...Array.from({ length: many }, (_, index) => open(2 * index + 1)),
    );
    peer.send(...Array(updates).fill(windowUpdate(0, 1)), PING);
    await waitFor(
      "its answer",
      () => peer.frames().some(({ type, flags }) => type === 6 && flags === 1),
      20_000,
    );
    // Told to each stream, they would take minutes.
    await waitFor("every byte", () => bytesOfData(peer, 1) === 65_535);
    const all = peer.frames().filter(({ type }) => type === 0);
    expect(all.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(65_535 + updates);
  });
});

test("a client that reads late hears all", async () => {
  await using service = await serveHttp2((stream) => {
    stream.respond(OK, false);
    let left = 200;
    const fill = () => {
      while (left > 0) {
        left -= 1;
        if (!stream.write(Buffer.alloc(20_000, left))) return;
      }
      stream.end(END);
    };
    stream.listen(streamListener({ onDrain: fill }));
    fill();
  });
  const client = connect(`http://127.0.0.1:${service.port}`);
  const bytes = Array<number>(20).fill(0);
  const ends = bytes.map((_, index) => {
    const request = client.request({ ":path": "/" });
    return new Promise<void>((resolve) => {
      request.on("response", () => {
        request.on("data", (chunk: Buffer) => (bytes[index] = (bytes[index] ?? 0) + chunk.length));
        request.on("close", resolve);
      });
    });
  });
  await Promise.all(ends);
  client.destroy();
  expect(bytes).toEqual(bytes.map(() => 200 * 20_000));
});
