import { readFileSync } from "node:fs";
import { afterAll, expect, test, vi } from "vitest";
import { createEventBuilder } from "../../../src/audit/event.ts";
import type { AuthRecord } from "../../../src/audit/records.ts";
import type { SinkFailure } from "../../../src/audit/sink.ts";
import { decision, openTestLog, temporaryFolder } from "../../support/decision-log.ts";
import { waitFor } from "../../support/wait.ts";
import { exampleFacts, SUBJECT_KEY } from "./example.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

let files = 0;
function freshPath(): string {
  files += 1;
  return folder.at(`${files}.jsonl`);
}

/** Ids of decisions, and the kinds of other lines. */
function linesOf(path: string): readonly string[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const { kind, decision_id: id } = JSON.parse(line);
    return kind === "decision" ? id : kind;
  });
}

function arrival(id: string): AuthRecord {
  return {
    ...{ kind: "auth", timestamp: "2026-07-28T10:00:01.234Z", event: "session_opened" },
    ...{ outcome: "success", labels: {}, server: "files", principal: null, session: null },
    ...{ source_ip: null, request_id: id, details: {} },
  };
}

test("events that are made later stand in the order in which they happened", async () => {
  const path = freshPath();
  const sink = openTestLog([path]);
  const ids = Array.from({ length: 200 }, (_, index) => `d-${index}`);
  for (const id of ids) expect(sink.recordLater(() => decision(id))).toBe(true);
  expect(sink.record(decision("now"))).toBe(true);
  expect(sink.recordLater(() => decision("later"))).toBe(true);
  expect(sink.account(arrival("a"))).toBe(true);
  expect(sink.recordLater(() => decision("last"))).toBe(true);
  expect(await sink.close()).toBe(true);
  expect(linesOf(path)).toEqual(["start", ...ids, "now", "later", "auth", "last", "checkpoint"]);
});

test("few wait to be made, however many come in one turn", () => {
  const sink = openTestLog([freshPath()]);
  let made = 0;
  for (let count = 1; count <= 500; count += 1) {
    sink.recordLater(() => {
      made += 1;
      return decision("d");
    });
    expect(count - made).toBeLessThanOrEqual(64);
  }
  return sink.close();
});

test("behind an event that cannot be made nothing is accepted, and nobody who asks is harmed", async () => {
  const failures: SinkFailure[] = [];
  const path = freshPath();
  const sink = openTestLog([path], { onFailure: (failure) => failures.push(failure) });
  sink.recordLater(() => {
    throw new Error("of what a peer sent");
  });
  expect(sink.account(arrival("a"))).toBe(false);
  expect(sink.record(decision("d"))).toBe(false);
  expect(sink.recordLater(() => decision("d"))).toBe(false);
  expect(sink.omit()).toBe(false);
  expect(sink.healthy).toBe(false);
  expect(await sink.settled()).toBe(false);
  expect(await sink.close()).toBe(false);
  expect(linesOf(path)).not.toContain("d");
  expect(JSON.stringify(failures)).not.toContain("of what a peer sent");
});

test("whether it is found out by an event of the same turn, or by the write", async () => {
  for (const count of [0, 100]) {
    const sink = openTestLog([freshPath()]);
    sink.recordLater(() => {
      throw new Error("a bug");
    });
    const accepted = Array.from({ length: count }, () => sink.recordLater(() => decision("d")));
    await waitFor("the failure", () => !sink.healthy);
    expect(accepted.filter((isAccepted) => isAccepted).length).toBe(Math.min(count, 63));
    expect(await sink.close()).toBe(false);
  }
});

test("a draft tells of the moment in which it was made, and keeps no arguments", () => {
  let now = Date.UTC(2026, 6, 28, 10, 0, 1, 234);
  const seal = vi.fn((text: Uint8Array) => ({ sealed: Buffer.from(text).toString() }) as never);
  const clock = { now: () => now, monotonic: () => 0 };
  const builder = createEventBuilder({
    ...{ clock, labels: {}, subjectKey: SUBJECT_KEY },
    analyst: { seal } as never,
  });
  const text = Buffer.from('{"path":"/a"}');
  const draft = builder.draft({ ...exampleFacts(), arguments: text });
  now += 60_000;
  text.fill(0);
  expect(seal).toHaveBeenCalledTimes(1);
  expect(draft()).toMatchObject({
    timestamp: "2026-07-28T10:00:01.234Z",
    sealed_arguments: { sealed: '{"path":"/a"}' },
  });
  expect(draft()).toEqual(draft());
});
