import { request } from "node:http";
import { request as requestSecure } from "node:https";
import { connect } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, expect, test } from "vitest";
import type { LiveTls, TlsMaterial } from "../../../src/core/tls.ts";
import {
  type Admin,
  type AdminOptions,
  type AdminRoute,
  startAdmin,
} from "../../../src/telemetry/admin.ts";
import { AUTHORITY_PEM, ELSEWHERE, LOCALHOST } from "../../support/certificates.ts";

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
  return send(admin, { path, method, headers: host === undefined ? {} : { host } });
}

interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
}

function send({ port }: Admin, { path, method = "GET", headers, body }: Sent): Promise<Reply> {
  const reply = Promise.withResolvers<Reply>();
  const options = { host: "127.0.0.1", port, path, method, headers: { ...headers } };
  const asked = request(options, async (response) => {
    const chunks: Buffer[] = await response.toArray();
    const text = Buffer.concat(chunks).toString();
    reply.resolve({ status: response.statusCode ?? 0, body: text });
  });
  asked.on("error", reply.reject);
  asked.end(body);
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

const TOKEN = "0123456789abcdef-admin";
const WITH_TOKEN = { token: Buffer.from(TOKEN), metrics: "token", allowedHosts: [] } as const;

/** Tells what it was given, and looks at nobody's token. */
const NOTES: AdminRoute = {
  path: "/notes",
  answer: ({ method, path, authorization = "", body }) => ({
    status: body === null ? 413 : 200,
    contentType: "text/plain",
    body: [method, path, authorization, body?.length].join(" "),
  }),
};

test.each([
  { path: "/health", shown: null, status: 200 },
  { path: "/ready", shown: null, status: 200 },
  { path: "/metrics", shown: null, status: 401 },
  { path: "/metrics", shown: `Bearer ${TOKEN}`, status: 200 },
  { path: "/metrics", shown: `bearer ${TOKEN}`, status: 200 },
  { path: "/metrics", shown: `Bearer ${TOKEN}x`, status: 401 },
  { path: "/metrics", shown: `Bearer ${TOKEN.slice(0, -1)}`, status: 401 },
  { path: "/metrics", shown: `Bearer ${TOKEN} ${TOKEN}`, status: 401 },
  { path: "/metrics", shown: "Bearer ", status: 401 },
  { path: "/metrics", shown: TOKEN, status: 401 },
  { path: "/metrics", shown: `Basic ${btoa(`admin:${TOKEN}`)}`, status: 401 },
  { path: `/metrics?token=${TOKEN}`, shown: null, status: 401 },
])("with a token, GET $path answers “$shown” with $status", async ({ path, shown, status }) => {
  const refused: string[] = [];
  const onRefused = (reason: string) => refused.push(reason);
  const admin = await start({ access: WITH_TOKEN, onRefused });
  const headers = shown === null ? {} : { authorization: shown };
  expect((await send(admin, { path, headers })).status).toBe(status);
  expect(refused).toEqual(status === 401 ? ["token"] : []);
});

test("metrics can be left open beside a token", async () => {
  const admin = await start({ access: { ...WITH_TOKEN, metrics: "open" } });
  expect((await ask(admin, "/metrics")).status).toBe(200);
});

test("a route is given what was asked, and says for itself who may", async () => {
  const admin = await start({ access: WITH_TOKEN, routes: [NOTES] });
  const headers = { authorization: "Bearer of-the-route" };
  const posted = { path: "/notes/a?q=c", method: "POST", headers, body: "x".repeat(4_096) };
  expect(await send(admin, posted)).toEqual({
    status: 200,
    body: "POST /notes/a Bearer of-the-route 4096",
  });
  expect((await send(admin, { ...posted, body: `${posted.body}x` })).status).toBe(413);
  expect((await ask(admin, "/notesbook")).status).toBe(404);
});

test("a token that a route does not take is counted as one that the port does not take", async () => {
  const refused: string[] = [];
  const route = {
    path: "/notes",
    answer: () => ({ status: 401, contentType: "text/plain", body: "" }),
  };
  const admin = await start({ routes: [route], onRefused: (reason) => refused.push(reason) });
  expect((await ask(admin, "/notes")).status).toBe(401);
  expect(refused).toEqual(["token"]);
});

test.each([
  { title: "a web page", headers: { origin: "http://127.0.0.1" } },
  { title: "a page by another name", headers: { host: "attacker.example" } },
])("a route is never asked by $title", async ({ headers }) => {
  const admin = await start({ routes: [NOTES] });
  expect((await send(admin, { path: "/notes", method: "POST", headers })).status).toBe(403);
});

test.each([
  { headers: { origin: "http://127.0.0.1:9192" }, status: 403 },
  { headers: { origin: "https://attacker.example" }, status: 403 },
  { headers: { origin: "null" }, status: 403 },
  { headers: { "sec-fetch-site": "cross-site" }, status: 403 },
  { headers: { "sec-fetch-site": "same-origin" }, status: 403 },
  { headers: { "sec-fetch-site": "none" }, status: 200 },
  { headers: { referer: "https://attacker.example" }, status: 200 },
])("a request with $headers answers $status", async ({ headers, status }) => {
  expect((await send(await start(), { path: "/health", headers })).status).toBe(status);
});

test("hosts that are allowed may be asked for beside its own addresses", async () => {
  const access = { ...WITH_TOKEN, allowedHosts: ["impedance.*.svc"] };
  const admin = await start({ access });
  expect((await ask(admin, "/health", "GET", "Impedance.mesh.svc:9192")).status).toBe(200);
  expect((await ask(admin, "/health", "GET", "impedance.mesh.svc.example")).status).toBe(403);
});

test("a failing route is an error, not a crash", async () => {
  const answer = () => {
    throw new Error("secret detail");
  };
  const admin = await start({ routes: [{ path: "/notes", answer }] });
  expect(await ask(admin, "/notes")).toEqual({ status: 500, body: "internal error\n" });
});

test("what stands against being ready is told", async () => {
  const admin = await start({ ready: () => false, hindrances: () => ["certificate_expired"] });
  expect(await ask(admin, "/ready")).toEqual({
    status: 503,
    body: '{"status":"not ready","reasons":["certificate_expired"]}',
  });
});

test("over TLS it answers with the certificate that holds now", async () => {
  const listeners: ((material: TlsMaterial) => void)[] = [];
  const [first, second] = [LOCALHOST, ELSEWHERE].map(({ cert, key }) => {
    return { certificate: cert, key, clientAuthority: null };
  });
  if (first === undefined || second === undefined) throw new Error("two certificates");
  const tls: LiveTls = { current: () => first, onChange: (one) => listeners.push(one) };
  const { port } = await start({ tls });
  expect(await certificateOf(port)).toBe("localhost");
  for (const listener of listeners) listener(second);
  expect(await certificateOf(port)).toBe("elsewhere");
});

function certificateOf(port: number): Promise<string> {
  const name = Promise.withResolvers<string>();
  const options = {
    port,
    path: "/health",
    ca: AUTHORITY_PEM,
    checkServerIdentity: () => undefined,
  };
  const asked = requestSecure({ host: "127.0.0.1", agent: false, ...options }, (response) => {
    const { subject } = (response.socket as TLSSocket).getPeerCertificate();
    response.resume();
    name.resolve(String(subject.CN));
  });
  asked.on("error", name.reject);
  asked.end();
  return name.promise;
}

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
