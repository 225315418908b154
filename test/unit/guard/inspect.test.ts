import { expect, test } from "vitest";
import type { Hit } from "../../../src/core/finding.ts";
import type { LeafNature } from "../../../src/core/json.ts";
import type { Clock, Guard } from "../../../src/core/ports.ts";
import { createInspector } from "../../../src/guard/inspect.ts";
import { leafOf, REQUEST_PLACE, RESULT_PLACE } from "./leaves.ts";

const STILL: Clock = { now: () => 0, monotonic: () => 0 };

/** Each look at the clock costs one millisecond. */
function tickingClock(): Clock {
  let time = 0;
  return { now: () => 0, monotonic: () => time++ };
}

function guardHitting(name: string, ...hits: readonly Hit[]): Guard {
  return { name, request: () => hits, response: () => hits };
}

function hit(start: number, end: number, changes: Partial<Hit> = {}): Hit {
  return { kind: "thing", severity: "medium", start, end, replacement: "[T]", ...changes };
}

function editsOf(...guards: readonly Guard[]): readonly (readonly [number, number, string])[] {
  const inspector = createInspector(guards, { clock: STILL, budgetMs: 1 });
  const { edits } = inspector.inspect([leafOf("abcdefghij")], RESULT_PLACE);
  return edits.map(({ start, end, replacement }) => [start, end, replacement]);
}

test("a hit with a replacement becomes a redacted finding and an edit of its leaf", () => {
  const leaf = leafOf("abcdefghij", { key: "a/b~c" });
  const inspector = createInspector([guardHitting("g", hit(2, 5))], { clock: STILL, budgetMs: 1 });
  expect(inspector.inspect([leaf], RESULT_PLACE)).toEqual({
    findings: [
      {
        guard: "g",
        kind: "thing",
        at: "/params/a~1b~0c",
        action: "redacted",
        severity: "medium",
        length: 3,
        value: null,
      },
    ],
    edits: [{ leaf, start: 2, end: 5, replacement: "[T]" }],
  });
  expect(inspector.names).toEqual(["g"]);
});

test("a hit without a replacement is found and left", () => {
  const guard = guardHitting("g", hit(2, 5, { replacement: null }));
  const inspector = createInspector([guard], { clock: STILL, budgetMs: 1 });
  const { findings, edits } = inspector.inspect([leafOf("abcdefghij")], RESULT_PLACE);
  expect(findings.map(({ action }) => action)).toEqual(["found"]);
  expect(edits).toEqual([]);
});

test.each<{ nature: LeafNature; actions: string[]; edits: number }>([
  { nature: "text", actions: ["redacted"], edits: 1 },
  { nature: "key", actions: ["found"], edits: 0 },
  { nature: "number", actions: ["found"], edits: 0 },
  { nature: "opaque", actions: ["found"], edits: 0 },
  { nature: "media", actions: [], edits: 0 },
])("a leaf of nature $nature yields $actions and $edits edits", ({ nature, actions, edits }) => {
  const inspector = createInspector([guardHitting("g", hit(0, 3))], { clock: STILL, budgetMs: 1 });
  const inspection = inspector.inspect([leafOf("abcdefghij", { nature })], RESULT_PLACE);
  expect(inspection.findings.map(({ action }) => action)).toEqual(actions);
  expect(inspection.edits).toHaveLength(edits);
});

test.each([
  {
    title: "apart stay apart, in the order of the text",
    guards: [guardHitting("a", hit(6, 8)), guardHitting("b", hit(0, 2))],
    edits: [
      [0, 2, "[T]"],
      [6, 8, "[T]"],
    ],
  },
  {
    title: "that touch stay two",
    guards: [guardHitting("a", hit(0, 3)), guardHitting("b", hit(3, 5))],
    edits: [
      [0, 3, "[T]"],
      [3, 5, "[T]"],
    ],
  },
  {
    title: "that overlap become their union, named by the more severe",
    guards: [
      guardHitting("a", hit(0, 5)),
      guardHitting("b", hit(3, 8, { severity: "high", replacement: "[HIGH]" })),
    ],
    edits: [[0, 8, "[HIGH]"]],
  },
  {
    title: "of one severity are named by the first",
    guards: [
      guardHitting("a", hit(3, 8, { replacement: "[LATER]" })),
      guardHitting("b", hit(0, 5, { replacement: "[FIRST]" })),
    ],
    edits: [[0, 8, "[FIRST]"]],
  },
  {
    title: "inside another vanish in it",
    guards: [guardHitting("a", hit(0, 9)), guardHitting("b", hit(2, 4))],
    edits: [[0, 9, "[T]"]],
  },
  {
    title: "in a chain become one",
    guards: [guardHitting("a", hit(0, 4), hit(6, 9)), guardHitting("b", hit(3, 7))],
    edits: [[0, 9, "[T]"]],
  },
])("hits $title", ({ guards, edits }) => {
  expect(editsOf(...guards)).toEqual(edits);
});

test("what is only reported counts as redacted where an edit covers it, and as found beside it", () => {
  const guards = [
    guardHitting("a", hit(2, 6)),
    guardHitting("b", hit(3, 5, { replacement: null }), hit(5, 7, { replacement: null })),
  ];
  const inspector = createInspector(guards, { clock: STILL, budgetMs: 1 });
  const { findings } = inspector.inspect([leafOf("abcdefghij")], RESULT_PLACE);
  expect(findings.map(({ action }) => action)).toEqual(["redacted", "redacted", "found"]);
});

test("a guard is asked only in the directions it looks at", () => {
  const guard: Guard = { name: "g", request: () => [hit(0, 1)] };
  const inspector = createInspector([guard], { clock: STILL, budgetMs: 1 });
  expect(inspector.inspect([leafOf("abc")], REQUEST_PLACE).findings).toHaveLength(1);
  expect(inspector.inspect([leafOf("abc")], RESULT_PLACE).findings).toHaveLength(0);
});

test("over the budget the inspection stops with a critical finding, and keeps what it has", () => {
  const inspector = createInspector([guardHitting("g", hit(0, 1))], {
    clock: tickingClock(),
    budgetMs: 1,
  });
  const text = "abc".repeat(400);
  const leaves = [leafOf(text, { key: "a" }), leafOf(text, { key: "b" }), leafOf(text)];
  const { findings, edits } = inspector.inspect(leaves, RESULT_PLACE);
  expect(
    findings.map(({ guard, kind, at, action, severity }) => [guard, kind, at, action, severity]),
  ).toEqual([
    ["g", "thing", "/params/a", "redacted", "medium"],
    ["g", "thing", "/params/b", "redacted", "medium"],
    ["limits", "budget_exceeded", "/params/b", "found", "critical"],
  ]);
  expect(edits).toHaveLength(2);
});

test("of short leaves many are looked at before the clock is, and the last one in any case", () => {
  const inspector = createInspector([guardHitting("g", hit(0, 1))], {
    clock: tickingClock(),
    budgetMs: 0,
  });
  const found = (count: number) =>
    inspector.inspect(
      Array.from({ length: count }, () => leafOf("abc")),
      RESULT_PLACE,
    ).findings;
  expect(found(2).map(({ kind }) => kind)).toEqual(["thing", "thing", "budget_exceeded"]);
  expect(found(100).length).toBeLessThan(20);
});

test("inside a long leaf the budget is looked at between two guards, inside a short one not", () => {
  const asked: string[] = [];
  const guards = ["first", "second", "third"].map(
    (name): Guard => ({
      name,
      response: () => {
        asked.push(name);
        return [];
      },
    }),
  );
  for (const text of ["a".repeat(4096), "a".repeat(4095)]) {
    const inspector = createInspector(guards, { clock: tickingClock(), budgetMs: 1 });
    const { findings } = inspector.inspect([leafOf(text)], RESULT_PLACE);
    asked.push(`${findings.length} finding`);
  }
  expect(asked).toEqual(["first", "second", "1 finding", "first", "second", "third", "0 finding"]);
});

test("a guard that throws is a bug, and the exception goes through", () => {
  const guard: Guard = {
    name: "g",
    response: () => {
      throw new RangeError("bug");
    },
  };
  const inspector = createInspector([guard], { clock: STILL, budgetMs: 1 });
  expect(() => inspector.inspect([leafOf("abc")], RESULT_PLACE)).toThrow(RangeError);
});
