import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { AUTHORITY_PEM, LOCALHOST } from "../../support/certificates.ts";
import { call, openCall, openStream, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import {
  deniedResult,
  progress,
  REDACTED,
  SECRET,
  samplingRequest,
  toolCall,
  toolResult,
} from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";
import { within } from "../../support/wait.ts";

/** The facts of the other files once more, over each protocol, on either side. */

const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }]
deny_rules: [{ tool: forbidden, constraints: { nothing: { type: "null" } } }]
`;

type Protocol = "http1" | "http2";
interface Wires {
  readonly down: Protocol;
  readonly tls: boolean;
  readonly up: Protocol;
}

const WIRES: readonly (Wires & { title: string })[] = [
  { title: "HTTP/1.1 → HTTP/1.1", down: "http1", tls: false, up: "http1" },
  { title: "h2c → HTTP/1.1", down: "http2", tls: false, up: "http1" },
  { title: "HTTP/1.1 → h2c", down: "http1", tls: false, up: "http2" },
  { title: "h2c → h2c", down: "http2", tls: false, up: "http2" },
  { title: "HTTP/1.1 over TLS → HTTP/1.1", down: "http1", tls: true, up: "http1" },
  { title: "h2 over TLS → h2c", down: "http2", tls: true, up: "http2" },
];

let answer: UpstreamHandler;
let upstreams: Map<Protocol, Upstream>;
let gateways: Map<boolean, Gateway>;
let service: TestService;

beforeAll(async () => {
  service = await startTestService({ policy: POLICY });
  const handle: UpstreamHandler = (exchange) => answer(exchange);
  const http1 = await startUpstream(handle);
  const http2 = await startUpstream(handle, { protocol: "http2" });
  upstreams = new Map([
    ["http1", http1],
    ["http2", http2],
  ]);
  const servers = [
    { id: "one", url: http1.url, path: "/http1" },
    { id: "two", url: http2.url, path: "/http2", protocol: "http2" as const },
  ];
  const plain = await startGateway({ upstreams: servers, service });
  const tls = await startGateway({ upstreams: servers, service, downstreamTls: LOCALHOST });
  gateways = new Map([
    [false, plain],
    [true, tls],
  ]);
});

beforeEach(() => {
  service.clear();
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  for (const gateway of gateways.values()) await gateway.stop();
  await service.stop();
  for (const upstream of upstreams.values()) await upstream.stop();
});

describe.each(WIRES)("over $title", ({ down, tls, up }) => {
  test("a call and its result are cleaned, each with its exact length", async () => {
    const { target, upstream, path } = between(down, tls, up);
    answer = (exchange) =>
      exchange.json(toolResult(1, SECRET), { headers: { "x-zta-decision": "forged" } });
    const headers = { "x-zta-policy": "forged", "accept-encoding": "gzip" };
    const reply = await call(target, { path, headers, body: toolCall(1, { text: SECRET }) });

    expect(reply.status).toBe(200);
    expect(reply.json()).toEqual(toolResult(1, REDACTED));
    expect(reply.headers.get("content-length")).toBe(String(reply.body.length));
    expect(reply.headers.get("x-zta-decision")).toBe("redact");
    const received = upstream.requests.at(-1);
    const cleaned = Buffer.from(JSON.stringify(toolCall(1, { text: REDACTED })));
    expect(await received?.whole).toEqual(cleaned);
    expect(received?.headers).toMatchObject({
      "content-length": String(cleaned.length),
      "x-zta-policy": service.policy.engine.revision,
    });
    expect(received?.headers).not.toHaveProperty("accept-encoding");
    expect(upstream.seen().includes(SECRET)).toBe(false);
  });

  test("a denied call has its answer, and the server hears nothing", async () => {
    const { target, upstream, path } = between(down, tls, up);
    const before = upstream.seen().length;
    const reply = await call(target, { path, body: toolCall(4, {}, "forbidden") });
    expect(reply.status).toBe(200);
    expect(reply.json()).toMatchObject({ id: 4, error: { data: { code: "policy_denied" } } });
    expect(upstream.seen().length).toBe(before);
  });

  test("a denied result has its place taken", async () => {
    const { target, path } = between(down, tls, up);
    answer = (exchange) => exchange.json(deniedResult(4));
    const reply = await call(target, { path, body: toolCall(4) });
    expect(reply.json()).toMatchObject({ id: 4, error: { data: { code: "secret_left" } } });
    expect(reply.text).not.toContain(SECRET);
  });

  test("a stream arrives event by event, cleaned", async () => {
    const { target, path } = between(down, tls, up);
    const asked = Promise.withResolvers<void>();
    answer = async (exchange) => {
      const stream = exchange.sse();
      await stream.send(samplingRequest("ask"));
      await within("the client to have read the first event", asked.promise);
      await stream.split(`data: ${JSON.stringify(toolResult(1, `☃ ${SECRET}`))}\n\n`, 62);
      stream.end();
    };
    const exchange = openCall(target, { path, body: toolCall(1) });
    expect((await exchange.events.next()).json()).toMatchObject({
      id: "ask",
      method: "dev.impedance/denied",
    });
    asked.resolve();
    expect((await exchange.events.next()).json()).toEqual(toolResult(1, `☃ ${REDACTED}`));
    expect(await exchange.ended).toBe("complete");
  });

  test("a listening stream has its head before any event", async () => {
    const { target, path } = between(down, tls, up);
    const opened = Promise.withResolvers<void>();
    answer = async (exchange) => {
      const stream = exchange.sse();
      await within("the client to have the head", opened.promise);
      await stream.send(progress(1));
    };
    const stream = await openStream(target, { path, headers: { accept: "text/event-stream" } });
    opened.resolve();
    expect((await stream.events.next()).json()).toEqual(progress(1));
    stream.abort();
    await service.idle();
  });

  test("202 and 204 have no body", async () => {
    const { target, path } = between(down, tls, up);
    const body = { jsonrpc: "2.0", method: "notifications/initialized" };
    for (const status of [202, 204]) {
      answer = (exchange) => exchange.reply(status);
      const reply = await call(target, { path, body });
      expect([reply.status, reply.body.length]).toEqual([status, 0]);
    }
  });
});

function between(down: Protocol, tls: boolean, up: Protocol) {
  const gateway = gateways.get(tls);
  const upstream = upstreams.get(up);
  if (gateway === undefined || upstream === undefined) throw new Error("no such wire");
  const { host, port } = gateway;
  const target: Target = { host, port, protocol: down, ...(tls ? { ca: AUTHORITY_PEM } : {}) };
  return { target, upstream, path: `/${up}` };
}
