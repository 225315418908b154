import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, expect, test } from "vitest";
import { createTlsServer } from "../../../src/envoy/grpc-tls.ts";
import { createAuthority } from "../../support/authority.ts";
import { waitFor, within } from "../../support/wait.ts";

const DEADLINE_MS = 100;
const authority = createAuthority();
const own = authority.issue({ names: ["IP:127.0.0.1"] });
const material = { certificate: own.cert, key: own.key, clientAuthority: authority.pem };
const live = { current: () => material, onChange: () => undefined };
const accepted: Duplex[] = [];
const listener = createServer();

async function listen(): Promise<number> {
  const server = createTlsServer(live, (socket) => accepted.push(socket), DEADLINE_MS);
  listener.on("connection", (socket) => server.emit("connection", socket));
  await once(listener.listen(0, "127.0.0.1"), "listening");
  return (listener.address() as AddressInfo).port;
}

afterAll(() => authority[Symbol.dispose]());

afterEach(async () => {
  for (const socket of accepted.splice(0)) socket.destroy();
  listener.removeAllListeners("connection");
  const over = once(listener, "close");
  listener.close();
  await over;
});

test.each([
  { title: "never speaks", word: "" },
  { title: "begins a handshake and stops", word: "\x16\x03\x01" },
  { title: "speaks no TLS", word: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
])("whoever $title is not connected for longer than the deadline", async ({ word }) => {
  const socket = connect(await listen(), "127.0.0.1");
  socket.on("error", () => undefined);
  const over = once(socket, "close");
  socket.write(Buffer.from(word, "latin1"));
  await within("the end of the connection", over);
  expect(accepted).toEqual([]);
});

test.each([
  { title: "with a certificate, in HTTP/2", isShown: true, protocol: "h2", isTaken: true },
  { title: "without a certificate", isShown: false, protocol: "h2", isTaken: false },
  { title: "in another protocol", isShown: true, protocol: "http/1.1", isTaken: false },
])("a client $title is taken: $isTaken", async ({ isShown, protocol, isTaken }) => {
  const socket = connectTls({
    ...{ port: await listen(), host: "127.0.0.1", ca: authority.pem, ALPNProtocols: [protocol] },
    ...(isShown ? { cert: own.cert, key: own.key } : {}),
  });
  socket.on("error", () => undefined);
  const over = new Promise((resolve) => socket.on("close", resolve));
  if (isTaken) await waitFor("the handshake", () => accepted.length === 1);
  else await within("the end of the connection", over);
  expect(accepted.length).toBe(isTaken ? 1 : 0);
  socket.destroy();
  await over;
});
