import { expect, test } from "vitest";
import { expectLinear } from "../../support/linear.ts";

function steps(count: number): void {
  let sum = 0;
  for (let at = 0; at < count; at += 1) sum = (sum + at) % 7;
  expect(sum).toBeLessThan(7);
}

test("work in proportion passes, and a square does not", () => {
  expectLinear((length) => steps(1_000 * length), 8_000);
  expect(() => expectLinear((length) => steps(length * length), 8_000)).toThrow(
    /^8 times as much takes (?:\d{2,}, ){4}\d{2,} times as long$/,
  );
});
