import { expect, test } from "vitest";
import { type AllowEntry, FAULT_KIND, type Hit } from "../../../src/core/finding.ts";
import { pointerOf } from "../../../src/core/json.ts";
import type { Guard } from "../../../src/core/ports.ts";
import { createAllowList, hashOfValue } from "../../../src/guard/allow-list.ts";
import { BUDGET_EXCEEDED } from "../../../src/guard/budget.ts";
import { createInspector } from "../../../src/guard/inspect.ts";
import { leafOf, RESULT_PLACE } from "./leaves.ts";

const KEY = new Uint8Array(32).fill(7);
const LEAF = leafOf("the value stands here", { key: "note" });
const HIT: Hit = { kind: "thing", severity: "high", start: 4, end: 9, replacement: "[T]" };
const VALUE = hashOfValue("value", KEY);

function allows(entry: AllowEntry, value: string | null = VALUE, place = RESULT_PLACE): boolean {
  return createAllowList([entry]).at(pointerOf(LEAF.location), place)("g/thing", value);
}

test.each<{ entry: AllowEntry; allowed: boolean }>([
  { entry: { rule: "g/thing" }, allowed: true },
  { entry: { rule: "g/*" }, allowed: true },
  { entry: { rule: "g/other" }, allowed: false },
  { entry: { rule: "thing" }, allowed: false },
  { entry: { server: "files" }, allowed: true },
  { entry: { server: "fil" }, allowed: false },
  { entry: { tool: "read_*_file" }, allowed: true },
  { entry: { tool: "write_*" }, allowed: false },
  { entry: { pointer: "/params/note" }, allowed: true },
  { entry: { pointer: "/params/*" }, allowed: true },
  { entry: { pointer: "/params" }, allowed: false },
  { entry: { pointer: "*/p*/n*te" }, allowed: true },
  { entry: { pointer: "/params/note*note" }, allowed: false },
  { entry: { value: VALUE }, allowed: true },
  { entry: { value: hashOfValue("other", KEY) }, allowed: false },
  { entry: { value: "value" }, allowed: false },
  { entry: { rule: "g/thing", server: "files", pointer: "/*", value: VALUE }, allowed: true },
  { entry: { rule: "g/thing", server: "elsewhere" }, allowed: false },
])("the entry $entry allows a hit: $allowed", ({ entry, allowed }) => {
  expect(allows(entry)).toBe(allowed);
});

test("a hash made with another key, or without any, allows nothing", () => {
  expect(allows({ value: VALUE }, hashOfValue("value", new Uint8Array(32)))).toBe(false);
  expect(allows({ value: VALUE }, null)).toBe(false);
});

test("an entry for a tool does not fit a message that names none", () => {
  expect(allows({ tool: "*" })).toBe(true);
  expect(allows({ tool: "*" }, VALUE, { ...RESULT_PLACE, tool: null })).toBe(false);
});

test("what one entry says of the place and another of the value is not put together", () => {
  const list = createAllowList([
    { server: "files", value: "no" },
    { server: "no", value: VALUE },
  ]);
  expect(list.at("/params/note", RESULT_PLACE)("g/thing", VALUE)).toBe(false);
});

const CLOCK = { now: () => 0, monotonic: () => 0 };

function guardHitting(...hits: readonly Hit[]): Guard {
  return { name: "g", response: () => hits };
}

test("with a key a finding carries the hash of its text, and that hash allows it", () => {
  const other: Hit = { ...HIT, start: 10, end: 16 };
  const told = (allow: readonly AllowEntry[]) => {
    const options = { clock: CLOCK, budgetMs: 1, allow: createAllowList(allow), valueKey: KEY };
    const { findings } = createInspector([guardHitting(HIT, other)], options).inspect(
      [LEAF],
      RESULT_PLACE,
    );
    return findings.map(({ value }) => value);
  };
  const stands = hashOfValue("stands", KEY);
  expect(told([])).toEqual([VALUE, stands]);
  expect(told([{ value: VALUE }])).toEqual([stands]);
});

test("what is allowed is neither told nor edited; its neighbour is, and so is a guard's failure", () => {
  const failures = [BUDGET_EXCEEDED, FAULT_KIND].map((kind) => {
    return { ...HIT, kind, replacement: null };
  });
  const other: Hit = { ...HIT, kind: "other", start: 10, end: 16 };
  const rules = ["g/thing", `g/${BUDGET_EXCEEDED}`, `limits/${BUDGET_EXCEEDED}`, `g/${FAULT_KIND}`];
  const inspector = createInspector([guardHitting(HIT, other, ...failures)], {
    clock: CLOCK,
    budgetMs: 1,
    allow: createAllowList(rules.map((rule) => ({ rule }))),
    valueKey: KEY,
  });
  const { findings, edits } = inspector.inspect([LEAF], RESULT_PLACE);
  expect(findings.map(({ guard, kind, value }) => [`${guard}/${kind}`, value])).toEqual([
    ["g/other", hashOfValue("stands", KEY)],
    ["limits/budget_exceeded", null],
    ["g/guard_fault", null],
  ]);
  expect(edits.map(({ start }) => start)).toEqual([10]);
});
