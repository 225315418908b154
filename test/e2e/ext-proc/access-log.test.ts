import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { call, openCall, type Target } from "../../support/client.ts";
import { type AccessLine, type Gateway, startGateway } from "../../support/gateway.ts";
import { deniedResult, SECRET, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";
import { rowsOf } from "../../unit/docs/tables.ts";

const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }]
deny_rules: [{ tool: forbidden }]
`;

let answer: UpstreamHandler;
let upstream: Upstream;
let service: TestService;
let gateway: Gateway;
let target: Target;
/** Lines that the tests before have left. */
let linesBefore = 0;

beforeAll(async () => {
  upstream = await startUpstream((exchange) => answer(exchange));
  service = await startTestService({ policy: POLICY });
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
  target = { host: gateway.host, port: gateway.port };
});

beforeEach(() => {
  service.clear();
  answer = (exchange) => exchange.json(toolResult(1, "done"));
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await upstream.stop();
});

test("the access log says what was decided on an allowed call", async () => {
  await call(target, { path: "/mcp", body: toolCall(1) });
  const line = await nextLine();
  expect(line).toMatchObject({ server: "files", status: 200, details: "via_upstream" });
  expect(line.impedance).toEqual({
    decision_id: service.decisions[0]?.decision_id,
    allowed: true,
    method: "tools/call",
    tool: "echo",
    principal: expect.any(String),
    reasons: [],
  });
});

test("docs/observability.md names what the access log has of a decision", async () => {
  await call(target, { path: "/mcp", body: toolCall(1) });
  const { impedance } = await nextLine();
  const page = readFileSync(new URL("../../../docs/observability.md", import.meta.url), "utf8");
  const named = rowsOf(page, "Access log").flatMap(([fields = ""]) => fields.split(", "));
  expect(named.map((field) => field.replaceAll("`", "")).sort()).toEqual(
    Object.keys(impedance ?? {}).sort(),
  );
});

test("the access log says what was decided on a denied call", async () => {
  await call(target, { path: "/mcp", body: toolCall(1, { key: SECRET }, "forbidden") });
  const line = await nextLine();
  expect(line).toMatchObject({ status: 200, details: "impedance_denied" });
  expect(line.impedance).toMatchObject({
    decision_id: service.decisions[0]?.decision_id,
    allowed: false,
    method: "tools/call",
    tool: "forbidden",
    reasons: ["policy_denied"],
  });
  expect(JSON.stringify(line)).not.toContain(SECRET);
});

test("the access log says that a response was denied", async () => {
  answer = (exchange) => exchange.json(deniedResult(1));
  await call(target, { path: "/mcp", body: toolCall(1) });
  const line = await nextLine();
  expect(line).toMatchObject({ status: 200, details: "impedance_denied" });
  expect(line.impedance).toMatchObject({
    decision_id: service.decisions[1]?.decision_id,
    allowed: false,
    method: "tools/call",
    tool: "echo",
    reasons: ["secret_left"],
  });
  expect(JSON.stringify(line)).not.toContain(SECRET);
});

test("the access log says what was decided on a request without a message", async () => {
  await call(target, { path: "/mcp", method: "PUT" });
  const line = await nextLine();
  expect(line).toMatchObject({ status: 403, details: "impedance_denied" });
  expect(line.impedance).toMatchObject({ allowed: false, reasons: ["not_mcp", "not_allowed"] });
});

test("the access log of a stream is about its request, at the stream's end", async () => {
  answer = async (exchange) => {
    const stream = exchange.sse();
    await stream.send(deniedResult(1));
    stream.end();
  };
  expect(await openCall(target, { path: "/mcp", body: toolCall(1) }).ended).toBe("complete");
  const line = await nextLine();
  expect(line.impedance).toMatchObject({
    decision_id: service.decisions[0]?.decision_id,
    allowed: true,
    tool: "echo",
  });
});

test("log, reply, server and decision know an exchange by one id, which Envoy chose", async () => {
  const headers = { "x-request-id": "mine", "x-forwarded-for": "9.9.9.9" };
  const reply = await call(target, { path: "/mcp", headers, body: toolCall(1) });
  const line = await nextLine();
  const id = line.request_id;
  expect(id).not.toBe("mine");
  expect(reply.headers.get("x-request-id")).toBe(id);
  expect(upstream.requests.at(-1)?.headers["x-request-id"]).toBe(id);
  expect(service.decisions.map(({ request_id }) => request_id)).toEqual([id, id]);
  expect(service.decisions[0]).toMatchObject({
    input: { server: { id: "files" }, source: { ip: "127.0.0.1" } },
  });
});

async function nextLine(): Promise<AccessLine> {
  linesBefore += 1;
  const line = (await gateway.accessLog(linesBefore)).at(linesBefore - 1);
  if (line === undefined) throw new Error("the access log has shrunk");
  return line;
}
