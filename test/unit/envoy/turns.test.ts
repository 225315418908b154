import { expect, test } from "vitest";
import { createTurns } from "../../../src/envoy/turns.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("what is put off is done in order, and not before the turn is over", async () => {
  const later = createTurns();
  const done: number[] = [];
  later(() => done.push(1));
  await Promise.resolve();
  later(() => done.push(2));
  expect(done).toEqual([]);
  await turn();
  expect(done).toEqual([1, 2]);
});

test("what comes of it is done in the next turn", async () => {
  const later = createTurns();
  const done: string[] = [];
  later(() => later(() => done.push("second")));
  await turn();
  expect(done).toEqual([]);
  await turn();
  expect(done).toEqual(["second"]);
});
