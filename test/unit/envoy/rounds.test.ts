import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Rounds } from "../../../src/envoy/rounds.ts";

const AFTER_MS = 50;

let rounds: Rounds;
let looked: [name: string, atMs: number][];
let start: number;

beforeEach(() => {
  vi.useFakeTimers();
  rounds = new Rounds(AFTER_MS);
  looked = [];
  start = performance.now();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Adds what notes when it was looked at. */
function add(name: string, look: () => void = () => undefined) {
  const one = {
    look() {
      looked.push([name, performance.now() - start]);
      look();
    },
  };
  rounds.add(one, performance.now());
  return one;
}

test("each is looked at once, when its time has passed", () => {
  add("a");
  vi.advanceTimersByTime(20);
  add("b");
  vi.advanceTimersByTime(1_000);
  expect(looked).toEqual([
    ["a", 50],
    ["b", 70],
  ]);
});

test("one timer does for all of them, and for those that come before it fires", () => {
  for (let count = 0; count < 1_000; count += 1) rounds.remove(add("gone"));
  add("a");
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(looked).toEqual([["a", 50]]);
  expect(vi.getTimerCount()).toBe(0);
});

test("who is taken back is not looked at, and those behind it in time", () => {
  const first = add("a");
  vi.advanceTimersByTime(10);
  add("b");
  rounds.remove(first);
  vi.advanceTimersByTime(1_000);
  expect(looked).toEqual([["b", 60]]);
});

test("who is added again waits as long again", () => {
  const one = add("a");
  vi.advanceTimersByTime(30);
  rounds.add(one, performance.now());
  vi.advanceTimersByTime(1_000);
  expect(looked).toEqual([["a", 80]]);
});

test("who is added by what is done about it is looked at in a later round", () => {
  let left = 2;
  const one = add("a", () => {
    left -= 1;
    if (left > 0) rounds.add(one, performance.now());
  });
  vi.advanceTimersByTime(1_000);
  expect(looked).toEqual([
    ["a", 50],
    ["a", 100],
  ]);
});

test("who is added again holds up nobody behind it", () => {
  const one = add("a", () => rounds.add(one, performance.now()));
  vi.advanceTimersByTime(10);
  add("b");
  vi.advanceTimersByTime(110);
  expect(looked).toEqual([
    ["a", 50],
    ["b", 60],
    ["a", 100],
  ]);
});

test("whatever becomes of one, the others are looked at", () => {
  add("a", () => {
    throw new Error("a bug");
  });
  add("b");
  expect(() => vi.advanceTimersByTime(AFTER_MS)).toThrow("a bug");
  vi.advanceTimersByTime(1);
  expect(looked.map(([name]) => name)).toEqual(["a", "b"]);
});
