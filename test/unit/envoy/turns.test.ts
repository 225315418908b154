import { expect, test } from "vitest";
import { createTurns } from "../../../src/envoy/turns.ts";

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

test("what is put off is done in order once all was read, and then sent", async () => {
  const done: (number | string)[] = [];
  const later = createTurns(() => done.push("sent"));
  later(() => done.push(1));
  later(() => done.push(2));
  expect(done).toEqual([]);
  await nextTick();
  expect(done).toEqual([1, 2, "sent"]);
});

test("what comes of it is done in the next turn", async () => {
  const done: string[] = [];
  const later = createTurns(() => done.push("sent"));
  later(() => later(() => done.push("second")));
  await nextTick();
  await nextTick();
  expect(done).toEqual(["sent", "second", "sent"]);
});
