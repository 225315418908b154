import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createOccupancy } from "../../../src/state/occupancy.ts";
import { createTokenBuckets } from "../../../src/state/token-buckets.ts";

const rates = fc.record({
  points: fc.double({ min: 0.01, max: 10_000, noNaN: true }),
  seconds: fc.double({ min: 0.01, max: 3_600, noNaN: true }),
  burst: fc.integer({ min: 1, max: 50 }),
});
/** When one asks, as waits since the last time. */
const waits = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5_000, noNaN: true })), {
  minLength: 1,
  maxLength: 200,
});

describe("a bucket, whenever it is asked,", () => {
  test("pays at most burst + rate × time, in every span of time", () => {
    fc.assert(
      fc.property(rates, waits, (rate, pauses) => {
        let now = 0;
        const buckets = createTokenBuckets({ clock: { monotonic: () => now }, keysMax: 10 });
        const bucket = { limit: "l", key: "k", rate };
        const paid: number[] = [];
        for (const pause of pauses) {
          now += pause;
          if (buckets.take([{ bucket, cost: 1 }])[0] === 0) paid.push(now);
        }
        for (const [first, from] of paid.entries()) {
          const excess = paid.slice(first).map((to, count) => {
            return count + 1 - (rate.burst + ((to - from) / 1_000 / rate.seconds) * rate.points);
          });
          expect(Math.max(...excess)).toBeLessThan(1e-3);
        }
      }),
    );
  });

  test("pays again once the time that it told is over", () => {
    fc.assert(
      fc.property(rates, waits, (rate, pauses) => {
        let now = 0;
        const buckets = createTokenBuckets({ clock: { monotonic: () => now }, keysMax: 10 });
        const ask = { bucket: { limit: "l", key: "k", rate }, cost: 1 };
        for (const pause of pauses) {
          now += pause;
          const wait = buckets.take([ask])[0] ?? 0;
          if (wait === 0) continue;
          now += wait;
          expect(buckets.take([ask])).toEqual([0]);
        }
      }),
    );
  });

  test("is bounded in memory, and never in debt to who asks first", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 300 }), (keys) => {
        const buckets = createTokenBuckets({ clock: { monotonic: () => 0 }, keysMax: 8 });
        const rate = { points: 1, seconds: 1, burst: 1 };
        const seen = new Set<number>();
        for (const key of keys) {
          const [wait] = buckets.take([{ bucket: { limit: "l", key: `${key}`, rate }, cost: 1 }]);
          if (!seen.has(key)) expect(wait).toBe(0);
          seen.add(key);
        }
      }),
    );
  });
});

test("never more are open than may be, and all that left can come again", () => {
  const subjects = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean()));
  fc.assert(fc.property(subjects, ([max, steps]) => expectBounded(max, steps)));
});

function expectBounded(max: number, steps: readonly boolean[]): void {
  const occupancy = createOccupancy();
  const place = { limit: "l", key: "k" };
  let open = 0;
  for (const isEntering of steps) {
    const isIn = isEntering && occupancy.enter(place, max);
    if (isEntering) expect(isIn).toBe(open < max);
    if (isIn) open += 1;
    if (isEntering || open === 0) continue;
    occupancy.leave(place);
    open -= 1;
  }
  for (; open > 0; open--) occupancy.leave(place);
  for (let again = 0; again < max; again++) expect(occupancy.enter(place, max)).toBe(true);
}
