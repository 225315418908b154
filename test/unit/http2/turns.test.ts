import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { encodeHeaders } from "../../../src/http2/hpack.ts";
import { Http2Server } from "../../../src/http2/server.ts";
import { within } from "../../support/wait.ts";

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));
const OK = encodeHeaders([[":status", "200"]]);

test("what is put off is done in order, soon", async () => {
  const server = new Http2Server(() => undefined);
  const done: number[] = [];
  server.later(() => done.push(1));
  server.later(() => done.push(2));
  expect(done).toEqual([]);
  await nextTick();
  expect(done).toEqual([1, 2]);
});

test("what comes of it is done, too", async () => {
  const server = new Http2Server(() => undefined);
  const done: string[] = [];
  server.later(() => {
    server.later(() => done.push("second"));
    done.push("first");
  });
  await nextTick();
  await nextTick();
  expect(done).toEqual(["first", "second"]);
});

const LONG = encodeHeaders([
  [":status", "200"],
  ["x-long", "a".repeat(1_500)],
]);
let answer = OK;
let peer: Socket | null = null;
const told: string[] = [];
const sentBytes: number[] = [];
const http2 = new Http2Server((stream) => {
  told.push(`told ${stream.id}`);
  http2.later(() => {
    told.push(`done ${stream.id}`);
    stream.respond(answer, true);
    sentBytes.push(peer?.bytesWritten ?? 0);
  });
});
const listening = createServer((socket) => {
  peer = socket;
  http2.accept(socket);
});

beforeAll(async () => {
  await once(listening.listen(0, "127.0.0.1"), "listening");
});

afterAll(() => {
  listening.close();
  http2.close();
});

/** Five requests, in one write. */
async function askFive(): Promise<void> {
  const client = connectHttp2(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`);
  await once(client, "remoteSettings");
  const streams = Array.from({ length: 5 }, () => client.request());
  await within("five answers", Promise.all(streams.map((one) => once(one, "response"))));
  client.close();
}

beforeEach(() => {
  told.length = 0;
  sentBytes.length = 0;
});

test("all that one read brought is told before any of it is worked on", async () => {
  answer = OK;
  await askFive();
  const ids = [1, 3, 5, 7, 9];
  expect(told).toEqual([...ids.map((id) => `told ${id}`), ...ids.map((id) => `done ${id}`)]);
});

test("short answers are sent together, once all is done", async () => {
  answer = OK;
  await askFive();
  expect(new Set(sentBytes).size).toBe(1);
});

test("while the rest is done, the peer has the first answers, if they are long", async () => {
  answer = LONG;
  await askFive();
  const sent = sentBytes.map((bytes) => bytes - (sentBytes[0] ?? 0));
  // Two at a time: each pair is more than is held back.
  expect(sent.map((bytes) => Math.floor(bytes / LONG.length))).toEqual([0, 0, 2, 2, 4]);
});
