import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { verifyFiles } from "../../src/audit/verify-files.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { openShippedLog, type ShippedLog } from "../../src/server/open-shipping.ts";
import { systemClock } from "../../src/server/system.ts";
import type { LogFields, Logger } from "../../src/telemetry/log.ts";
import { createMetrics, type Metrics } from "../../src/telemetry/metrics.ts";
import { decision, KEYS, temporaryFolder } from "./decision-log.ts";

export interface TestLog extends AsyncDisposable {
  readonly log: ShippedLog;
  readonly metrics: Metrics;
  /** Of the service's own log. */
  readonly entries: readonly ({ readonly code: string } & LogFields)[];
  /** A file of the log's folder. */
  at(name: string): string;
  /** Writes decisions of these ids; false as soon as one is not accepted. */
  record(from: number, to: number): boolean;
  /** The lines of the log's own file. */
  written(): readonly string[];
}

/** A log file as the service opens it, with these entries of `audit.ship` (YAML, one line each). */
export async function openShipped(
  ship: readonly string[],
  environment: { readonly [name: string]: string } = {},
): Promise<TestLog> {
  const folder = temporaryFolder();
  writeFileSync(folder.at("audit.key"), KEYS.privateKey);
  const text = `
audit:
  sink: file
  file: decisions.jsonl
  signing_key: file:audit.key
  checkpoint_events: 50
  ship: ${ship.length === 0 ? "[]" : ""}
${ship.map((entry) => `    - ${entry}\n`).join("")}`;
  const config = loadConfig(text, folder.at("impedance.yaml"), environment);
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const entries: ({ readonly code: string } & LogFields)[] = [];
  const metrics = createMetrics({ version: "1" });
  const opened = await openShippedLog(
    config.value,
    { metrics, log: recordingLogger(entries), clock: systemClock },
    undefined,
  );
  if (!opened.ok) throw new Error(opened.error);
  const log = opened.value;
  return {
    log,
    metrics,
    entries,
    at: folder.at,
    record: (from, to) => {
      for (let id = from; id <= to; id++) {
        if (!log.sink.record(decision(`decision-${id}`))) return false;
      }
      return true;
    },
    written: () => readFileSync(folder.at("decisions.jsonl"), "utf8").trimEnd().split("\n"),
    [Symbol.asyncDispose]: async () => {
      log.endWithin(0);
      await log.sink.close();
      folder[Symbol.dispose]();
    },
  };
}

function recordingLogger(entries: ({ readonly code: string } & LogFields)[]): Logger {
  const entry = (code: string, fields: LogFields = {}) => {
    entries.push({ ...fields, code });
  };
  const levels = { debug: entry, info: entry, warn: entry, error: entry, fatal: entry };
  return { ...levels, flush: () => Promise.resolve() };
}

/** What a receiver has kept is the log: the same bytes, and whole by the public key. */
export async function expectWholeLog(received: readonly string[], test: TestLog): Promise<void> {
  expect(received).toEqual(test.written());
  const file = test.at("received.jsonl");
  writeFileSync(file, received.map((line) => `${line}\n`).join(""));
  const options = { keys: KEYS.publicKeys, isLive: false, isPartial: false };
  const { ok, problems, lanes } = await verifyFiles([file], options);
  expect({ ok, problems }).toEqual({ ok: true, problems: [] });
  expect(lanes).toMatchObject([{ isClosed: true, signedThrough: received.length }]);
}
