import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { type Bound, listen, openAll } from "../../../src/envoy/listen.ts";
import { listening } from "../../../src/envoy/takeover.ts";
import { createAuthority } from "../../support/authority.ts";
import { waitFor, within } from "../../support/wait.ts";

const authority = createAuthority();
const own = authority.issue({ names: ["IP:127.0.0.1"] });
const material = { certificate: own.cert, key: own.key, clientAuthority: authority.pem };
const tls = {
  live: { current: () => material, onChange: () => undefined },
  allowedIdentities: [],
  onRefused: () => undefined,
};

afterAll(() => authority[Symbol.dispose]());

const LISTENERS = [
  { title: "alone", settings: {} },
  { title: "beside another", settings: { takesOver: true } },
  { title: "alone, over TLS", settings: { tls } },
  { title: "beside another, over TLS", settings: { takesOver: true, tls } },
];

describe.each(LISTENERS)("who listens $title", ({ settings }) => {
  const address = "127.0.0.1:0";

  test("counts who has not said yet who he is, and ends him with all others", async () => {
    const bound = await listen({ address, ...settings }, () => undefined);
    const socket = await open(bound);
    const over = once(socket, "close");
    await waitFor("the connection", () => bound.openConnections === 1);
    bound.close();
    await within("the end of the connection", over);
    await waitFor("its end here", () => bound.openConnections === 0);
  });

  test("counts nobody who has hung up", async () => {
    const bound = await listen({ address, ...settings }, (socket) => socket.resume());
    const socket = await open(bound);
    await waitFor("the connection", () => bound.openConnections === 1);
    socket.destroy();
    await waitFor("its end here", () => bound.openConnections === 0);
    bound.close();
  });

  test.each(["", "\x16\x03\x01"])("is not harmed by a reset after %j", async (word) => {
    const accept = (socket: Duplex) => socket.on("error", () => undefined).resume();
    const bound = await listen({ address, ...settings }, accept);
    const socket = await open(bound);
    socket.write(Buffer.from(word, "latin1"));
    await waitFor("the connection", () => bound.openConnections === 1);
    socket.resetAndDestroy();
    await waitFor("its end here", () => bound.openConnections === 0);
    bound.close();
  });

  test("takes nobody who comes while it ends", async () => {
    const accepted: Duplex[] = [];
    const bound = await listen({ address, ...settings }, (socket) => accepted.push(socket));
    const socket = connect(bound.port, "127.0.0.1");
    socket.on("error", () => undefined);
    const over = new Promise((resolve) => socket.on("close", resolve));
    bound.close();
    await within("the end of the connection", over);
    expect([accepted.length, bound.openConnections]).toEqual([0, 0]);
  });
});

test("a connection over TLS is counted once, and until its end", async () => {
  const accepted: Duplex[] = [];
  const settings = { address: "127.0.0.1:0", tls };
  const bound = await listen(settings, (socket) => accepted.push(socket.resume()));
  const at = { port: bound.port, host: "127.0.0.1", ca: authority.pem, ALPNProtocols: ["h2"] };
  const socket = connectTls({ ...at, cert: own.cert, key: own.key });
  socket.on("error", () => undefined);
  await waitFor("the handshake", () => accepted.length === 1);
  expect(bound.openConnections).toBe(1);
  accepted[0]?.destroy();
  await waitFor("its end", () => bound.openConnections === 0);
  bound.close();
});

test("an accept that fails, for want of descriptors, ends nothing", async () => {
  const server = createServer();
  await listening(server, { host: "127.0.0.1", port: 0 });
  const error = Object.assign(new Error("accept EMFILE"), { code: "EMFILE" });
  expect(server.emit("error", error)).toBe(true);
  expect(server.listening).toBe(true);
  server.close();
});

describe("of the addresses of a name", () => {
  /** A machine that has only some of them. */
  function machine(errors: { readonly [host: string]: string }) {
    const opened: string[] = [];
    const open = async ({ host, port }: { readonly host: string; readonly port: number }) => {
      const code = errors[host];
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      opened.push(`${host} ${port}`);
      return port === 0 ? 7_000 : port;
    };
    return { open, opened };
  }

  test.each([
    { title: "all", hosts: ["A", "B"], errors: {}, opened: ["A 0", "B 7000"] },
    { title: "each once", hosts: ["A", "A"], errors: {}, opened: ["A 0"] },
    {
      title: "those that it has",
      hosts: ["A", "B", "C"],
      errors: { A: "EADDRNOTAVAIL", C: "EAFNOSUPPORT" },
      opened: ["B 0"],
    },
  ])("a machine listens on $title", async ({ hosts, errors, opened }) => {
    const { open, opened: made } = machine(errors);
    expect(await openAll(hosts, 0, open)).toBe(7_000);
    expect(made).toEqual(opened);
  });

  test.each([
    { title: "one is taken", hosts: ["A", "B"], errors: { B: "EADDRINUSE" }, code: "EADDRINUSE" },
    {
      title: "it has none",
      hosts: ["A", "B"],
      errors: { A: "EADDRNOTAVAIL", B: "EADDRNOTAVAIL" },
      code: "EADDRNOTAVAIL",
    },
  ])("a machine listens on none where $title", async ({ hosts, errors, code }) => {
    await expect(openAll(hosts, 0, machine(errors).open)).rejects.toMatchObject({ code });
  });

  test("a machine listens on none where there is none", async () => {
    await expect(openAll([], 0, machine({}).open)).rejects.toThrow("no address");
  });
});

async function open(bound: Bound): Promise<Socket> {
  const socket = connect(bound.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}
