import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

import { createFileSink, createStreamSink } from "../../src/audit/descriptor-sink.ts";
import { createEventBuilder } from "../../src/audit/event.ts";
import { createQueuedSink, type ManagedAuditSink, type Opened } from "../../src/audit/sink.ts";
import type { DecisionEvent } from "../../src/core/audit.ts";
import { STILL_CLOCK } from "../golden/data-path.ts";

/** What holds of every place where decisions are written (src/core/ports.ts, `AuditSink`). */
const folder = mkdtempSync(join(tmpdir(), "impedance-sink-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Subject {
  readonly name: string;
  /** A sink that takes `queueMaxEvents` at a time, and what it has written. */
  open(queueMaxEvents: number): { sink: ManagedAuditSink; written: () => string };
}

let files = 0;
function freshFile(): string {
  files += 1;
  return join(folder, `${files}.jsonl`);
}

const onFailure = (): void => undefined;
const subjects: readonly Subject[] = [
  {
    name: "file",
    open: (queueMaxEvents) => {
      const path = freshFile();
      const sink = createFileSink({ path, queueMaxEvents, onFailure });
      return { sink, written: () => readFileSync(path, "utf8") };
    },
  },
  {
    name: "standard stream",
    open: (queueMaxEvents) => {
      const path = freshFile();
      const stream = { fd: openSync(path, "a") };
      const sink = createStreamSink({ stream, queueMaxEvents, onFailure });
      return { sink, written: () => readFileSync(path, "utf8") };
    },
  },
  {
    name: "writer that takes a few bytes at a time",
    open: (queueMaxEvents) => {
      const taken: Uint8Array[] = [];
      const write = async (bytes: Uint8Array): Promise<number> => {
        taken.push(bytes.slice(0, 7));
        return Math.min(7, bytes.length);
      };
      const writer = { write, close: () => undefined };
      const opened: Opened = { ok: true, writer, lastSeq: 0 };
      const sink = createQueuedSink(() => opened, { queueMaxEvents, onFailure });
      return { sink, written: () => Buffer.concat(taken).toString("utf8") };
    },
  },
];

const builder = createEventBuilder({
  clock: STILL_CLOCK,
  labels: {},
  subjectKey: Buffer.from("a key for tests only"),
});

function event(decisionId: string): DecisionEvent {
  return builder.build({
    decisionId,
    input: null,
    server: "files",
    policyRevision: null,
    decision: { allow: true, reasons: [] },
    findings: [],
    edits: [],
    requestId: null,
    traceId: null,
    metrics: {},
  });
}

describe.each(subjects)("a $name", ({ open }) => {
  test("writes each event it accepts as one line, in order and numbered", async () => {
    const { sink, written } = open(100);
    const ids = Array.from({ length: 50 }, (_, index) => `d-${index}`);
    expect(ids.map((id) => sink.record(event(id)))).toEqual(ids.map(() => true));
    await sink.flush();
    const lines = written().trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      ids.map((id, index) => expect.objectContaining({ decision_id: id, seq: index + 1 })),
    );
    await sink.close();
  });

  test("answers at once: whoever records does not wait for the disk", async () => {
    const { sink, written } = open(10);
    expect(sink.record(event("d-1"))).toBe(true);
    expect(written()).toBe("");
    await sink.close();
  });

  test("refuses what its queue cannot take, and takes the next when there is room", async () => {
    const { sink, written } = open(2);
    const accepted = ["a", "b", "c"].map((id) => sink.record(event(id)));
    expect(accepted).toEqual([true, true, false]);
    await sink.flush();
    expect(sink.record(event("d"))).toBe(true);
    await sink.close();
    const ids = written().trimEnd().split("\n");
    expect(ids.map((line) => JSON.parse(line).decision_id)).toEqual(["a", "b", "d"]);
  });

  test("writes what it has accepted before it closes, and accepts nothing after", async () => {
    const { sink, written } = open(10);
    sink.record(event("d-1"));
    await sink.close();
    expect(sink.record(event("d-2"))).toBe(false);
    expect(written().trimEnd().split("\n")).toHaveLength(1);
  });

  test("is healthy as long as it can write", async () => {
    const { sink } = open(10);
    sink.record(event("d-1"));
    await sink.flush();
    expect(sink.healthy).toBe(true);
    await sink.close();
  });
});
