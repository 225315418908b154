import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import type { TlsOptions } from "node:tls";
import { expect, test, vi } from "vitest";
import { encodeHeaders } from "../../../src/http2/hpack.ts";
import { Http2Server } from "../../../src/http2/server.ts";
import { AUTHORITY_PEM, LOCALHOST } from "../../support/certificates.ts";
import { serveHttp2 } from "../../support/http2-service.ts";
import { within } from "../../support/wait.ts";

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));
const TLS = { cert: LOCALHOST.cert, key: LOCALHOST.key, ALPNProtocols: ["h2"] };
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

/** What is told and done of five requests that come with one write, and writes before each of the five. */
async function askFive(answer: Buffer, tls: TlsOptions | null = null) {
  const told: string[] = [];
  const writes: number[] = [];
  let write: { readonly mock: { readonly calls: readonly unknown[] } } | null = null;
  await using service = await serveHttp2((stream) => {
    told.push(`told ${stream.id}`);
    const [socket] = service.sockets;
    if (socket === undefined) throw new Error("a stream came from nowhere");
    write ??= vi.spyOn(socket, "write");
    service.server.later(() => {
      told.push(`done ${stream.id}`);
      writes.push(write?.mock.calls.length ?? 0);
      stream.respond(answer, true);
    });
  }, tls);
  const scheme = tls === null ? "http" : "https";
  const client = connectHttp2(`${scheme}://localhost:${service.port}`, { ca: AUTHORITY_PEM });
  await once(client, "remoteSettings");
  const streams = Array.from({ length: 5 }, () => client.request());
  await within("five answers", Promise.all(streams.map((one) => once(one, "response"))));
  client.close();
  return { told, writes: writes.map((count) => count - (writes[0] ?? 0)) };
}

test("all that one read brought is told before any of it is worked on", async () => {
  const { told } = await askFive(OK);
  const ids = [1, 3, 5, 7, 9];
  expect(told).toEqual([...ids.map((id) => `told ${id}`), ...ids.map((id) => `done ${id}`)]);
});

test("short answers are sent together, once all is done", async () => {
  const { writes } = await askFive(OK);
  expect(writes).toEqual([0, 0, 0, 0, 0]);
});

test("while the rest is done, the peer has the first answers, if they are long", async () => {
  const { writes } = await askFive(LONG);
  // Two answers are more than is held back.
  expect(writes).toEqual([0, 0, 1, 1, 2]);
});

test("where the system does not take them at once, long answers are sent together, too", async () => {
  const { writes } = await askFive(LONG, TLS);
  expect(writes).toEqual([0, 0, 0, 0, 0]);
});
