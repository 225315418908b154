import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

import { createQueuedSink, type ManagedAuditSink } from "../../src/audit/sink.ts";
import { createChainedTarget, createStreamSink } from "../../src/audit/stream-sink.ts";
import { decision as event, LOG_DEFAULTS, openTestLog } from "../support/decision-log.ts";

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
      const sink = openTestLog([path], { queueMaxEvents });
      return { sink, written: () => readFileSync(path, "utf8") };
    },
  },
  {
    name: "standard stream",
    open: (queueMaxEvents) => {
      const path = freshFile();
      const stream = { fd: openSync(path, "a") };
      const sink = createStreamSink({ stream, queueMaxEvents, onFailure, lines: LOG_DEFAULTS });
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
      const target = createChainedTarget(write, LOG_DEFAULTS);
      const sink = createQueuedSink(target, { queueMaxEvents, onFailure });
      return { sink, written: () => Buffer.concat(taken).toString("utf8") };
    },
  },
];

/** The decisions among the lines, which stand in it without a gap. */
function decisionsIn(text: string): readonly { decision_id: string; seq: number }[] {
  const lines = text
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1));
  return lines.filter(({ kind }) => kind === "decision");
}

describe.each(subjects)("a $name", ({ open }) => {
  test("writes each event it accepts as one line, in order and numbered", async () => {
    const { sink, written } = open(100);
    const ids = Array.from({ length: 50 }, (_, index) => `d-${index}`);
    expect(ids.map((id) => sink.record(event(id)))).toEqual(ids.map(() => true));
    expect(await sink.settled()).toBe(true);
    expect(decisionsIn(written()).map(({ decision_id }) => decision_id)).toEqual(ids);
    await sink.close();
  });

  test("answers at once: whoever records does not wait for the disk", async () => {
    const { sink, written } = open(10);
    expect(sink.record(event("d-1"))).toBe(true);
    expect(written()).not.toContain("d-1");
    await sink.close();
  });

  test("refuses what its queue cannot take, and takes the next when there is room", async () => {
    const { sink, written } = open(2);
    const accepted = ["a", "b", "c"].map((id) => sink.record(event(id)));
    expect(accepted).toEqual([true, true, false]);
    await sink.settled();
    expect(sink.record(event("d"))).toBe(true);
    await sink.close();
    const ids = decisionsIn(written()).map(({ decision_id }) => decision_id);
    expect(ids).toEqual(["a", "b", "d"]);
  });

  test("writes what it has accepted before it closes, and accepts nothing after", async () => {
    const { sink, written } = open(10);
    sink.record(event("d-1"));
    await sink.close();
    expect(sink.record(event("d-2"))).toBe(false);
    expect(decisionsIn(written())).toHaveLength(1);
  });

  test("counts what is not to be written, and tells it at the next checkpoint", async () => {
    const { sink, written } = open(10);
    sink.record(event("d-1"));
    expect([sink.omit(), sink.omit()]).toEqual([true, true]);
    await sink.close();
    const last = JSON.parse(written().trimEnd().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ kind: "checkpoint", reason: "close", unlogged: 2 });
    expect(sink.omit()).toBe(false);
  });

  test("is healthy as long as it can write", async () => {
    const { sink } = open(10);
    sink.record(event("d-1"));
    await sink.settled();
    expect(sink.healthy).toBe(true);
    await sink.close();
  });
});
