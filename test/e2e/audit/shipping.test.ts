/** The decision log as real receivers keep it: rsyslog and an OpenTelemetry collector. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";

import { CANARIES } from "../../support/canaries.ts";
import { AUTHORITY_FILE, ELSEWHERE, LOCALHOST } from "../../support/certificates.ts";
import { freePort } from "../../support/gateway.ts";
import { type ReceiverProcess, startHttpReceiver, startReceiver } from "../../support/receivers.ts";
import { startServe } from "../../support/serve-process.ts";
import { expectWholeLog, openShipped, type TestLog } from "../../support/shipping.ts";
import { findTool } from "../../support/tool.ts";
import { waitFor, within } from "../../support/wait.ts";
import { impedance } from "../cli/command.ts";

const RSYSLOGD = findTool("rsyslogd", "IMPEDANCE_RSYSLOGD");
const OTELCOL = findTool("impedance-test-otelcol", "IMPEDANCE_OTELCOL");
const DECISIONS = 300;

async function untilListening(port: number, receiver: ReceiverProcess): Promise<void> {
  const probe = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" }, () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
  await waitFor(`a receiver on ${port}`, probe).catch((error: unknown) => {
    throw new Error(receiver.output(), { cause: error });
  });
}

/** Closes the log, and waits until the receiver has the last of its lines. */
async function allOf(test: TestLog, read: () => readonly string[]): Promise<readonly string[]> {
  test.log.endWithin(10_000);
  expect(await test.log.sink.close()).toBe(true);
  const written = test.written();
  await waitFor(`${written.length} lines`, () => read().length >= written.length);
  return read();
}

function linesOf(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

describe.skipIf(RSYSLOGD === null)(
  `rsyslog (${RSYSLOGD ?? "skipped: there is no rsyslogd"})`,
  () => {
    interface Options {
      readonly port: number;
      readonly kept: TestLog;
      readonly isTls: boolean;
    }

    async function startRsyslog({ port, kept, isTls }: Options): Promise<ReceiverProcess> {
      const tls = {
        global: `defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${AUTHORITY_FILE}"
        defaultNetstreamDriverCertFile="${LOCALHOST.certFile}"
        defaultNetstreamDriverKeyFile="${LOCALHOST.keyFile}"`,
        module: 'streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon"',
      };
      writeFileSync(
        kept.at("rsyslog.conf"),
        `global(workDirectory="${kept.at(".")}" maxMessageSize="64k"
  parser.escapeControlCharactersOnReceive="off" ${isTls ? tls.global : ""})
module(load="imtcp" ${isTls ? tls.module : ""})
input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="line" type="string" string="%msg%\\n")
template(name="head" type="string"
  string="%pri% %protocol-version% %timestamp:::date-rfc3339% %app-name% %msgid% %structured-data%\\n")
action(type="omfile" file="${kept.at("syslog.jsonl")}" template="line")
action(type="omfile" file="${kept.at("heads.txt")}" template="head")
`,
      );
      const args = ["-n", "-f", kept.at("rsyslog.conf"), "-i", kept.at("rsyslog.pid")];
      const receiver = startReceiver(RSYSLOGD ?? "", args);
      await untilListening(port, receiver);
      return receiver;
    }

    test.each([
      { over: "TCP", scheme: "tcp", more: "", isTls: false },
      { over: "TLS", scheme: "tls", more: `, ca_file: "${AUTHORITY_FILE}"`, isTls: true },
    ])("keeps the log whole over $over, line for line", async ({ scheme, more, isTls }) => {
      const port = await freePort();
      const entry = `{ kind: syslog, url: "${scheme}://127.0.0.1:${port}", batch_max_ms: 20${more} }`;
      await using kept = await openShipped([entry]);
      await using _receiver = await startRsyslog({ port, kept, isTls });
      expect(kept.record(1, DECISIONS)).toBe(true);
      await expectWholeLog(await allOf(kept, () => linesOf(kept.at("syslog.jsonl"))), kept);
    });

    test("reads facility, severity, names and the chain's fields", async () => {
      const port = await freePort();
      const entry = `{ kind: syslog, url: "tcp://127.0.0.1:${port}", batch_max_ms: 20,
        facility: local3, severity: notice, app_name: mcp-gate, enterprise_number: 4711 }`;
      await using kept = await openShipped([entry]);
      await using _receiver = await startRsyslog({ port, kept, isTls: false });
      kept.record(1, 1);
      await allOf(kept, () => linesOf(kept.at("heads.txt")));
      const line = kept.written().find((each) => each.includes('"kind":"decision"')) ?? "";
      const { seq, lane, prev_hash, hash, timestamp } = JSON.parse(line);
      const data = `[impedance@4711 seq="${seq}" lane="${lane}" prev_hash="${prev_hash}" hash="${hash}" kind="decision"]`;
      expect(linesOf(kept.at("heads.txt"))).toContain(
        `157 1 ${timestamp} mcp-gate decision ${data}`,
      );
    });

    test("gets what was buffered while it was away", async () => {
      const port = await freePort();
      const entry = `{ kind: syslog, url: "tcp://127.0.0.1:${port}", batch_max_ms: 5, retry_min_ms: 5,
        retry_max_ms: 20 }`;
      await using kept = await openShipped([entry]);
      kept.record(1, 20);
      await waitFor("a failure", () => kept.entries.find(({ code }) => code === "shipping_failed"));
      await using _receiver = await startRsyslog({ port, kept, isTls: false });
      kept.record(21, 40);
      await expectWholeLog(await allOf(kept, () => linesOf(kept.at("syslog.jsonl"))), kept);
      const told = kept.entries.filter(({ code }) => code.startsWith("shipping_"));
      expect(told).toMatchObject([
        { code: "shipping_failed", destination: "syslog", reason: "ECONNREFUSED" },
        { code: "shipping_restored", destination: "syslog" },
      ]);
    });
  },
);

describe.skipIf(OTELCOL === null)(
  `an OpenTelemetry collector (${OTELCOL ?? "skipped: there is none, and no Go to build it"})`,
  () => {
    interface Record {
      readonly body: { readonly stringValue: string };
      readonly [field: string]: unknown;
    }

    function recordsIn(file: string): readonly Record[] {
      return linesOf(file).flatMap((text) => {
        const { resourceLogs } = JSON.parse(text);
        return resourceLogs.flatMap((each: { scopeLogs: { logRecords: Record[] }[] }) =>
          each.scopeLogs.flatMap(({ logRecords }) => logRecords),
        );
      });
    }

    async function startCollector(port: number, kept: TestLog): Promise<ReceiverProcess> {
      writeFileSync(
        kept.at("otelcol.yaml"),
        `receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } } }
exporters: { file: { path: "${kept.at("otlp.jsonl")}" } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { logs: { receivers: [otlp], exporters: [file] } }
`,
      );
      const receiver = startReceiver(OTELCOL ?? "", ["--config", kept.at("otelcol.yaml")]);
      await untilListening(port, receiver);
      return receiver;
    }

    test("keeps the log whole, each line the body of a record", async () => {
      const port = await freePort();
      const entry = `{ kind: otlp, url: "http://127.0.0.1:${port}", batch_max_ms: 20 }`;
      await using kept = await openShipped([entry]);
      await using _receiver = await startCollector(port, kept);
      expect(kept.record(1, DECISIONS)).toBe(true);
      const bodies = () => recordsIn(kept.at("otlp.jsonl")).map(({ body }) => body.stringValue);
      await expectWholeLog(await allOf(kept, bodies), kept);
    });

    test("reads time, severity, trace and the chain's fields as they are meant", async () => {
      const port = await freePort();
      const entry = `{ kind: otlp, url: "http://127.0.0.1:${port}", batch_max_ms: 20 }`;
      await using kept = await openShipped([entry]);
      await using _receiver = await startCollector(port, kept);
      kept.record(1, 1);
      await allOf(kept, () => recordsIn(kept.at("otlp.jsonl")).map(({ body }) => body.stringValue));
      const record = recordsIn(kept.at("otlp.jsonl")).find(
        ({ eventName }) => eventName === "impedance.decision",
      );
      const line = JSON.parse(record?.body.stringValue ?? "");
      expect(record).toMatchObject({
        timeUnixNano: `${Date.parse(line.timestamp)}000000`,
        severityNumber: 9,
        severityText: "INFO",
        traceId: line.trace_id,
        attributes: expect.arrayContaining([
          { key: "impedance.seq", value: { intValue: String(line.seq) } },
          { key: "impedance.lane", value: { stringValue: line.lane } },
          { key: "impedance.prev_hash", value: { stringValue: line.prev_hash } },
          { key: "impedance.hash", value: { stringValue: line.hash } },
          { key: "impedance.kind", value: { stringValue: "decision" } },
          { key: "impedance.decision_id", value: { stringValue: "decision-1" } },
        ]),
      });
    });
  },
);

describe("HTTP in the form of OPA's decision log", () => {
  /** What a receiver has that keeps each event's member `line`. */
  const linesIn = (bodies: readonly { readonly body: string }[]): readonly string[] =>
    bodies.flatMap(({ body }) => JSON.parse(body).map(({ line }: { line: string }) => line));

  test("is a gzip JSON array at /logs, from which the log is whole both ways", async () => {
    await using receiver = await startHttpReceiver();
    const entry = `{ kind: http, url: "${receiver.url}/opa/", token: env:TOKEN, batch_max_ms: 20 }`;
    const token = CANARIES["receiver's token"];
    await using kept = await openShipped([entry], { TOKEN: token });
    expect(kept.record(1, DECISIONS)).toBe(true);
    await expectWholeLog(await allOf(kept, () => linesIn(receiver.batches)), kept);
    // And without parsing: each event stands on a line of its own.
    const raw = receiver.batches.flatMap(({ body }) =>
      body
        .split("\n")
        .slice(1, -1)
        .map((text) => `${text.replace(/,"line":".*$/, "")}}`),
    );
    expect(raw).toEqual(kept.written());
    for (const { path, headers } of receiver.batches) {
      expect(path).toBe("/opa/logs");
      expect(headers).toMatchObject({
        "content-type": "application/json",
        "content-encoding": "gzip",
        authorization: `Bearer ${token}`,
      });
    }
  });

  test("goes over TLS with a certificate of our own, and not to whom it does not know", async () => {
    await using receiver = await startHttpReceiver(LOCALHOST);
    await using stranger = await startHttpReceiver(ELSEWHERE);
    const settings = `ca_file: "${AUTHORITY_FILE}", batch_max_ms: 5, retry_min_ms: 5`;
    const own = `cert_file: "${ELSEWHERE.certFile}", key: "file:${ELSEWHERE.keyFile}"`;
    await using kept = await openShipped([
      `{ kind: http, name: friend, url: "${receiver.url}", ${settings}, ${own} }`,
      `{ kind: http, name: stranger, url: "${stranger.url}", ${settings} }`,
    ]);
    kept.record(1, 10);
    await waitFor("the lines", () => linesIn(receiver.batches).length >= 11);
    expect(receiver.batches[0]?.client).toBe("elsewhere");
    const isRefusal = ({ code }: { readonly code: string }) => code === "shipping_failed";
    const refused = await waitFor("a refusal", () => kept.entries.find(isRefusal));
    expect(refused).toMatchObject({
      code: "shipping_failed",
      destination: "stranger",
      reason: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
    expect(stranger.batches).toEqual([]);
  });
});

test("a service that ends has sent its last checkpoint", async () => {
  await using receiver = await startHttpReceiver();
  const config = `audit: { ship: [{ kind: http, url: "${receiver.url}", batch_max_ms: 60000 }] }\n`;
  await using service = await startServe({ config });
  expect(receiver.batches).toEqual([]);
  service.kill("SIGTERM");
  expect((await service.exited).code).toBe(0);
  const events = receiver.batches.flatMap(({ body }) => JSON.parse(body));
  expect(events.map(({ kind, reason }) => reason ?? kind)).toEqual([
    ...["start", "config_history", "policy_history", "close"],
  ]);
});

test("a receiver that is down or silent does not keep a service from ending", async () => {
  await using silent = await startHttpReceiver();
  silent.answer = () => null;
  const down = await freePort();
  const config = `
drain_deadline_ms: 300
audit:
  ship:
    - { kind: http, url: "${silent.url}", batch_max_ms: 1 }
    - { kind: otlp, url: "http://127.0.0.1:${down}", batch_max_ms: 1 }
    - { kind: syslog, url: "tcp://127.0.0.1:${down}", batch_max_ms: 1 }
`;
  await using service = await startServe({ config });
  await waitFor("the request", () => silent.batches.length > 0);
  service.kill("SIGTERM");
  expect((await within("the exit", service.exited)).code).toBe(0);
  const dropped = service.log.filter((line) => line.includes('"code":"shipping_dropped"'));
  expect(dropped.map((line) => JSON.parse(line).cause)).toEqual(["closed", "closed", "closed"]);
});

describe("impedance log ship", () => {
  test("sends what a receiver has missed, byte for byte, and the log is whole there", async () => {
    await using receiver = await startHttpReceiver();
    await using kept = await openShipped([]);
    kept.record(1, 120);
    await kept.log.sink.close();
    const log = kept.at("decisions.jsonl");
    const entry = `{ kind: http, name: siem, url: "${receiver.url}", batch_max_events: 50 }`;
    writeFileSync(kept.at("ship.yaml"), `audit: { ship: [${entry}] }\n`);
    const ship = (...args: readonly string[]) =>
      impedance(["log", "ship", log, "--config", kept.at("ship.yaml"), ...args]);

    const first = await ship("--to-seq", "60");
    expect(first).toMatchObject({ code: 0, stdout: "60 lines to siem, the last one seq 60\n" });
    receiver.answer = () => ({ status: 422 });
    const refused = await ship("--from-seq", "61");
    expect(refused).toMatchObject({ code: 1, stdout: "0 lines to siem\n" });
    expect(refused.stderr).toContain("HTTP_422");
    const before = receiver.batches.length - 1;
    receiver.answer = () => ({ status: 200 });
    expect(await ship("--from-seq", "61")).toMatchObject({ code: 0 });

    const taken = receiver.batches.filter((_, index) => index !== before);
    const lines = taken.flatMap(({ body }) => JSON.parse(body).map((each: Sent) => each.line));
    await expectWholeLog(lines, kept);
  });

  test.each([
    { args: ["--from-seq", "x"], says: "--from-seq and --to-seq are numbers" },
    { args: ["--to", "nobody"], says: "--to is one of: http, otlp" },
    { args: [], says: "which one? --to is one of: http, otlp" },
  ])("says what is wrong with $args", async ({ args, says }) => {
    await using kept = await openShipped([]);
    const ship =
      "[{ kind: http, url: http://localhost:1 }, { kind: otlp, url: http://localhost:1 }]";
    writeFileSync(kept.at("ship.yaml"), `audit: { ship: ${ship} }\n`);
    const config = ["--config", kept.at("ship.yaml")];
    const { code, stderr } = await impedance(["log", "ship", "x.jsonl", ...config, ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) });
  });
});

interface Sent {
  readonly line: string;
}
