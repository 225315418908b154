import { expect, test } from "vitest";
import type { JudgedSpan, SpanRequest, TraceParent } from "../../../src/core/trace.ts";
import { createTracer, encodeTraces } from "../../../src/telemetry/tracer.ts";

const PARENT: TraceParent = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  isSampled: true,
};
const TOLD: TraceParent = {
  traceId: "11111111111111111111111111111111",
  spanId: "2222222222222222",
  isSampled: true,
};
const POST = { method: "POST", server: "files" };
const CALL: SpanRequest = {
  method: "tools/call",
  tool: "read_file",
  prompt: null,
  requestId: "7",
  sessionId: "hmac:00",
  revision: "2025-11-25",
  parent: null,
};

interface Encoded {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly [field: string]: unknown;
}

/** A tracer on a clock that a test moves; `chance` is what the dice say. */
function createTraced({ rootShare = 1, chance = 0 } = {}) {
  const emitted: string[] = [];
  const time = { ms: 100 };
  let id = 0;
  const tracer = createTracer({
    rootShare,
    chance: () => chance,
    clock: { now: () => 1_700_000_000_000 + time.ms, monotonic: () => time.ms },
    randomBytes: (count) => {
      id += 1;
      return Buffer.alloc(count, id);
    },
    emit: (spans) => emitted.push(spans),
  });
  const spans = (): Encoded[] => emitted.flatMap((text) => JSON.parse(`[${text}]`));
  return { tracer, time, spans };
}

function judged(changes: Partial<JudgedSpan> = {}): JudgedSpan {
  return {
    direction: "request",
    timings: { read: 1, guard: 2, policy: 3, enforce: 4 },
    ...{ recordStartMs: 120, recordEndMs: 121 },
    ...{ decisionId: "d-1", allow: true, reasons: [], rpcCode: 0, findings: 0, edits: 0 },
    ...changes,
  };
}

function attributesOf(span: Encoded | undefined): { readonly [key: string]: unknown } {
  const entries = span?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]) ?? [];
  return Object.fromEntries(entries);
}

test("an exchange is a span below its parent, with one for each phase below it", () => {
  const { tracer, time, spans } = createTraced();
  const span = tracer.open({ ...POST, trace: PARENT });
  span?.asked(CALL);
  span?.judged(judged());
  time.ms = 150;
  span?.end();

  const [own, ...phases] = spans();
  expect(own).toMatchObject({
    traceId: PARENT.traceId,
    parentSpanId: PARENT.spanId,
    name: "tools/call read_file",
    kind: 2,
    startTimeUnixNano: "1700000000100000000",
    endTimeUnixNano: "1700000000150000000",
  });
  expect(attributesOf(own)).toEqual({
    "mcp.method.name": "tools/call",
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "read_file",
    "jsonrpc.request.id": "7",
    "mcp.session.id": "hmac:00",
    "mcp.protocol.version": "2025-11-25",
    "http.request.method": "POST",
    "impedance.server": "files",
    "impedance.decision": "allow",
    "impedance.decision.id": "d-1",
  });
  expect(own).not.toHaveProperty("status");
  expect(phases.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual(
    ["read", "guard", "policy", "enforce", "record"].map((name) => [name, own?.spanId]),
  );
  // Phases follow each other, and the last one ends where recording begins.
  expect(phases.map(({ startTimeUnixNano }) => startTimeUnixNano.slice(-9))).toEqual(
    [110, 111, 113, 116, 120].map((ms) => `${ms}000000`),
  );
  expect(new Set([own, ...phases].map((each) => each?.spanId?.length))).toEqual(new Set([16]));
});

test("a denial is an error, with its reason and the code that the client reads", () => {
  const { tracer, spans } = createTraced();
  const span = tracer.open({ ...POST, trace: PARENT });
  span?.judged(judged({ allow: false, reasons: ["tool_banned", "no_rule"], rpcCode: -31001 }));
  span?.judged(judged({ decisionId: "d-2" }));
  span?.end();
  const [own] = spans();
  expect(own).toMatchObject({ status: { code: 2 } });
  expect(attributesOf(own)).toMatchObject({
    "error.type": "tool_banned",
    "rpc.response.status_code": "-31001",
    "impedance.decision": "deny",
    "impedance.decision.id": "d-1",
  });
});

test("what was edited on its way is told as redacted", () => {
  const { tracer, spans } = createTraced();
  const span = tracer.open({ ...POST, trace: PARENT });
  span?.judged(judged({ edits: 2, findings: 3 }));
  span?.end();
  expect(attributesOf(spans()[0])["impedance.decision"]).toBe("redact");
  expect(attributesOf(spans().at(-1))).toMatchObject({
    "impedance.edits": "2",
    "impedance.findings": "3",
  });
});

test("of an exchange whose parent is not sampled nothing is held", () => {
  const trace = { ...PARENT, isSampled: false };
  expect(createTraced().tracer.open({ ...POST, trace })).toBeNull();
});

test.each([
  { title: "the dice are with it", chance: 0.24, count: 1 },
  { title: "they are not", chance: 0.25, count: 0 },
])("an exchange without a parent is told of where $title", ({ chance, count }) => {
  const { tracer, spans } = createTraced({ rootShare: 0.25, chance });
  tracer.open(POST)?.end();
  expect(spans()).toHaveLength(count);
});

test.each([
  { title: "is the parent where Envoy has no span", trace: undefined, parent: TOLD, links: [] },
  {
    title: "is linked where Envoy has one",
    trace: PARENT,
    parent: PARENT,
    links: [{ traceId: TOLD.traceId, spanId: TOLD.spanId }],
  },
])("the trace of a message's _meta $title", ({ trace, parent, links }) => {
  const { tracer, spans } = createTraced();
  const span = tracer.open(trace === undefined ? POST : { ...POST, trace });
  span?.asked({ ...CALL, parent: TOLD });
  expect(span?.traceId).toBe(parent.traceId);
  span?.end();
  const [own] = spans();
  expect(own).toMatchObject({ traceId: parent.traceId, parentSpanId: parent.spanId });
  expect(own?.links ?? []).toEqual(links);
});

test("a trace of a message's _meta that is not sampled is not told of", () => {
  const { tracer, spans } = createTraced();
  const span = tracer.open(POST);
  span?.asked({ ...CALL, parent: { ...TOLD, isSampled: false } });
  span?.end();
  expect(spans()).toEqual([]);
});

test("methods that nobody knows have no name of their own", () => {
  const { tracer, spans } = createTraced();
  const span = tracer.open({ ...POST, method: "BREW", trace: PARENT });
  span?.asked({ ...CALL, method: "my/own", tool: null });
  span?.end();
  expect(spans()[0]?.name).toBe("_OTHER");
  expect(attributesOf(spans()[0])).toMatchObject({
    "mcp.method.name": "_OTHER",
    "http.request.method": "_OTHER",
  });
});

test("messages of one batch share their phases", () => {
  const { tracer, spans } = createTraced();
  const span = tracer.open({ ...POST, trace: PARENT });
  const { timings } = judged();
  for (const decisionId of ["a", "b", "c"]) span?.judged(judged({ timings, decisionId }));
  span?.end();
  expect(spans().map(({ name }) => name)).toEqual([
    ...["POST", "read", "guard", "policy", "enforce"],
    ...["record", "record", "record"],
  ]);
});

test("a stream of many events has a bounded number of spans, and says how many are missing", () => {
  const { tracer, spans } = createTraced();
  const span = tracer.open({ ...POST, trace: PARENT });
  for (let event = 0; event < 1_000; event += 1) span?.judged(judged());
  span?.end();
  expect(spans()).toHaveLength(101);
  expect(attributesOf(spans()[0])["impedance.spans_left_out"]).toBe("4900");
});

test("a request to a collector says who sends it", () => {
  const { tracer, spans } = createTraced();
  tracer.open({ ...POST, trace: PARENT })?.end();
  const text = JSON.stringify(spans()[0]);
  const request = JSON.parse(
    encodeTraces([text, text], { version: "1.2", attributes: { a: "b" } }),
  );
  expect(request.resourceSpans[0].resource).toEqual({
    attributes: [
      { key: "service.name", value: { stringValue: "impedance" } },
      { key: "service.version", value: { stringValue: "1.2" } },
      { key: "a", value: { stringValue: "b" } },
    ],
  });
  expect(request.resourceSpans[0].scopeSpans[0].spans).toEqual([spans()[0], spans()[0]]);
});
