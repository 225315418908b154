import { once } from "node:events";
import { connect } from "node:http2";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Backlog } from "../../../src/http2/backlog.ts";
import { encodeHeaders } from "../../../src/http2/hpack.ts";
import type { Stream } from "../../../src/http2/stream.ts";
import { AUTHORITY_PEM, LOCALHOST } from "../../support/certificates.ts";
import { serveHttp2, streamListener } from "../../support/http2-service.ts";
import { frameOf, PREFACE } from "../../support/raw-http2.ts";
import { connectPeer, PING, type RawPeer, SETTINGS } from "../../support/raw-peer.ts";
import { waitFor } from "../../support/wait.ts";

const TLS = { cert: LOCALHOST.cert, key: LOCALHOST.key, ALPNProtocols: ["h2"] };
const OK = encodeHeaders([[":status", "200"]]);
const END = encodeHeaders([["x-end", "1"]]);
const FULL = 64 * 1024;
const LITTLE = FULL - 1;

describe("a backlog", () => {
  let now: number;

  beforeEach(() => {
    now = 1_000;
    vi.spyOn(performance, "now").mockImplementation(() => now);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("is not asked about while reads are not full", () => {
    const backlog = new Backlog(FULL);
    backlog.read(LITTLE);
    expect(backlog.wantsPing()).toBe(false);
    backlog.read(FULL);
    expect(backlog.wantsPing()).toBe(true);
    now += 1_000;
    backlog.read(LITTLE);
    expect(backlog.wantsPing()).toBe(false);
  });

  test("has waited since the oldest ping that is not answered", () => {
    const backlog = new Backlog(FULL);
    expect(backlog.waitedMs).toBe(0);
    backlog.read(FULL);
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
    const backlog = new Backlog(FULL);
    backlog.read(FULL);
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
    const backlog = new Backlog(FULL);
    for (let each = 0; each < 10; each += 1) backlog.answered();
    backlog.read(FULL);
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

  test("whose reads are full is asked how long that had waited, until the answer", async () => {
    const { told, service } = await waits();
    await using _ = service;
    await using peer = await connectPeer(service.port);
    peer.send(PREFACE, SETTINGS, ...Array(40_000).fill(PING), open(1));
    await peer.seen("a ping of ours", isPing);
    await waitFor("the first", () => told.length === 1);
    peer.send(open(3));
    await waitFor("the second", () => told.length === 2);
    expect(told[1]).toBeGreaterThan(0);
    peer.send(...Array(asked(peer)).fill(ANSWER), open(5));
    await waitFor("the third", () => told.length === 3);
    expect(told[2]).toBe(0);
  });

  test("whose reads are not is not", async () => {
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

  test.each([{ title: "as it is" }, { title: "with TLS", tls: TLS }])(
    "$title, over which much is said, is asked by a ping that Node's client answers",
    async ({ tls = null }) => {
      const told: number[] = [];
      await using service = await serveHttp2((stream) => {
        told.push(stream.waitedMs);
        stream.respond(OK, false);
        stream.listen(streamListener({ onEnd: () => stream.end(END) }));
      }, tls);
      const scheme = tls === null ? "http" : "https";
      const client = connect(`${scheme}://localhost:${service.port}`, { ca: AUTHORITY_PEM });
      const asked = once(client, "ping");
      const say = (bytes: number) => {
        const stream = client.request({ ":method": "POST", ":path": "/" });
        stream.end(Buffer.alloc(bytes));
        return once(stream.resume(), "end");
      };
      await Promise.all([asked, ...Array.from({ length: 8 }, () => say(1_000_000))]);
      // All that was said is answered, and so are the pings before it.
      await say(1);
      expect(told.at(-1)).toBe(0);
      client.destroy();
    },
  );
});
