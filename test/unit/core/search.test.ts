import { expect, test } from "vitest";
import { firstIndex } from "../../../src/core/search.ts";

test.each([
  [[], 0],
  [[9], 0],
  [[1], 1],
  [[1, 2, 5, 5, 9], 2],
  [[1, 2, 3], 3],
  [[5, 6, 7, 8], 0],
])("in %j the first of 5 or more is at %i", (items, index) => {
  expect(firstIndex(items, (item) => item >= 5)).toBe(index);
});

test("a million are told by twenty looks", () => {
  const items = Array.from({ length: 1_000_000 }, (_, index) => index);
  let looks = 0;
  const found = firstIndex(items, (item) => {
    looks += 1;
    return item >= 777_777;
  });
  expect(found).toBe(777_777);
  expect(looks).toBeLessThanOrEqual(20);
});
