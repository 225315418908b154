import { describe, expect, test } from "vitest";

import { createStandingQueue, type Patience } from "../../../src/envoy/standing-queue.ts";

const TARGET_MS = 50;
const MANY = 1_000;

interface Heads {
  readonly patience?: Patience;
  readonly waiting?: number;
  readonly everyMs?: number;
}

/** One head each millisecond, all of which waited so long. Says what became of the last one. */
function outcomeAfter(
  milliseconds: number,
  waitedMs: (at: number) => number,
  { patience = "begins", waiting = MANY, everyMs = 1 }: Heads = {},
) {
  const queue = createStandingQueue(TARGET_MS);
  let isTooLate = false;
  for (let at = 0; at <= milliseconds; at += everyMs) {
    isTooLate = queue.isTooLate(waitedMs(at), waiting, at, patience);
  }
  return { isTooLate, isFull: queue.isFull(waiting, milliseconds) };
}

const LATE = { isTooLate: true, isFull: true };
const IN_TIME = { isTooLate: false, isFull: false };

describe("a queue", () => {
  test.each<{
    title: string;
    milliseconds: number;
    waitedMs: (at: number) => number;
    outcome: typeof LATE;
  }>([
    { title: "that stands sheds", milliseconds: 450, waitedMs: () => 101, outcome: LATE },
    {
      title: "that has stood for less than an interval sheds nothing",
      milliseconds: 199,
      waitedMs: () => 1_000,
      outcome: IN_TIME,
    },
    {
      title: "that was empty once in each interval sheds nothing",
      milliseconds: 450,
      waitedMs: (at) => (at % 150 === 0 ? 0 : 1_000),
      outcome: IN_TIME,
    },
    {
      title: "whose waits are under the target sheds nothing",
      milliseconds: 450,
      waitedMs: () => 50,
      outcome: IN_TIME,
    },
    {
      title: "that is worked off again sheds nothing",
      milliseconds: 900,
      waitedMs: (at) => (at < 450 ? 1_000 : 1),
      outcome: IN_TIME,
    },
  ])("$title", ({ milliseconds, waitedMs, outcome }) => {
    expect(outcomeAfter(milliseconds, waitedMs)).toEqual(outcome);
  });

  test("that stands serves those who waited less than twice the target", () => {
    expect(outcomeAfter(450, () => 99).isTooLate).toBe(false);
  });

  test.each([
    { title: "those who go on with something: they may wait longer", waitedMs: 199, late: false },
    { title: "but not forever", waitedMs: 201, late: true },
  ])("that stands serves $title", ({ waitedMs, late }) => {
    expect(outcomeAfter(450, () => waitedMs, { patience: "goes_on" }).isTooLate).toBe(late);
  });

  test("of a few sheds nothing, however long they wait", () => {
    const seldom = { everyMs: 50 };
    expect(outcomeAfter(450, () => 3_000, { ...seldom, waiting: 64 }).isTooLate).toBe(false);
    expect(outcomeAfter(450, () => 3_000, { ...seldom, waiting: 65 }).isTooLate).toBe(true);
  });

  test("is full when more wait than were served in time before", () => {
    const queue = createStandingQueue(TARGET_MS);
    // Ten each millisecond, so 750 in one and a half targets.
    for (let at = 0; at <= 400; at += 1) {
      for (let each = 0; each < 10; each += 1) queue.isTooLate(60, MANY, at, "begins");
    }
    expect(queue.isFull(749, 400)).toBe(false);
    expect(queue.isFull(752, 400)).toBe(true);
  });

  test("of which nobody had a turn for two intervals is not taken for full", () => {
    const queue = createStandingQueue(TARGET_MS);
    for (let at = 0; at <= 400; at += 1) queue.isTooLate(101, MANY, at, "begins");
    expect(queue.isFull(MANY, 799)).toBe(true);
    expect(queue.isFull(MANY, 800)).toBe(false);
    expect(queue.isTooLate(101, MANY, 800, "begins")).toBe(false);
  });

  test("serves in a time what it served in such a time before, also where it refuses most", () => {
    const queue = createStandingQueue(TARGET_MS);
    expect(queue.servedIn(1_000)).toBe(0);
    for (let at = 0; at <= 200; at += 1) queue.isTooLate(60, MANY, at, "begins");
    expect(queue.servedIn(100)).toBe(100);
    // One of two hundred is served.
    for (let at = 201; at <= 400; at += 1) {
      queue.isTooLate(at === 300 ? 99 : 1_000, MANY, at, "begins");
    }
    expect(queue.servedIn(100)).toBeCloseTo(90);
    // Who is not refused tells how many come.
    for (let at = 402; at <= 1_000; at += 2) queue.isTooLate(1, MANY, at, "begins");
    expect(queue.servedIn(100)).toBeCloseTo(50);
  });
});
