import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { linkLine } from "../../../../src/audit/chain.ts";
import { encodeDecision } from "../../../../src/audit/records.ts";
import type { Destination } from "../../../../src/audit/ship/destination.ts";
import { readHead } from "../../../../src/audit/ship/line-head.ts";
import { createOpaDestination } from "../../../../src/audit/ship/opa-destination.ts";
import {
  createOtlpDestination,
  encodeRequest,
} from "../../../../src/audit/ship/otlp-destination.ts";
import { type PostOptions, retryAfter } from "../../../../src/audit/ship/post.ts";
import {
  createSyslogDestination,
  encodeMessage,
  type SyslogOptions,
} from "../../../../src/audit/ship/syslog-destination.ts";
import { decision } from "../../../support/decision-log.ts";
import { freePort } from "../../../support/gateway.ts";
import { type HttpReceiver, listening, startHttpReceiver } from "../../../support/receivers.ts";
import { waitFor } from "../../../support/wait.ts";

const NEVER = new AbortController().signal;
const NO_TLS = { ca: null, identity: null };
const HASH = "ab".repeat(32);
const LINE = linkLine({ lane: "a-1", seq: 6, hash: HASH }, encodeDecision(decision("d-1"))).line;
const OTHER = linkLine(
  { lane: "a-1", seq: 7, hash: HASH },
  '{"kind":"retention","x":"ü ]\\" \\u2028"}',
).line;

const opened: Destination[] = [];
afterEach(() => {
  for (const destination of opened.splice(0)) destination.close();
});

function post(url: string, deadlineMs = 5_000): PostOptions {
  return { url: new URL(url), token: null, tls: NO_TLS, deadlineMs };
}

function opa(url: string, deadlineMs?: number): Destination {
  const destination = createOpaDestination({ ...post(url, deadlineMs), includesLine: false });
  opened.push(destination);
  return destination;
}

function otlp(url: string): Destination {
  const fields = { version: "1", attributes: {}, now: () => 1_234 };
  const destination = createOtlpDestination({ ...post(url), ...fields });
  opened.push(destination);
  return destination;
}

describe("the head of a line", () => {
  test("is read from a decision", () => {
    const { decision_id, timestamp, trace_id, hash } = JSON.parse(LINE);
    expect(readHead(LINE)).toEqual({
      seq: 7,
      lane: "a-1",
      prevHash: HASH,
      hash,
      kind: "decision",
      timestamp,
      decisionId: decision_id,
      traceId: trace_id,
    });
    expect(trace_id).toMatch(/^[0-9a-f]{32}$/);
  });

  test("has no trace where the decision has none, whatever its arguments are called", () => {
    const named = `{"trace_id":"${"c".repeat(32)}"}`;
    const event = `{"kind":"decision","input":${named},"trace_id":null,"metrics":{}}`;
    const { line } = linkLine({ lane: "a", seq: 0, hash: HASH }, event);
    expect(readHead(line).traceId).toBeNull();
  });

  test("of what is no line of ours is empty, and does not throw", () => {
    expect(readHead("")).toMatchObject({ seq: 0, lane: "", kind: "", timestamp: null });
  });
});

describe("an answer to a POST", () => {
  test.each([
    { status: 200, delivery: { kind: "taken", rejected: 0 } },
    { status: 204, delivery: { kind: "taken", rejected: 0 } },
    { status: 302, delivery: { kind: "later", code: "HTTP_302", afterMs: null } },
    { status: 400, delivery: { kind: "refused", code: "HTTP_400" } },
    { status: 401, delivery: { kind: "later", code: "HTTP_401", afterMs: null } },
    { status: 404, delivery: { kind: "later", code: "HTTP_404", afterMs: null } },
    { status: 413, delivery: { kind: "refused", code: "HTTP_413" } },
    { status: 422, delivery: { kind: "refused", code: "HTTP_422" } },
    { status: 500, delivery: { kind: "later", code: "HTTP_500", afterMs: null } },
    {
      status: 429,
      headers: { "retry-after": "7" },
      delivery: { kind: "later", code: "HTTP_429", afterMs: 7_000 },
    },
    {
      status: 503,
      headers: { "retry-after": "soon" },
      delivery: { kind: "later", code: "HTTP_503", afterMs: null },
    },
  ])("of $status is $delivery.kind", async ({ status, headers, delivery }) => {
    await using receiver = await startHttpReceiver();
    const body = status === 204 ? "" : "{}";
    receiver.answer = () => ({ status, body, ...(headers === undefined ? {} : { headers }) });
    expect(await opa(receiver.url).send([LINE], NEVER)).toEqual(delivery);
    expect(await otlp(receiver.url).send([LINE], NEVER)).toEqual(delivery);
  });

  test("that does not come is given up at the deadline, and at a signal", async () => {
    await using receiver = await startHttpReceiver();
    receiver.answer = () => null;
    const later = { kind: "later", code: "TIMEOUT", afterMs: null };
    expect(await opa(receiver.url, 50).send([LINE], NEVER)).toEqual(later);
    const over = new AbortController();
    const sent = opa(receiver.url).send([LINE], over.signal);
    await waitFor("the request", () => receiver.batches.length === 2);
    over.abort();
    expect(await sent).toMatchObject({ kind: "later" });
  });

  test("may be endless: no more than a part of it is read", async () => {
    await using receiver = await startHttpReceiver();
    receiver.answer = () => ({ status: 200, body: "x".repeat(1_000_000) });
    expect(await otlp(receiver.url).send([LINE], NEVER)).toEqual({ kind: "taken", rejected: 0 });
  });

  test("does not come from a receiver that is not there", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const later = { kind: "later", code: "ECONNREFUSED", afterMs: null };
    expect(await opa(url).send([LINE], NEVER)).toEqual(later);
  });

  test("comes again from a receiver that was away in between", async () => {
    const port = await freePort();
    const destination = opa(`http://127.0.0.1:${port}`);
    const taken = { kind: "taken", rejected: 0 };
    {
      await using _first = await startHttpReceiver(null, port);
      expect(await destination.send([LINE], NEVER)).toEqual(taken);
    }
    await using _second: HttpReceiver = await startHttpReceiver(null, port);
    expect(await destination.send([LINE], NEVER)).toEqual(taken);
  });
});

test.each([
  { header: undefined, milliseconds: null },
  { header: "0", milliseconds: 0 },
  { header: "120", milliseconds: 120_000 },
  { header: "-1", milliseconds: null },
  { header: "soon", milliseconds: null },
  { header: "Tue, 28 Jul 2026 10:00:05 GMT", milliseconds: 5_000 },
  { header: "Tue, 28 Jul 2026 09:00:00 GMT", milliseconds: 0 },
])("Retry-After $header is $milliseconds ms", ({ header, milliseconds }) => {
  expect(retryAfter(header, Date.UTC(2026, 6, 28, 10))).toBe(milliseconds);
});

describe("OTLP", () => {
  test("is the JSON mapping of ExportLogsServiceRequest, and holds each line byte for byte", () => {
    const fields = {
      version: "1.2",
      attributes: { "host.name": "h" },
      now: () => 1_700_000_000_001,
    };
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const head = readHead(LINE);
    const observedTimeUnixNano = "1700000000001000000";
    const shared = { observedTimeUnixNano, severityNumber: 9, severityText: "INFO" };
    expect(JSON.parse(encodeRequest([LINE, OTHER], fields))).toEqual({
      resourceLogs: [
        {
          resource: {
            attributes: [
              text("service.name", "impedance"),
              text("service.version", "1.2"),
              text("host.name", "h"),
            ],
          },
          scopeLogs: [
            {
              scope: { name: "impedance.decision_log", version: "1.2" },
              logRecords: [
                {
                  ...shared,
                  timeUnixNano: `${Date.UTC(2026, 6, 28, 10, 0, 1, 234)}000000`,
                  eventName: "impedance.decision",
                  body: { stringValue: LINE },
                  attributes: [
                    { key: "impedance.seq", value: { intValue: "7" } },
                    text("impedance.lane", "a-1"),
                    text("impedance.prev_hash", HASH),
                    text("impedance.hash", head.hash),
                    text("impedance.kind", "decision"),
                    text("impedance.decision_id", "d-1"),
                  ],
                  traceId: head.traceId,
                },
                {
                  ...shared,
                  timeUnixNano: observedTimeUnixNano,
                  eventName: "impedance.retention",
                  body: { stringValue: OTHER },
                  attributes: [
                    { key: "impedance.seq", value: { intValue: "8" } },
                    text("impedance.lane", "a-1"),
                    text("impedance.prev_hash", HASH),
                    text("impedance.hash", readHead(OTHER).hash),
                    text("impedance.kind", "retention"),
                  ],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test.each([
    { body: '{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"x"}}', rejected: 2 },
    { body: '{"partialSuccess":{"rejectedLogRecords":2}}', rejected: 2 },
    { body: '{"partialSuccess":{}}', rejected: 0 },
    { body: '{"partialSuccess":null}', rejected: 0 },
    { body: '{"partialSuccess":{"rejectedLogRecords":"many"}}', rejected: 0 },
    { body: "no JSON", rejected: 0 },
    { body: "null", rejected: 0 },
  ])("that answers $body has rejected $rejected", async ({ body, rejected }) => {
    await using receiver = await startHttpReceiver();
    receiver.answer = () => ({ status: 200, body });
    expect(await otlp(receiver.url).send([LINE], NEVER)).toEqual({ kind: "taken", rejected });
  });
});

describe("syslog", () => {
  const options: SyslogOptions = {
    host: "127.0.0.1",
    port: 0,
    tls: null,
    facility: "audit",
    severity: "informational",
    appName: "impedance",
    hostName: "host.example",
    processId: 42,
    enterprise: 32_473,
    deadlineMs: 5_000,
  };

  function syslog(port: number, changes: Partial<SyslogOptions> = {}): Destination {
    const destination = createSyslogDestination({ ...options, port, ...changes });
    opened.push(destination);
    return destination;
  }

  test("is a message of RFC 5424 whose end is the line", () => {
    const data = `seq="7" lane="a-1" prev_hash="${HASH}" hash="${readHead(LINE).hash}" kind="decision"`;
    expect(encodeMessage(LINE, options)).toBe(
      `<110>1 2026-07-28T10:00:01.234Z host.example impedance 42 decision [impedance@32473 ${data}] ${LINE}`,
    );
  });

  test.each([
    { title: "a name with what none may have", hostName: "a b\nü", shown: "ab" },
    { title: "no name", hostName: "", shown: "-" },
    { title: "a long name", hostName: "a".repeat(300), shown: "a".repeat(255) },
  ])("makes a field of $title", ({ hostName, shown }) => {
    expect(encodeMessage(LINE, { ...options, hostName }).split(" ")[2]).toBe(shown);
  });

  test("frames count bytes, not characters", async () => {
    const chunks: Buffer[] = [];
    const server = createServer((socket) => socket.on("data", (chunk) => chunks.push(chunk)));
    const port = await listening(server);
    try {
      const taken = { kind: "taken", rejected: 0 };
      expect(await syslog(port).send([LINE, OTHER, LINE], NEVER)).toEqual(taken);
      const whole = () => framesIn(Buffer.concat(chunks));
      await waitFor("three frames", () => whole().length === 3);
      expect(whole().map((message) => message.slice(message.indexOf("] {") + 2))).toEqual([
        ...[LINE, OTHER, LINE],
      ]);
    } finally {
      server.close();
    }
  });

  test("that does not read is given up at the deadline", async () => {
    const sockets: Socket[] = [];
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      sockets.push(socket);
    });
    const port = await listening(server);
    try {
      const big = Array(2_000).fill(`${LINE}${" ".repeat(10_000)}`);
      const later = { kind: "later", code: "TIMEOUT", afterMs: null };
      expect(await syslog(port, { deadlineMs: 200 }).send(big, NEVER)).toEqual(later);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });

  test("that has closed the connection gets the next batch over a new one", async () => {
    const sockets: Socket[] = [];
    let bytes = 0;
    const server = createServer((socket) => {
      sockets.push(socket.on("data", (chunk) => (bytes += chunk.length)));
    });
    const port = await listening(server);
    try {
      const destination = syslog(port);
      await destination.send([LINE], NEVER);
      await waitFor("the first", () => bytes > 0);
      const first = bytes;
      sockets[0]?.end();
      await waitFor("the end", () => sockets[0]?.closed === true);
      const second = await destination.send([LINE], NEVER);
      expect(second).toEqual({ kind: "taken", rejected: 0 });
      await waitFor("the second", () => bytes === 2 * first);
      expect(sockets).toHaveLength(2);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });

  test("over TLS does not speak to whom it does not know, nor to one without TLS", async () => {
    const server = createServer((socket) => socket.end("hello"));
    const port = await listening(server);
    try {
      const tls = syslog(port, { tls: NO_TLS, deadlineMs: 2_000 });
      expect(await tls.send([LINE], NEVER)).toMatchObject({ kind: "later" });
    } finally {
      server.close();
    }
  });
});

/** RFC 6587 section 3.4.1; what is not whole yet is left out. */
function framesIn(bytes: Buffer): string[] {
  const frames: string[] = [];
  let at = 0;
  for (;;) {
    const space = bytes.indexOf(0x20, at);
    if (space < 0) return frames;
    const length = Number(bytes.toString("latin1", at, space));
    const end = space + 1 + length;
    if (!Number.isInteger(length) || end > bytes.length) return frames;
    frames.push(bytes.toString("utf8", space + 1, end));
    at = end;
  }
}
