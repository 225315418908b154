import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
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

const told: string[] = [];
const http2 = new Http2Server((stream) => {
  told.push(`told ${stream.id}`);
  http2.later(() => {
    told.push(`done ${stream.id}`);
    stream.respond(OK, true);
  });
});
const listening = createServer((socket) => http2.accept(socket));

beforeAll(async () => {
  await once(listening.listen(0, "127.0.0.1"), "listening");
});

afterAll(() => {
  listening.close();
  http2.close();
});

test("all that one read brought is told before any of it is worked on", async () => {
  const client = connectHttp2(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`);
  await once(client, "remoteSettings");
  const streams = [client.request(), client.request(), client.request()];
  await within("three answers", Promise.all(streams.map((one) => once(one, "response"))));
  expect(told).toEqual(["told 1", "told 3", "told 5", "done 1", "done 3", "done 5"]);
  client.close();
});
