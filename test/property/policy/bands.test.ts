import fc from "fast-check";
import { expect, test } from "vitest";
import { createBands, numbersIn } from "../../../src/policy/bands.ts";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const number = fc.oneof(finite, fc.integer(), fc.integer({ min: -3, max: 3 }));
const compare = (a: number, b: number) => [a < b, a <= b, a > b, a >= b];

test("a number and what it is told by compare alike with each constant", () => {
  fc.assert(
    fc.property(fc.array(number), number, (constants, value) => {
      const like = createBands(constants)(value);
      for (const constant of constants) {
        expect(compare(like, constant)).toEqual(compare(value, constant));
      }
    }),
  );
});

test("numbers between the same constants are told by the same", () => {
  const band = createBands([10, 1000]);
  expect([400, 401.5, 999].map(band)).toEqual([505, 505, 505]);
  expect([-4, 3, 10, 1000, 1001, 1e12].map(band)).toEqual([9, 9, 10, 1000, 1001, 1001]);
});

test("what JSON has no number for stays what it is", () => {
  const band = createBands([10]);
  expect([Number.NaN, Infinity, -Infinity].map(band)).toEqual([Number.NaN, Infinity, -Infinity]);
});

test("numbers are found wherever they stand", () => {
  expect(numbersIn({ a: [1, { b: 2 }], c: "3", d: null, e: 4.5 })).toEqual([1, 2, 4.5]);
});
