import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Backlog } from "../../../src/http2/backlog.ts";
import { encodeHeaders } from "../../../src/http2/hpack.ts";
import type { Stream } from "../../../src/http2/stream.ts";
import { serveHttp2 } from "../../support/http2-service.ts";
import { frameOf, PREFACE } from "../../support/raw-http2.ts";
import { connectPeer, PING, type RawPeer, SETTINGS } from "../../support/raw-peer.ts";
import { waitFor } from "../../support/wait.ts";

const MUCH = 64 * 1024;
const LITTLE = 4 * 1024;

describe("a backlog", () => {
  let now: number;

  beforeEach(() => {
    now = 1_000;
    vi.spyOn(performance, "now").mockImplementation(() => now);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("is not asked about while reads bring little", () => {
    const backlog = new Backlog();
    backlog.read(LITTLE);
    expect(backlog.wantsPing()).toBe(false);
    backlog.read(MUCH);
    expect(backlog.wantsPing()).toBe(true);
    now += 1_000;
    backlog.read(LITTLE);
    expect(backlog.wantsPing()).toBe(false);
  });

  test("has waited since the oldest ping that is not answered", () => {
    const backlog = new Backlog();
    expect(backlog.waitedMs).toBe(0);
    backlog.read(MUCH);
    for (let sent = 0; sent < 3; sent += 1) {
      expect(backlog.wantsPing()).toBe(true);
      now += 20;
    }
    expect(backlog.waitedMs).toBe(60);
    backlog.answered();
    expect(backlog.waitedMs).toBe(40);
    backlog.answered();
    backlog.answered();
    expect(backlog.waitedMs).toBe(0);
  });

  test("is asked about now and then, and no more once nothing is answered", () => {
    const backlog = new Backlog();
    backlog.read(MUCH);
    let sent = 0;
    for (let each = 0; each < 5_000; each += 1) {
      now += 1;
      if (backlog.wantsPing()) sent += 1;
      if (each === 499) expect(sent).toBe(50);
    }
    expect(sent).toBe(100);
    backlog.answered();
    expect(backlog.wantsPing()).toBe(true);
  });

  test("is not made shorter by answers to nothing", () => {
    const backlog = new Backlog();
    for (let each = 0; each < 10; each += 1) backlog.answered();
    backlog.read(MUCH);
    expect(backlog.wantsPing()).toBe(true);
    now += 30;
    expect(backlog.waitedMs).toBe(30);
  });
});

function open(stream: number): Buffer {
  return frameOf(1, 5, stream, encodeHeaders([[":path", "/"]]));
}

const isPing = ({ type, flags }: { type: number; flags: number }) => type === 6 && flags === 0;
const ANSWER = frameOf(6, 1, 0, Buffer.alloc(8));

describe("a connection", () => {
  /** What each stream had waited, as it was told. */
  async function waits(...told: number[]) {
    const service = await serveHttp2((stream: Stream) => told.push(stream.waitedMs));
    return { told, service };
  }

  const asked = (peer: RawPeer) => peer.frames().filter(isPing).length;

  test("of which much is read is asked how long that had waited, until the answer", async () => {
    const { told, service } = await waits();
    await using _ = service;
    await using peer = await connectPeer(service.port);
    peer.send(PREFACE, SETTINGS, ...Array(8_000).fill(PING), open(1));
    await peer.seen("a ping of ours", isPing);
    await waitFor("the first", () => told.length === 1);
    peer.send(open(3));
    await waitFor("the second", () => told.length === 2);
    expect(told[1]).toBeGreaterThan(0);
    peer.send(...Array(asked(peer)).fill(ANSWER), open(5));
    await waitFor("the third", () => told.length === 3);
    expect(told[2]).toBe(0);
  });

  test("of which little is read is not", async () => {
    const { told, service } = await waits();
    await using _ = service;
    await using peer = await connectPeer(service.port);
    peer.send(PREFACE, SETTINGS, ...Array(100).fill(PING));
    const answers = () => peer.frames().filter(({ type, flags }) => type === 6 && flags === 1);
    await waitFor("all answers", () => answers().length === 100);
    peer.send(open(1));
    await waitFor("the stream", () => told.length === 1);
    expect(told).toEqual([0]);
    expect(asked(peer)).toBe(0);
  });
});
