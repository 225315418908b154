import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type BootstrapOptions, bootstrapFor } from "../../src/cli/envoy/configuration.ts";
import { locateEnvoy, locateOnPath } from "../../src/cli/envoy/locate.ts";
import { startEnvoy } from "../../src/cli/envoy/process.ts";
import { AUTHORITY_FILE, AUTHORITY_PEM, ELSEWHERE, LOCALHOST } from "../support/certificates.ts";
import { call, sendRaw } from "../support/client.ts";
import {
  freePort,
  type GatewayOptions,
  readTemplate,
  startGateway,
  type TemplateName,
} from "../support/gateway.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { waitFor, within } from "../support/wait.ts";

const run = promisify(execFile);
const ANY_PORT = { host: "127.0.0.1", port: 0 };
const SERVICE = { host: "127.0.0.1", port: 9191 };
const TEMPLATES: readonly TemplateName[] = ["bootstrap.yaml", "ext-authz.yaml"];
const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };

let folder: string;
let upstream: Upstream;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-bootstrap-"));
  upstream = await startUpstream((exchange) => exchange.json({ path: exchange.request.path }));
});

afterAll(async () => {
  await upstream.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each(TEMPLATES)("envoy/%s", (name) => {
  // ext_authz is not asked about what has no route: Envoy answers 404 by itself.
  const unrouted = name === "bootstrap.yaml" ? 503 : 404;
  const files = { id: "files", url: "http://127.0.0.1:3001/mcp", path: "/files/mcp" };
  const options = { listen: ANY_PORT, admin: ANY_PORT, service: SERVICE, upstreams: [files] };
  const variants: readonly (Partial<BootstrapOptions> & { title: string })[] = [
    { title: "one upstream" },
    { title: "the service on a Unix socket", service: { socket: "/run/impedance.sock" } },
    { title: "the service behind a name", service: { host: "localhost", port: 9191 } },
    {
      title: "upstreams of every kind",
      upstreams: [
        files,
        { id: "named", url: "http://localhost:3002/v1/mcp", path: "/named" },
        { id: "six", url: "http://[::1]:3003/", path: "/six/mcp", idleTimeoutMs: 1_500 },
        { id: "h2c", url: "http://127.0.0.1:3004/mcp", path: "/h2c", protocol: "http2" },
        { id: "tls", url: "https://localhost/mcp", path: "/tls", caFile: AUTHORITY_FILE },
      ],
    },
    { title: "no access log", accessLog: null },
    { title: "an IPv6 listener", listen: { host: "::1", port: 0 } },
    { title: "TLS towards clients", downstreamTls: LOCALHOST },
    { title: "operator endpoints", operator: { host: "127.0.0.1", port: 9192 } },
  ];

  test("is valid as shipped", async () => {
    await expect(validate(await readTemplate(name), "yaml")).resolves.toContain("OK");
  });

  test.each(variants)("is valid with $title", async ({ title: _, ...variant }) => {
    const text = bootstrapFor(await readTemplate(name), { ...options, ...variant });
    await expect(validate(text, "json")).resolves.toContain("OK");
  });

  test("answers 503 with a JSON-RPC error while the service is absent", async () => {
    await using server = await startUpstream((exchange) => exchange.json({}));
    await using gateway = await startGateway({
      template: name,
      upstreams: [{ id: "files", url: server.url }],
      service: { port: await freePort() },
    });
    for (const protocol of ["http1", "http2"] as const) {
      const { host, port } = gateway;
      const reply = await call({ host, port, protocol }, { path: "/mcp", body: LIST });
      expect(reply.status).toBe(503);
      expect(reply.headers.get("content-type")).toBe("application/json");
      expect(reply.json()).toEqual({
        jsonrpc: "2.0",
        id: null,
        error: {
          code: -31900,
          message: "The firewall gave no usable answer; this exchange was stopped.",
          data: { code: "firewall_unavailable", request_id: reply.headers.get("x-request-id") },
        },
      });
    }
    for (const { path, method, status } of [
      { path: "/mcp", method: "GET", status: 503 },
      { path: "/mcp", method: "DELETE", status: 503 },
      { path: "/elsewhere", method: "GET", status: unrouted },
      { path: "/.well-known/oauth-protected-resource", method: "GET", status: 503 },
    ]) {
      expect((await call(gateway, { path, method })).status).toBe(status);
    }
    expect(server.seen()).toHaveLength(0);
    expect(await gateway.accessLog(6)).toMatchObject([
      { server: "files", status: 503, path: "/mcp", http_method: "POST", impedance: null },
      { server: "files", protocol: "HTTP/2" },
      { server: "files", http_method: "GET" },
      { server: "files", http_method: "DELETE" },
      { server: null },
      { server: "files" },
    ]);
  });

  test("serves the operator's endpoints while the service is absent", async () => {
    await using operator = await startUpstream((exchange) => exchange.reply(200, {}, "up"));
    await using gateway = await startGateway({
      template: name,
      upstreams: [{ id: "files", url: upstream.url }],
      service: { port: await freePort() },
      operatorPort: operator.port,
    });
    expect((await call(gateway, { path: "/health" })).text).toBe("up");
    expect((await call(gateway, { path: "/metrics" })).text).toBe("up");
    expect((await call(gateway, { path: "/metrics", body: {} })).status).toBe(unrouted);
    expect((await call(gateway, { path: "/metrics/.." })).status).toBe(unrouted);
  });
});

/** The firewall taken out: what is left is where Envoy sends a request, and what it adds. */
async function startRouterOnly(options: Pick<GatewayOptions, "upstreams" | "downstreamTls">) {
  return startGateway({
    ...options,
    service: { port: await freePort() },
    override: (configuration) => {
      const [listener] = configuration.static_resources.listeners;
      const [{ filters }] = listener.filter_chains;
      const manager = filters[0].typed_config;
      manager.http_filters = manager.http_filters.filter(({ name }) => name.endsWith("router"));
    },
  });
}

describe("the routes", () => {
  const cases = [
    { from: "/files/mcp", to: "/v1/mcp" },
    { from: "/files/mcp?a=%2Fb&a=c", to: "/v1/mcp?a=%2Fb&a=c" },
    { from: "//files/./mcp", to: "/v1/mcp" },
    { from: "/x/../files/mcp", to: "/v1/mcp" },
    {
      from: "/.well-known/oauth-protected-resource/files/mcp?x=1",
      to: "/.well-known/oauth-protected-resource/v1/mcp?x=1",
    },
  ];

  test.each(cases)("lead $from to $to", async ({ from, to }) => {
    await using gateway = await startRouterOnly({
      upstreams: [
        { id: "files", url: `http://localhost:${upstream.port}/v1/mcp`, path: "/files/mcp" },
        { id: "other", url: upstream.url, path: "/other/mcp" },
      ],
    });
    expect((await call(gateway, { path: from })).json()).toEqual({ path: to });
  });

  test("lead nowhere else", async () => {
    await using server = await startUpstream((exchange) => exchange.json({}));
    await using gateway = await startRouterOnly({
      upstreams: [
        { id: "files", url: server.url, path: "/files/mcp" },
        { id: "other", url: server.url, path: "/other/mcp" },
      ],
    });
    const statuses = new Map<string, number>();
    for (const path of [
      "/",
      "/mcp",
      "/files/mcp/",
      "/files/mcpx",
      "/FILES/mcp",
      "/files/mcp/admin",
      "/files/mcp/../admin",
      "/.well-known/x",
      "/.well-known/x/mcp",
      "/.well-known/../admin/files/mcp",
      "/.well-known/%2e%2e/files/mcpx",
      "/.well-known/a/b/files/mcp",
    ]) {
      statuses.set(path, (await call(gateway, { path })).status);
    }
    expect([...statuses].filter(([, status]) => status !== 404)).toEqual([]);
    for (const path of ["/files%2Fmcp", "/files/mcp%5C..%5Cadmin", "/.well-known/..%2fadmin"]) {
      expect((await call(gateway, { path })).status).toBe(400);
    }
    expect((await call(gateway, { path: "/.well-known/x/files/mcp", body: {} })).status).toBe(404);
    expect(server.seen()).toHaveLength(0);
  });

  test("give a single server the metadata of its whole host", async () => {
    await using gateway = await startRouterOnly({
      upstreams: [{ id: "files", url: upstream.url }],
    });
    const pathAt = async (path: string) => (await call(gateway, { path })).json();
    const root = "/.well-known/oauth-authorization-server";
    expect(await pathAt(root)).toEqual({ path: root });
    expect(await pathAt(`${root}/mcp`)).toEqual({ path: `${root}/mcp` });
    expect((await call(gateway, { path: "/.well-known/%2e%2e/admin" })).status).toBe(404);
    expect((await call(gateway, { path: "/.well-known/..\\admin" })).status).not.toBe(200);
  });

  test("show the server its own name and nothing that a client forged", async () => {
    await using server = await startUpstream((exchange) => exchange.json({}));
    await using gateway = await startRouterOnly({
      upstreams: [{ id: "files", url: `http://localhost:${server.port}/mcp`, path: "/files" }],
    });
    const forged = "11111111-2222-3333-4444-555555555555";
    const reply = await call(gateway, {
      path: "/files",
      body: LIST,
      headers: {
        "x-request-id": forged,
        "x-envoy-retry-on": "5xx",
        "x-envoy-original-path": "/forged",
        "x-forwarded-for": "9.9.9.9",
      },
    });
    const [request] = server.requests;
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual([
      "accept",
      "content-length",
      "content-type",
      "host",
      "x-forwarded-proto",
      "x-request-id",
    ]);
    expect(request?.headers.host).toBe(`localhost:${server.port}`);
    expect(request?.headers["x-request-id"]).not.toBe(forged);
    expect(reply.headers.get("x-request-id")).toBe(request?.headers["x-request-id"]);
    expect([...reply.headers.keys()].filter((name) => /envoy|server/.test(name))).toEqual([]);
    expect((await gateway.accessLog())[0]).toMatchObject({ source: "127.0.0.1" });
  });

  test("drop a header that some servers take for another", async () => {
    await using gateway = await startRouterOnly({
      upstreams: [{ id: "files", url: upstream.url }],
    });
    const head = "GET /mcp HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    const reply = await sendRaw(gateway, `${head}x_zta_decision: allow\r\nx-kept: yes\r\n\r\n`);
    expect(reply).toMatch(/^HTTP\/1.1 200/);
    const seen = upstream.requests.at(-1);
    expect(seen?.headers).toMatchObject({ "x-kept": "yes" });
    expect(seen?.headers).not.toHaveProperty("x_zta_decision");
  });
});

describe("an upstream", () => {
  test("over h2c is spoken to in HTTP/2", async () => {
    await using server = await startUpstream((exchange) => exchange.json({ ok: true }), {
      protocol: "http2",
    });
    await using gateway = await startRouterOnly({
      upstreams: [{ id: "h2c", url: server.url, protocol: "http2" }],
    });
    expect((await call(gateway, { path: "/mcp", body: LIST })).json()).toEqual({ ok: true });
    expect(server.requests[0]?.headers[":authority"]).toBe(`127.0.0.1:${server.port}`);
  });

  test.each([
    { title: "by name", host: "localhost" },
    { title: "by address", host: "127.0.0.1" },
  ])("over TLS is reached $title when its certificate says so", async ({ host }) => {
    await using server = await startUpstream((exchange) => exchange.json({ ok: true }), {
      tls: LOCALHOST,
    });
    const url = `https://${host}:${server.port}/mcp`;
    await using gateway = await startRouterOnly({
      upstreams: [{ id: "tls", url, caFile: AUTHORITY_FILE }],
    });
    expect((await call(gateway, { path: "/mcp", body: LIST })).json()).toEqual({ ok: true });
  });

  test.each([
    { title: "another server's certificate", tls: ELSEWHERE, caFile: AUTHORITY_FILE },
    { title: "a certificate of an unknown authority", tls: LOCALHOST, caFile: undefined },
  ])("with $title is told nothing", async ({ tls, caFile }) => {
    await using server = await startUpstream((exchange) => exchange.json({}), { tls });
    const url = `https://localhost:${server.port}/mcp`;
    await using gateway = await startRouterOnly({
      upstreams: [{ id: "tls", url, ...(caFile === undefined ? {} : { caFile }) }],
    });
    expect((await call(gateway, { path: "/mcp", body: LIST })).status).toBe(503);
    expect(server.seen()).toHaveLength(0);
  });

  test("named localhost is found on IPv6 alone", async () => {
    await using server = await startUpstream((exchange) => exchange.json({ ok: true }), {
      host: "::1",
    });
    await using gateway = await startRouterOnly({
      upstreams: [{ id: "six", url: `http://localhost:${server.port}/mcp` }],
    });
    expect((await call(gateway, { path: "/mcp" })).json()).toEqual({ ok: true });
  });

  test.each([
    { title: "a query", url: "http://127.0.0.1/mcp?key=1", says: "a query" },
    { title: "a password", url: "http://me:pw@127.0.0.1/mcp", says: "a password" },
    { title: "another scheme", url: "ftp://127.0.0.1/mcp", says: "neither http://" },
    { title: "an escaped path", url: "http://127.0.0.1/a%2Fmcp", says: "must be plain" },
  ])("with $title is refused", async ({ url, says }) => {
    const template = await readTemplate();
    const upstreams = [{ id: "files", url }];
    expect(() =>
      bootstrapFor(template, { listen: ANY_PORT, admin: ANY_PORT, service: SERVICE, upstreams }),
    ).toThrow(says);
  });
});

describe("an Envoy", () => {
  test("takes HTTP/2 and HTTP/1.1 over TLS", async () => {
    await using gateway = await startRouterOnly({
      upstreams: [{ id: "files", url: upstream.url }],
      downstreamTls: LOCALHOST,
    });
    const { host, port } = gateway;
    for (const protocol of ["http1", "http2"] as const) {
      const reply = await call({ host, port, protocol, ca: AUTHORITY_PEM }, { path: "/mcp" });
      expect(reply.json()).toEqual({ path: "/mcp" });
    }
  });

  test("that finds its port taken names the owner and leaves nothing behind", async () => {
    await using gateway = await startRouterOnly({
      upstreams: [{ id: "files", url: upstream.url }],
    });
    const { host, port, envoy } = gateway;
    const configuration = bootstrapFor(await readTemplate(), {
      listen: { host, port },
      admin: ANY_PORT,
      service: SERVICE,
      upstreams: [{ id: "files", url: upstream.url }],
    });
    const home = await mkdtemp(join(folder, "busy-"));
    const start = startEnvoy({
      binary: locateEnvoy(),
      configuration,
      folder: home,
      log: () => undefined,
    });
    const owner = process.platform === "linux" ? `envoy (process ${envoy.pid})` : "another process";
    await expect(start).rejects.toThrow(`address in use: ${host}:${port} belongs to ${owner}`);
    expect(await readdir(home)).toEqual([]);
  });

  // Only Linux can tie a process to its parent, by setpriv (util-linux).
  const canDieWithUs = process.platform === "linux" && locateOnPath("setpriv") !== undefined;
  test.runIf(canDieWithUs)("ends when the process that started it is killed", async () => {
    const script = fileURLToPath(new URL("../support/start-and-wait.ts", import.meta.url));
    const parent = spawn(process.execPath, [script, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [printed] = await within("the start", once(parent.stdout, "data"));
    const pid = Number(printed);
    expect(await isRunning(pid)).toBe(true);
    parent.kill("SIGKILL");
    await waitFor("Envoy's end", async () => !(await isRunning(pid)));
  });

  test("that cannot read its configuration says why", async () => {
    const start = startEnvoy({
      binary: locateEnvoy(),
      configuration: '{ "static_resources": { "listenerz": [] } }',
      folder,
      log: () => undefined,
    });
    await expect(start).rejects.toThrow(/ended at its start, with code 1(.|\n)*listenerz/);
  });
});

/** A zombie has ended: it only waits to be reaped. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return status !== "" && !/^State:\s+Z/m.test(status);
}

async function validate(text: string, extension: "yaml" | "json"): Promise<string> {
  const file = join(await mkdtemp(join(folder, "validate-")), `bootstrap.${extension}`);
  await writeFile(file, text);
  const args = ["--mode", "validate", "--use-dynamic-base-id", "-l", "warn", "-c", file];
  const { stdout, stderr } = await run(locateEnvoy(), args);
  return stdout + stderr;
}
