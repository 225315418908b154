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
  return { isTooLate, isFull: queue.isFull(waitedMs(milliseconds), waiting, milliseconds) };
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

  test("of which most have not been read is known by what is served while they wait", () => {
    const unread = { waiting: 1 };
    expect(outcomeAfter(450, () => 101, unread)).toEqual(LATE);
    // Ten in a second, so that no more than 30 were before it.
    expect(outcomeAfter(900, () => 3_000, { ...unread, everyMs: 100 })).toEqual(IN_TIME);
  });

  test("is full when more wait than were served in time before", () => {
    const queue = createStandingQueue(TARGET_MS);
    // Ten each millisecond, so 750 in one and a half targets.
    for (let at = 0; at <= 400; at += 1) {
      for (let each = 0; each < 10; each += 1) queue.isTooLate(60, MANY, at, "begins");
    }
    expect(queue.isFull(0, 749, 400)).toBe(false);
    expect(queue.isFull(0, 752, 400)).toBe(true);
  });

  test("of which nobody had a turn for two intervals is not taken for full", () => {
    const queue = createStandingQueue(TARGET_MS);
    for (let at = 0; at <= 400; at += 1) queue.isTooLate(101, MANY, at, "begins");
    expect(queue.isFull(0, MANY, 799)).toBe(true);
    expect(queue.isFull(0, MANY, 800)).toBe(false);
    expect(queue.isTooLate(101, MANY, 800, "begins")).toBe(false);
  });

  test("of which one in an interval is served is not taken for one that serves no more", () => {
    const queue = createStandingQueue(TARGET_MS);
    const late: number[] = [0, 0, 0, 0, 0];
    for (let at = 0; at < 1_000; at += 1) {
      const isServed = at >= 200 && at % 200 === 100;
      const isLate = queue.isTooLate(isServed ? 99 : 1_000, 1, at, "begins");
      if (isLate) late[Math.floor(at / 200)] = (late[Math.floor(at / 200)] ?? 0) + 1;
    }
    expect(late).toEqual([0, 199, 199, 199, 199]);
  });
});
