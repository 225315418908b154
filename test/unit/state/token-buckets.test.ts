import { describe, expect, test } from "vitest";

import type { Bucket, Rate } from "../../../src/core/rate-limit.ts";
import { createFailureBrake } from "../../../src/state/failure-brake.ts";
import { createOccupancy } from "../../../src/state/occupancy.ts";
import { createTokenBuckets } from "../../../src/state/token-buckets.ts";

const PER_SECOND: Rate = { points: 10, seconds: 1, burst: 3 };

function createSubject(keysMax = 1_000) {
  let now = 0;
  const buckets = createTokenBuckets({ clock: { monotonic: () => now }, keysMax });
  const bucket = (key: string, rate = PER_SECOND): Bucket => ({ limit: "l", key, rate });
  return {
    pass: (ms: number) => {
      now += ms;
    },
    take: (key = "a", cost = 1, rate = PER_SECOND) =>
      buckets.take([{ bucket: bucket(key, rate), cost }])[0],
    charge: (key: string, cost: number) => buckets.charge(bucket(key), cost),
    peek: (key: string) => buckets.peek(bucket(key)),
  };
}

describe("a bucket", () => {
  test("pays its burst at once, and then tells when the next point comes", () => {
    const { take } = createSubject();
    expect([take(), take(), take(), take(), take()]).toEqual([0, 0, 0, 100, 100]);
  });

  test("pays again after just that time, and not before", () => {
    const { take, pass } = createSubject();
    expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 100]);
    pass(99);
    expect(take()).toBe(1);
    pass(1);
    expect([take(), take()]).toEqual([0, 100]);
  });

  test("holds no more than its burst, however long nobody asks", () => {
    const { take, pass } = createSubject();
    pass(3_600_000);
    expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 100]);
  });

  test("is one of a key: another caller has a whole one", () => {
    const { take } = createSubject();
    expect([take("a"), take("a"), take("a"), take("a"), take("b")]).toEqual([0, 0, 0, 100, 0]);
  });

  test("pays a cost that is larger than itself once, and is in debt then", () => {
    const { take, pass } = createSubject();
    expect([take("a", 13), take("a")]).toEqual([0, 1_100]);
    pass(1_100);
    expect([take("a"), take("a")]).toEqual([0, 100]);
  });

  test("takes by force what was spent already", () => {
    const { take, charge } = createSubject();
    charge("a", 5);
    charge("a", 5);
    expect(take("a")).toBe(800);
  });

  test("tells without taking", () => {
    const { take, peek } = createSubject();
    expect([peek("a"), take("a", 3), peek("a"), peek("a")]).toEqual([0, 0, 100, 100]);
  });
});

describe("bounded memory", () => {
  test("forgets full buckets first: who is in debt stays in debt", () => {
    const { take, pass } = createSubject(4);
    take("debtor", 1_000);
    for (const key of ["b", "c", "d"]) take(key);
    pass(1_000);
    for (const key of ["e", "f", "g"]) take(key);
    expect(take("debtor")).toBeGreaterThan(0);
  });

  test("forgets who was heard of least recently where none is full", () => {
    const { take } = createSubject(2);
    expect([take("a", 9), take("b", 9), take("c", 9), take("a")]).toEqual([0, 0, 0, 0]);
  });
});

describe("what is open at the same time", () => {
  const place = { limit: "l", key: "a" };

  test("is bounded, and gives back what leaves", () => {
    const occupancy = createOccupancy();
    expect([1, 2, 3].map(() => occupancy.enter(place, 2))).toEqual([true, true, false]);
    occupancy.leave(place);
    expect([1, 2].map(() => occupancy.enter(place, 2))).toEqual([true, false]);
  });

  test("is counted apart for each key and each limit", () => {
    const occupancy = createOccupancy();
    expect(occupancy.enter(place, 1)).toBe(true);
    expect(occupancy.enter({ ...place, key: "b" }, 1)).toBe(true);
    expect(occupancy.enter({ ...place, limit: "m" }, 1)).toBe(true);
    expect(occupancy.enter(place, 1)).toBe(false);
  });
});

test("who fails too often waits, and nobody else does", () => {
  let now = 0;
  const clock = { monotonic: () => now };
  const brake = createFailureBrake({ clock, max: 2, seconds: 10, addressesMax: 10 });
  brake.failed("198.51.100.7");
  expect(brake.waitMs("198.51.100.7")).toBe(0);
  brake.failed("198.51.100.7");
  expect(brake.waitMs("198.51.100.7")).toBe(5_000);
  expect(brake.waitMs("198.51.100.8")).toBe(0);
  now += 5_000;
  expect(brake.waitMs("198.51.100.7")).toBe(0);
});
