import { expect, test } from "vitest";
import { createRemembered } from "../../../src/policy/remembered.ts";

const always = () => true;

test("what was answered is not asked again", () => {
  const remembered = createRemembered<number>();
  let asked = 0;
  const ask = () => ++asked;
  expect([remembered.of("a", ask, always), remembered.of("a", ask, always)]).toEqual([1, 1]);
  expect(remembered.of("b", ask, always)).toBe(2);
});

test("an answer that does not last is asked for each time", () => {
  const remembered = createRemembered<number>();
  let asked = 0;
  const ask = () => ++asked;
  const never = () => false;
  expect([remembered.of("a", ask, never), remembered.of("a", ask, never)]).toEqual([1, 2]);
});

test("long questions are asked each time", () => {
  const remembered = createRemembered<number>();
  let asked = 0;
  const question = "x".repeat(4097);
  for (let count = 0; count < 2; count += 1) remembered.of(question, () => ++asked, always);
  expect(asked).toBe(2);
});

test("what is asked for all along stays, and what was not is forgotten", () => {
  const remembered = createRemembered<string>();
  const asked: string[] = [];
  const ask = (question: string) =>
    remembered.of(
      question,
      () => {
        asked.push(question);
        return question;
      },
      always,
    );
  ask("once");
  for (let count = 0; count < 10_000; count += 1) {
    ask(`q${count}`);
    ask("again and again");
  }
  ask("once");
  expect(asked.filter((one) => one === "again and again")).toHaveLength(1);
  expect(asked.filter((one) => one === "once")).toHaveLength(2);
});
