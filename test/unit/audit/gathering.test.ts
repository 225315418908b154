import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  createQueuedSink,
  type LogTarget,
  type ManagedAuditSink,
} from "../../../src/audit/sink.ts";
import { decision } from "../../support/decision-log.ts";

let sink: ManagedAuditSink;
/** Lines of each write. */
let writes: number[];
/** Whether lines were written since the last checkpoint. */
let isOwed: boolean;
let checkpoints: number;
/** Lets the write go that is held back. */
let release: () => void;
let isHeld: boolean;

/** Writes at once, or when a test lets it. */
function createTarget(): LogTarget {
  let taken = 0;
  return {
    before: { policy: null, config: null },
    open: () => null,
    get pending() {
      return taken;
    },
    take(records) {
      taken += records.length;
    },
    async commit() {
      const held = Promise.withResolvers<void>();
      release = held.resolve;
      if (isHeld) await held.promise;
      writes.push(taken);
      isOwed ||= taken > 0;
      taken = 0;
    },
    get owesCheckpoint() {
      return isOwed;
    },
    checkpoint(reason) {
      if (reason !== "time" || !isOwed) return;
      checkpoints += 1;
      isOwed = false;
    },
    omit: () => undefined,
    stand: () => undefined,
    inspect: () => undefined,
    close: () => undefined,
  };
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

function record(count: number): void {
  for (let index = 0; index < count; index += 1) {
    expect(sink.record(decision(`d-${index}`))).toBe(true);
  }
}

async function open(queueMaxEvents: number): Promise<void> {
  const onFailure = () => expect.unreachable();
  sink = createQueuedSink(createTarget(), { queueMaxEvents, onFailure });
  await pass(1);
  // What the log itself begins with is written; from here on it is gathered.
  writes.length = 0;
}

beforeEach(() => {
  vi.useFakeTimers();
  writes = [];
  isHeld = false;
  isOwed = false;
  checkpoints = 0;
});

afterEach(async () => {
  const closed = sink.close();
  await vi.runOnlyPendingTimersAsync();
  expect(await closed).toBe(true);
  vi.useRealTimers();
});

test("few lines are written 20 ms after the write before", async () => {
  await open(1_000);
  record(31);
  await pass(18);
  expect(writes).toEqual([]);
  await pass(2);
  expect(writes).toEqual([31]);
});

test("as many as are enough for a write do not wait", async () => {
  await open(1_000);
  record(32);
  await pass(0);
  expect(writes).toEqual([32]);
});

test("lines of all kinds are enough together", async () => {
  await open(1_000);
  record(20);
  sink.note({ kind: "config_history", timestamp: "", cause: "reload", old: null, new: "a" });
  record(10);
  await pass(0);
  expect(writes).toEqual([]);
  record(1);
  await pass(0);
  expect(writes).toEqual([32]);
});

test("as many as came while a write ran do not wait, either", async () => {
  await open(1_000);
  isHeld = true;
  record(32);
  await pass(0);
  record(40);
  isHeld = false;
  release();
  await pass(0);
  expect(writes).toEqual([32, 40]);
});

test("a small queue is written before it is full", async () => {
  await open(8);
  for (let round = 0; round < 5; round += 1) {
    record(4);
    await pass(0);
  }
  expect(writes).toEqual([4, 4, 4, 4, 4]);
});

test("a checkpoint is due some time after a write, however long that took, and none without one", async () => {
  await open(1_000);
  isHeld = true;
  record(32);
  await pass(150_000);
  expect([writes.includes(32), checkpoints]).toEqual([false, 0]);
  isHeld = false;
  release();
  await pass(59_999);
  expect([writes.includes(32), checkpoints]).toEqual([true, 0]);
  await pass(1);
  expect(checkpoints).toBe(1);
  await pass(150_000);
  expect(checkpoints).toBe(1);
});
