import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createDeadlines, type Deadlines } from "../../../src/envoy/deadlines.ts";
import { Rounds } from "../../../src/envoy/rounds.ts";

const SOONEST_MS = 50;

let causes: string[];
let deadlines: Deadlines;

beforeEach(() => {
  vi.useFakeTimers();
  causes = [];
  deadlines = createDeadlines({ abort: (cause) => causes.push(cause) }, new Rounds(SOONEST_MS));
});

afterEach(() => {
  deadlines.clear();
  // The round that was to come finds nobody.
  vi.advanceTimersByTime(SOONEST_MS);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("what is over leaves no timer of its own behind", () => {
  const waiting = new Set<unknown>();
  const rounds = {
    afterMs: SOONEST_MS,
    add: (one: unknown) => void waiting.add(one),
    remove: (one: unknown) => void waiting.delete(one),
  };
  const near = createDeadlines({ abort: () => undefined }, rounds);
  near.arm(SOONEST_MS - 1, "request_deadline");
  const far = createDeadlines({ abort: () => undefined }, rounds);
  far.arm(SOONEST_MS, "request_deadline");
  expect([vi.getTimerCount(), waiting.size]).toEqual([1, 1]);
  near.clear();
  far.clear();
  expect([vi.getTimerCount(), waiting.size]).toEqual([0, 0]);
});

describe("a deadline", () => {
  test.each([
    { title: "as near as any is likely to be", milliseconds: SOONEST_MS },
    { title: "nearer", milliseconds: 7 },
    { title: "farther, more than once", milliseconds: 3 * SOONEST_MS + 1 },
  ])("that is $title ends the exchange when it is reached, once", ({ milliseconds }) => {
    deadlines.arm(milliseconds, "request_deadline");
    vi.advanceTimersByTime(milliseconds - 1);
    expect(causes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(causes).toEqual(["request_deadline"]);
    vi.advanceTimersByTime(10_000);
    expect(causes).toHaveLength(1);
  });

  test.each([
    { title: "farther", milliseconds: 500 },
    { title: "nearer", milliseconds: 5 },
  ])("that is $title takes the place of the one before", ({ milliseconds }) => {
    deadlines.arm(100, "request_deadline");
    vi.advanceTimersByTime(60);
    deadlines.arm(milliseconds, "verdict_deadline");
    vi.advanceTimersByTime(milliseconds - 1);
    expect(causes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(causes).toEqual(["verdict_deadline"]);
  });

  test("that was disarmed is none, until another is armed", () => {
    deadlines.arm(100, "stream_silent");
    deadlines.disarm();
    vi.advanceTimersByTime(1_000);
    expect(causes).toEqual([]);
    deadlines.armPart(100, "stream_silent");
    vi.advanceTimersByTime(100);
    expect(causes).toEqual(["stream_silent"]);
  });
});

describe("the time of a whole answer", () => {
  test("ends the exchange whatever deadline of a part is armed meanwhile", () => {
    deadlines.armAnswer(300);
    deadlines.armPart(100, "response_deadline");
    vi.advanceTimersByTime(200);
    deadlines.armPart(100, "response_deadline");
    vi.advanceTimersByTime(99);
    expect(causes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(causes).toEqual(["tool_deadline"]);
  });

  test("is none where it has none", () => {
    deadlines.armAnswer(null);
    deadlines.armPart(100, "response_deadline");
    vi.advanceTimersByTime(100);
    expect(causes).toEqual(["response_deadline"]);
  });
});

test("a heartbeat comes now and then, and ends no exchange", () => {
  const beat = vi.fn();
  deadlines.startHeartbeat(10, beat);
  deadlines.startHeartbeat(1, beat);
  vi.advanceTimersByTime(35);
  expect(beat).toHaveBeenCalledTimes(3);
  expect(deadlines.isBeating).toBe(true);
  expect(causes).toEqual([]);
});
