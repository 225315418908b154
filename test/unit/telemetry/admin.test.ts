import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";

import { type Admin, type AdminOptions, startAdmin } from "../../../src/telemetry/admin.ts";

const open: Admin[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((admin) => admin.close()));
});

async function start(options: Partial<AdminOptions> = {}): Promise<Admin> {
  const admin = await startAdmin({
    host: "127.0.0.1",
    port: 0,
    ready: () => true,
    policyDefault: () => "deny",
    metrics: { contentType: "text/plain", render: () => Promise.resolve("up 1\n") },
    ...options,
  });
  if (!admin.ok) throw new Error(admin.error.code);
  open.push(admin.value);
  return admin.value;
}

interface Reply {
  readonly status: number;
  readonly body: string;
}

function ask(admin: Admin, path: string, method = "GET", host?: string): Promise<Reply> {
  const reply = Promise.withResolvers<Reply>();
  const headers = host === undefined ? {} : { host };
  const { port } = admin;
  const asked = request({ host: "127.0.0.1", port, path, method, headers }, async (response) => {
    const chunks: Buffer[] = await response.toArray();
    const body = Buffer.concat(chunks).toString();
    reply.resolve({ status: response.statusCode ?? 0, body });
  });
  asked.on("error", reply.reject);
  asked.end();
  return reply.promise;
}

test.each([
  { path: "/health", status: 200, body: '{"status":"ok","policy":"deny"}' },
  { path: "/health?probe=1", status: 200, body: '{"status":"ok","policy":"deny"}' },
  { path: "/ready", status: 200, body: '{"status":"ready"}' },
  { path: "/metrics", status: 200, body: "up 1\n" },
  { path: "/", status: 404, body: "there are /health, /ready and /metrics\n" },
  { path: "/metrics/", status: 404, body: "there are /health, /ready and /metrics\n" },
])("GET $path answers $status", async ({ path, status, body }) => {
  expect(await ask(await start(), path)).toEqual({ status, body });
});

test("what is not ready says so, and a policy that allows by default is named", async () => {
  const admin = await start({ ready: () => false, policyDefault: () => "allow" });
  expect(await ask(admin, "/ready")).toEqual({ status: 503, body: '{"status":"not ready"}' });
  expect(await ask(admin, "/health")).toEqual({
    status: 200,
    body: '{"status":"ok","policy":"allow"}',
  });
});

test.each([
  { method: "POST", status: 405, body: "use GET\n" },
  { method: "DELETE", status: 405, body: "use GET\n" },
  { method: "HEAD", status: 200, body: "" },
])("$method /health answers $status", async ({ method, status, body }) => {
  expect(await ask(await start(), "/health", method)).toEqual({ status, body });
});

test.each([
  { host: "localhost", status: 200 },
  { host: "LOCALHOST:8070", status: 200 },
  { host: "127.0.0.1:1", status: 200 },
  { host: "[::1]:9192", status: 200 },
  { host: "attacker.example", status: 403 },
  { host: "localhost.attacker.example", status: 403 },
  { host: "127.0.0.1.attacker.example:9192", status: 403 },
  { host: "127.0.0.2", status: 403 },
  { host: "localhost:9192@attacker.example", status: 403 },
  { host: ":9192", status: 403 },
])("a request for the host “$host” answers $status", async ({ host, status }) => {
  expect((await ask(await start(), "/health", "GET", host)).status).toBe(status);
});

test("a server on every address answers to the address that was called", async () => {
  const admin = await start({ host: "0.0.0.0" });
  const reply = Promise.withResolvers<number | undefined>();
  const headers = { host: "127.0.0.2" };
  const asked = request({ host: "127.0.0.2", port: admin.port, path: "/health", headers });
  asked.on("response", (response) => reply.resolve(response.resume().statusCode));
  asked.end();
  expect(await reply.promise).toBe(200);
});

test("headers beyond the bound are refused", async () => {
  const admin = await start();
  expect((await ask(admin, `/health?${"x".repeat(9000)}`)).status).toBe(431);
});

test("a failing metric is an error, not a crash", async () => {
  const render = () => Promise.reject(new Error("secret detail"));
  const admin = await start({ metrics: { contentType: "text/plain", render } });
  expect(await ask(admin, "/metrics")).toEqual({ status: 500, body: "internal error\n" });
});

test("a port that is taken is a value, not an exception", async () => {
  const { port } = await start();
  await expect(start({ port })).rejects.toThrow("EADDRINUSE");
});

test("close ends the connections that are open", async () => {
  const admin = await start();
  const ended = Promise.withResolvers<void>();
  const connected = Promise.withResolvers<void>();
  const socket = connect(admin.port, "127.0.0.1", connected.resolve);
  socket.on("close", () => ended.resolve());
  socket.on("error", () => {});
  await connected.promise;
  await ask(admin, "/health");
  await admin.close();
  await ended.promise;
  await expect(ask(admin, "/health")).rejects.toThrow("ECONNREFUSED");
});
