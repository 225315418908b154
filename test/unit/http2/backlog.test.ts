import { once } from "node:events";
import { connect } from "node:http2";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Backlog, Workload } from "../../../src/http2/backlog.ts";
import { encodeHeaders } from "../../../src/http2/hpack.ts";
import { AUTHORITY_PEM, LOCALHOST } from "../../support/certificates.ts";
import { serveHttp2, streamListener } from "../../support/http2-service.ts";
import { frameOf, PREFACE } from "../../support/raw-http2.ts";
import { connectPeer, PING, type RawPeer, SETTINGS } from "../../support/raw-peer.ts";
import { waitFor } from "../../support/wait.ts";

const TLS = { cert: LOCALHOST.cert, key: LOCALHOST.key, ALPNProtocols: ["h2"] };
const OK = encodeHeaders([[":status", "200"]]);
const END = encodeHeaders([["x-end", "1"]]);
const MUCH = 64 * 1024;
const LITTLE = 1_000;

let now: number;
let idle: number;

/** A clock that goes when it is told to, in an event loop that rests when it is told to. */
function holdTime(): void {
  now = 1_000;
  idle = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const tell = () => ({ idle, active: now - idle, utilization: 1 });
  vi.spyOn(performance, "eventLoopUtilization").mockImplementation(tell);
}

function rest(milliseconds: number): void {
  now += milliseconds;
  idle += milliseconds;
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** Each read begins a turn. */
function backlogOf(load: Workload): Backlog {
  const backlog = new Backlog(load);
  const read = backlog.read.bind(backlog);
  vi.spyOn(backlog, "read").mockImplementation((bytes) => {
    load.begin();
    read(bytes);
  });
  return backlog;
}

describe("a backlog", () => {
  beforeEach(holdTime);

  test("is asked about once much was read without a rest, in whatever pieces", () => {
    const backlog = backlogOf(new Workload());
    for (let bytes = LITTLE; bytes < MUCH; bytes += LITTLE) {
      now += 1;
      backlog.read(LITTLE);
      expect(backlog.wantsPing()).toBe(false);
    }
    backlog.read(LITTLE);
    expect(backlog.wantsPing()).toBe(true);
  });

  test("is not asked about where there are rests", () => {
    const backlog = backlogOf(new Workload());
    for (let each = 0; each < 1_000; each += 1) {
      now += 9;
      rest(1);
      backlog.read(MUCH - 1);
      expect(backlog.wantsPing()).toBe(false);
      expect(backlog.waitedMs).toBe(0);
    }
  });

  test("has waited since the oldest ping that is not answered", () => {
    const backlog = backlogOf(new Workload());
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

  test("has not waited for longer than since the last rest, though nothing is ever answered", () => {
    const backlog = backlogOf(new Workload());
    backlog.read(MUCH);
    expect(backlog.wantsPing()).toBe(true);
    rest(5_000);
    backlog.read(LITTLE);
    expect(backlog.waitedMs).toBe(0);
    now += 30;
    backlog.read(LITTLE);
    expect(backlog.waitedMs).toBe(30);
  });

  test("is asked about now and then, and no more once nothing is answered", () => {
    const backlog = backlogOf(new Workload());
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
    const backlog = backlogOf(new Workload());
    for (let each = 0; each < 10; each += 1) backlog.answered();
    backlog.read(MUCH);
    expect(backlog.wantsPing()).toBe(true);
    now += 30;
    expect(backlog.waitedMs).toBe(30);
  });

  test("has waited half of the time that was worked meanwhile, if there was no rest", () => {
    const load = new Workload();
    const [one, other] = [backlogOf(load), backlogOf(load)];
    one.read(LITTLE);
    other.read(LITTLE);
    now += 500;
    // Of others in this process nothing is known.
    load.workedMs += 400;
    one.read(MUCH);
    expect(one.waitedMs).toBe(200);
    // What follows a full read was there by then, and that is all.
    now += 10;
    load.workedMs += 10;
    one.read(LITTLE);
    expect(one.waitedMs).toBe(200);
    one.read(LITTLE);
    expect(one.waitedMs).toBe(0);
    rest(400);
    other.read(LITTLE);
    expect(other.waitedMs).toBe(0);
    one.read(LITTLE);
    expect(one.waitedMs).toBe(0);
  });
});

function open(stream: number): Buffer {
  return frameOf(1, 5, stream, encodeHeaders([[":path", "/"]]));
}

const isPing = ({ type, flags }: { type: number; flags: number }) => type === 6 && flags === 0;
const ANSWER = frameOf(6, 1, 0, Buffer.alloc(8));

describe("a connection", () => {
  const asked = (peer: RawPeer) => peer.frames().filter(isPing).length;

  test("over which much comes at once is asked how long that waited, until the answer", async () => {
    // Without a rest, whatever the machine does.
    vi.spyOn(performance, "eventLoopUtilization").mockReturnValue({
      ...{ idle: 0, active: 1, utilization: 1 },
    });
    const told: number[] = [];
    await using service = await serveHttp2((stream) => told.push(stream.waitedMs));
    await using peer = await connectPeer(service.port);
    peer.send(PREFACE, SETTINGS, ...Array(40_000).fill(PING), open(1));
    await peer.seen("a ping of ours", isPing);
    await waitFor("the first", () => told.length === 1);
    peer.send(open(3));
    await waitFor("the second", () => told.length === 2);
    expect(told[1]).toBeGreaterThan(0);
    // One more than there are: that of the last word may be on its way.
    peer.send(...Array(asked(peer) + 1).fill(ANSWER), open(5));
    await waitFor("the third", () => told.length === 3);
    expect(told[2]).toBe(0);
  });

  test("over which little comes is not", async () => {
    const told: number[] = [];
    await using service = await serveHttp2((stream) => told.push(stream.waitedMs));
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
    "$title, over which much is said in little pieces, is asked by a ping",
    async ({ tls = null }) => {
      await using service = await serveHttp2((stream) => {
        stream.respond(OK, false);
        stream.listen(streamListener({ onEnd: () => stream.end(END) }));
      }, tls);
      const scheme = tls === null ? "http" : "https";
      const client = connect(`${scheme}://localhost:${service.port}`, { ca: AUTHORITY_PEM });
      const asked = once(client, "ping");
      const say = () => {
        const stream = client.request({ ":method": "POST", ":path": "/" });
        stream.end(Buffer.alloc(500));
        return once(stream.resume(), "end");
      };
      await Promise.all(Array.from({ length: 3_000 }, say));
      await asked;
      client.destroy();
    },
  );
});
