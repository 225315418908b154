import { expect, test } from "vitest";
import { createQuestions } from "../../../src/policy/questions.ts";

const INPUT = {
  phase: "request",
  message: { kind: "request", tool: "t" },
  result: null,
  paths: [1],
};

test.each([
  {
    title: "members that are read",
    reads: [["message", "tool"]],
    given: { message: { tool: "t" } },
  },
  { title: "a member that is read whole", reads: [["paths"]], given: { paths: [1] } },
  {
    title: "a member that is read whole and in part",
    reads: [["message", "tool"], ["message"]],
    given: { message: { kind: "request", tool: "t" } },
  },
  {
    title: "what is no object where one is looked into",
    reads: [
      ["result", "type"],
      ["phase", "x"],
    ],
    given: { result: null, phase: "request" },
  },
  { title: "nothing that is not there", reads: [["message", "x"], ["y"]], given: { message: {} } },
  { title: "nothing to who reads nothing", reads: [], given: {} },
  { title: "everything in doubt", reads: null, given: INPUT },
  { title: "everything to who reads the whole", reads: [[], ["phase"]], given: INPUT },
  { title: "everything beside __proto__", reads: [["phase"], ["__proto__"]], given: INPUT },
  {
    title: "everything beside __proto__, one level down",
    reads: [["message", "__proto__"]],
    given: { message: { kind: "request", tool: "t" } },
  },
])("a policy is given $title", ({ reads, given }) => {
  const { textOf } = createQuestions({ reads, compared: [] }, () => 0);
  expect(JSON.parse(textOf(INPUT))).toEqual(given);
});

test("a policy is given another number in place of one that it only compares", () => {
  const facts = { reads: [["a", "n"], ["b"], ["c"]], compared: [["a", "n"], ["b"]] };
  const { textOf, keyOf } = createQuestions(facts, () => 7);
  expect(JSON.parse(textOf({ a: { n: 1 }, b: null, c: 3 }))).toEqual({
    a: { n: 7 },
    b: null,
    c: 3,
  });
  expect(keyOf({ a: { n: 1 }, c: 3 })).toBe(keyOf({ a: { n: 2 }, c: 3 }));
  expect(keyOf({ a: { n: 1 }, c: 3 })).not.toBe(keyOf({ a: { n: 1 }, c: 4 }));
});

test("what is not read makes no other question", () => {
  const { keyOf } = createQuestions({ reads: [["a", "b"]], compared: [] }, (value) => value);
  expect(keyOf({ a: { b: 1, c: 1 } })).toBe(keyOf({ a: { b: 1, c: 2 }, d: 3 }));
  expect(keyOf({ a: { b: 1 } })).not.toBe(keyOf({ a: { b: 2 } }));
});

test("what was frozen is told from what else is", () => {
  const { keyOf } = createQuestions({ reads: [["a"], ["b", "x"]], compared: [] }, (n) => n);
  const lasting = Object.freeze({ x: 1 });
  const first = keyOf({ a: lasting, b: lasting });
  expect(keyOf({ a: lasting, b: lasting })).toBe(first);
  expect(keyOf({ a: { x: 1 }, b: { x: 1 } })).toBe(first);
  expect(keyOf({ a: { x: 2 }, b: lasting })).not.toBe(first);
  expect(keyOf({ a: Object.freeze({ x: 2 }), b: lasting })).not.toBe(first);
});

test("what JSON cannot say has no name", () => {
  const { keyOf } = createQuestions({ reads: [["a"]], compared: [] }, (value) => value);
  expect(() => keyOf({ a: 1n })).toThrow();
  expect(() => keyOf({ a: { b: 1n } })).toThrow();
});
