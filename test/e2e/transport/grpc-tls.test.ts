/** Between Envoy and the service: each must know the other, and where they do not, nothing passes. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServiceTls } from "../../../src/cli/envoy/tls.ts";
import type { LiveTls, TlsMaterial } from "../../../src/core/tls.ts";
import { createAuthority, type IssuedCertificate } from "../../support/authority.ts";
import { call, openStream, type Target } from "../../support/client.ts";
import { startGateway } from "../../support/gateway.ts";
import { progress, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";

const SERVICE = "impedance.mesh.test";
const ENVOY = "spiffe://mesh.test/ns/mesh/sa/envoy";

const authority = createAuthority();
const stranger = createAuthority("Another authority");
const own = authority.issue({ names: [`DNS:${SERVICE}`] });
const rotated = authority.issue({ names: [`DNS:${SERVICE}`] });
const envoy = authority.issue({ names: [`URI:${ENVOY}`] });
const elsewhere = authority.issue({ names: ["DNS:elsewhere.test"] });
const refused: string[] = [];

let answer: UpstreamHandler;
let reached = 0;
let upstream: Upstream;
let service: TestService;
let replace: (material: TlsMaterial) => void;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => {
    reached += 1;
    return answer(exchange);
  });
  const live = switchable(materialOf(own));
  replace = live.replace;
  service = await startTestService({
    tls: {
      live: live.tls,
      allowedIdentities: ["spiffe://mesh.test/ns/*/sa/envoy"],
      onRefused: () => refused.push("refused"),
    },
  });
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await service.stop();
  await upstream.stop();
  authority[Symbol.dispose]();
  stranger[Symbol.dispose]();
});

function materialOf({ cert, key }: IssuedCertificate): TlsMaterial {
  return { certificate: cert, key, clientAuthority: authority.pem };
}

function switchable(first: TlsMaterial) {
  const listeners: ((material: TlsMaterial) => void)[] = [];
  const tls: LiveTls = { current: () => first, onChange: (one) => void listeners.push(one) };
  const replaceWith = (material: TlsMaterial): void => {
    for (const listener of listeners) listener(material);
  };
  return { tls, replace: replaceWith };
}

function serviceTls(certificate: IssuedCertificate, changes: Partial<ServiceTls> = {}): ServiceTls {
  return {
    certificate,
    caFile: authority.file,
    identity: { kind: "DNS", name: SERVICE },
    ...changes,
  };
}

async function gatewayWith(tls: ServiceTls | null) {
  const upstreams = [{ id: "files", url: upstream.url }];
  const gateway = await startGateway({ upstreams, service, ...(tls ? { serviceTls: tls } : {}) });
  const target: Target = { host: gateway.host, port: gateway.port };
  return { gateway, target, [Symbol.asyncDispose]: () => gateway.stop() };
}

const CALL = { path: "/mcp", body: toolCall(1) };

test("an Envoy that may call is answered", async () => {
  answer = (exchange) => exchange.json(toolResult(1, "done"));
  await using world = await gatewayWith(serviceTls(envoy));
  const reply = await call(world.target, CALL);
  expect(reply.status).toBe(200);
  expect(reply.text).toContain("done");
  expect(refused).toEqual([]);
});

test.each([
  { title: "a certificate of another identity", tls: serviceTls(elsewhere), isRefusedByName: true },
  {
    title: "the right identity, signed by another authority",
    tls: serviceTls(stranger.issue({ names: [`URI:${ENVOY}`] })),
    isRefusedByName: false,
  },
  {
    title: "a certificate that has ended",
    tls: serviceTls(authority.issue({ names: [`URI:${ENVOY}`], days: -1 })),
    isRefusedByName: false,
  },
  { title: "no TLS", tls: null, isRefusedByName: false },
  {
    title: "an idea of somebody else's name",
    tls: serviceTls(envoy, { identity: { kind: "DNS", name: "elsewhere.test" } }),
    isRefusedByName: false,
  },
  {
    title: "another authority's word for who answers",
    tls: serviceTls(envoy, { caFile: stranger.file }),
    isRefusedByName: false,
  },
])("an Envoy with $title passes nothing", async ({ tls, isRefusedByName }) => {
  answer = (exchange) => exchange.json(toolResult(1, "unread"));
  const before = { reached, refused: refused.length };
  await using world = await gatewayWith(tls);
  const reply = await call(world.target, CALL);
  expect(reply.status).toBe(503);
  expect(reply.text).not.toContain("unread");
  expect(reached).toBe(before.reached);
  expect(refused.length > before.refused).toBe(isRefusedByName);
});

test("an Envoy that shows no certificate at all passes nothing", async () => {
  const before = reached;
  const upstreams = [{ id: "files", url: upstream.url }];
  await using gateway = await startGateway({
    upstreams,
    service,
    serviceTls: serviceTls(envoy),
    override: (configuration) => {
      const cluster = configuration.static_resources.clusters.find((one) => one.transport_socket);
      const socket = cluster?.transport_socket as TransportSocket;
      delete socket.typed_config.common_tls_context.tls_certificates;
    },
  });
  const reply = await call({ host: gateway.host, port: gateway.port }, CALL);
  expect(reply.status).toBe(503);
  expect(reached).toBe(before);
});

interface TransportSocket {
  typed_config: { common_tls_context: { tls_certificates?: unknown } };
}

test("a new certificate is shown to new connections, and open streams stay", async () => {
  const next = Promise.withResolvers<void>();
  answer = async (exchange) => {
    const stream = exchange.sse();
    await stream.send(progress(1));
    await next.promise;
    await stream.send(toolResult(1, "done"));
    stream.end();
  };
  await using world = await gatewayWith(serviceTls(envoy));
  const stream = await openStream(world.target, CALL);
  await stream.events.next();
  expect(await shownBy(service.port)).toBe(own.fingerprint);

  replace(materialOf(rotated));
  expect(await shownBy(service.port)).toBe(rotated.fingerprint);
  next.resolve();
  expect((await stream.reply()).text).toContain("done");

  await using other = await gatewayWith(serviceTls(envoy));
  answer = (exchange) => exchange.json(toolResult(1, "again"));
  expect((await call(other.target, CALL)).text).toContain("again");
  replace(materialOf(own));
});

/** The certificate that a new connection is shown, by its fingerprint. */
function shownBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const { cert, key } = envoy;
    const options = { port, cert, key, ca: authority.pem, servername: SERVICE };
    const socket: TLSSocket = connect({ host: "127.0.0.1", ALPNProtocols: ["h2"], ...options });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      resolve(fingerprint256.replaceAll(":", "").toLowerCase());
    });
  });
}

test("a Unix socket is its owner's alone, and takes the place of one that was left behind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "impedance-socket-"));
  const socket = join(folder, "filter.sock");
  answer = (exchange) => exchange.json(toolResult(1, "done"));
  const leave = `net.createServer().listen(process.argv[1], () => process.kill(process.pid, 9))`;
  spawnSync(process.execPath, ["-e", leave, socket]);
  expect(statSync(socket).isSocket()).toBe(true);
  try {
    await using local = await startTestService({ socket });
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    await expect(startTestService({ socket })).rejects.toThrow();
    const upstreams = [{ id: "files", url: upstream.url }];
    await using gateway = await startGateway({ upstreams, service: { socket } });
    expect((await call({ host: gateway.host, port: gateway.port }, CALL)).status).toBe(200);
    expect(local.decisions).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
