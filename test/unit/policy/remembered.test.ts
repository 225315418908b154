import { expect, test } from "vitest";
import { createRemembered } from "../../../src/policy/remembered.ts";

test("what was answered is found again", () => {
  const remembered = createRemembered<number>();
  const name = remembered.nameOf("a");
  expect(remembered.get(name)).toBeUndefined();
  remembered.keep(name, 1);
  expect(remembered.get(remembered.nameOf("a"))).toBe(1);
  expect(remembered.get(remembered.nameOf("b"))).toBeUndefined();
});

test("a question is kept as its digest", () => {
  expect(createRemembered<number>().nameOf("a")).toMatch(/^[A-Za-z0-9+/]{43}=$/);
});

test("long questions are not kept", () => {
  const remembered = createRemembered<number>();
  expect(remembered.nameOf("x".repeat(4096))).not.toBeNull();
  expect(remembered.nameOf("x".repeat(4097))).toBeNull();
  remembered.keep(null, 1);
  expect(remembered.get(null)).toBeUndefined();
});

test("what is asked for all along stays, and what was not is forgotten", () => {
  const remembered = createRemembered<string>();
  const asked: string[] = [];
  const ask = (question: string) => {
    const name = remembered.nameOf(question);
    if (remembered.get(name) !== undefined) return;
    asked.push(question);
    remembered.keep(name, question);
  };
  ask("once");
  for (let count = 0; count < 10_000; count += 1) {
    ask(`q${count}`);
    ask("again and again");
  }
  ask("once");
  expect(asked.filter((one) => one === "again and again")).toHaveLength(1);
  expect(asked.filter((one) => one === "once")).toHaveLength(2);
});
