import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { call, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { JSON_HEADERS, progress, toolCall } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";

/** What a rule wants done to an answer, through a real Envoy, where nothing else asks for it. */
const POLICY = `
policy_id: obliging
version: "1.0"
default: deny
allow_rules:
  - { tool: echo, alias: [/result/structuredContent/path, /result/structuredContent/note] }
  - { tool: quiet, pad: "step:2048,16384" }
  - { tool: plain }
`;
const KEY = { reference: "env:KEY", reveal: () => Buffer.alloc(32, 9) };
const REAL = "/srv/crm/customers/4711.txt";

let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({ policy: POLICY, aliases: { key: KEY } });
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
  target = { host: gateway.host, port: gateway.port };
});

beforeEach(async () => {
  await service.idle();
  service.clear();
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await upstream.stop();
});

const post = (body: unknown) => {
  return { path: "/mcp", headers: JSON_HEADERS, body: JSON.stringify(body) };
};

const resultWith = (structuredContent: object) => {
  return { jsonrpc: "2.0", id: 1, result: { content: [], structuredContent } };
};

describe("paths that a rule wants concealed", () => {
  test("are aliases to the client, and paths again to the server", async () => {
    answer = (exchange) => exchange.json(resultWith({ path: REAL, note: "none", other: REAL }));
    const reply = await call(target, post(toolCall(1)));
    const { structuredContent } = JSON.parse(reply.text).result;
    expect(structuredContent.path).toMatch(/^FILE_[0-9a-z]+$/);
    expect(structuredContent).toMatchObject({ note: "[REDACTED:policy]", other: REAL });
    const event = await service.decision(({ input }) => JSON.stringify(input).includes('"result"'));
    expect(event).toBeDefined();
    expect(service.decisions.flatMap(({ edits }) => edits)).toMatchObject([
      { pointer: "/result/structuredContent/path", action: "aliased" },
      { pointer: "/result/structuredContent/note", action: "redacted" },
    ]);

    await call(target, post(toolCall(1, { path: structuredContent.path })));
    const forwarded = await upstream.requests.at(-1)?.whole;
    expect(JSON.parse(forwarded?.toString() ?? "").params.arguments).toEqual({ path: REAL });
  });

  test("are concealed in an event, too, and stay where no rule says so", async () => {
    const events = [progress(1), resultWith({ path: REAL })];
    answer = (exchange) => {
      const stream = exchange.sse();
      for (const event of events) stream.write(`data: ${JSON.stringify(event)}\n\n`);
      stream.end();
    };
    const concealed = await call(target, post(toolCall(1)));
    expect(concealed.text).not.toContain(REAL);
    expect(concealed.text).toContain("FILE_");
    const plain = await call(target, post(toolCall(1, {}, "plain")));
    expect(plain.text).toContain(REAL);
  });
});

describe("answers that a rule wants padded", () => {
  test("are as long as it says, and others as they are", async () => {
    answer = (exchange) => exchange.json(resultWith({ n: 1 }));
    const sent = JSON.stringify(resultWith({ n: 1 }));
    const quiet = await call(target, post(toolCall(1, {}, "quiet")));
    expect(quiet.text).toBe(sent.padEnd(2048));
    expect(quiet.headers.get("content-length")).toBe("2048");
    expect((await call(target, post(toolCall(1, {}, "plain")))).text).toBe(sent);
  });

  test("are padded event by event", async () => {
    answer = (exchange) => {
      const stream = exchange.sse();
      stream.write(`data: ${JSON.stringify(progress(1))}\n\n`);
      stream.write(`data: ${JSON.stringify(resultWith({ n: 1 }))}\n\n`);
      stream.end();
    };
    const whole = await call(target, post(toolCall(1, {}, "quiet")));
    const first = `data: ${JSON.stringify(progress(1))}\n\n`;
    expect(whole.text.startsWith(first)).toBe(true);
    expect(whole.text.length - first.length).toBe(2048);
  });
});
