import { expect, test } from "vitest";
import type { Hit } from "../../../src/core/finding.ts";
import type { Guard } from "../../../src/core/ports.ts";
import { type AllowEntry, createAllowList, hashOfValue } from "../../../src/guard/allow-list.ts";
import { BUDGET_EXCEEDED } from "../../../src/guard/budget.ts";
import { createInspector } from "../../../src/guard/inspect.ts";
import { leafOf, RESULT_PLACE } from "./leaves.ts";

const KEY = new Uint8Array(32).fill(7);
const LEAF = leafOf("the value stands here", { key: "note" });
const HIT: Hit = { kind: "thing", severity: "high", start: 4, end: 9, replacement: "[T]" };
const VALUE = hashOfValue("value", KEY);

function allows(entry: AllowEntry, key: Uint8Array | null = KEY): boolean {
  return createAllowList([entry], key).allows("g", HIT, LEAF, RESULT_PLACE);
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
  { entry: { value: VALUE.toUpperCase() }, allowed: true },
  { entry: { value: hashOfValue("other", KEY) }, allowed: false },
  { entry: { value: "value" }, allowed: false },
  { entry: { rule: "g/thing", server: "files", pointer: "/*", value: VALUE }, allowed: true },
  { entry: { rule: "g/thing", server: "elsewhere" }, allowed: false },
])("the entry $entry allows a hit: $allowed", ({ entry, allowed }) => {
  expect(allows(entry)).toBe(allowed);
});

test("a hash made with another key, or without any, allows nothing", () => {
  expect(allows({ value: VALUE }, new Uint8Array(32))).toBe(false);
  expect(allows({ value: VALUE }, null)).toBe(false);
});

test("an entry for a tool does not fit a message that names none", () => {
  const list = createAllowList([{ tool: "*" }], KEY);
  expect(list.allows("g", HIT, LEAF, RESULT_PLACE)).toBe(true);
  expect(list.allows("g", HIT, LEAF, { ...RESULT_PLACE, tool: null })).toBe(false);
});

test("what is allowed is neither told nor edited; its neighbour is, and so is a guard's giving up", () => {
  const exceeded: Hit = { ...HIT, kind: BUDGET_EXCEEDED, replacement: null };
  const other: Hit = { ...HIT, kind: "other", start: 10, end: 16 };
  const guard: Guard = { name: "g", response: () => [HIT, other, exceeded] };
  const inspector = createInspector([guard], {
    clock: { now: () => 0, monotonic: () => 0 },
    budgetMs: 1,
    allow: createAllowList([{ rule: "g/thing" }, { rule: `g/${BUDGET_EXCEEDED}` }], KEY),
  });
  const { findings, edits } = inspector.inspect([LEAF], RESULT_PLACE);
  expect(findings.map(({ guard: name, kind }) => `${name}/${kind}`)).toEqual([
    "g/other",
    "limits/budget_exceeded",
  ]);
  expect(edits.map(({ start }) => start)).toEqual([10]);
});
