import { expect, test } from "vitest";
import { createGuards } from "../../../src/guard/guards.ts";
import { hitsOf, leafOf } from "./leaves.ts";

const CONFIG = { limits: { stringMaxLength: 8 } };

test.each([
  { names: "all" as const, created: ["limits", "secrets"] },
  { names: ["secrets", "limits"], created: ["secrets", "limits"] },
  { names: ["limits", "limits"], created: ["limits"] },
  { names: [], created: [] },
])("createGuards of $names gives $created", ({ names, created }) => {
  const guards = createGuards(names, CONFIG);
  expect(guards.ok && guards.value.map(({ name }) => name)).toEqual(created);
});

test.each(["schema", "paths", "attacks", "pii", "descriptions", "padding"])(
  "createGuards refuses %s as not part of this version",
  (name) => {
    const error = `guard "${name}" is not part of this version`;
    expect(createGuards(["limits", name], CONFIG)).toEqual({ ok: false, error });
  },
);

test("createGuards refuses an unknown name and tells the known ones", () => {
  const error = 'unknown guard "secret"; known guards: limits, secrets';
  expect(createGuards(["secret"], CONFIG)).toEqual({ ok: false, error });
});

test.each([
  { title: "at the limit passes", text: "12345678", hits: [] },
  {
    title: "over the limit is found, and not edited",
    text: "123456789",
    hits: [{ kind: "string_too_long", severity: "high", start: 0, end: 9, replacement: null }],
  },
])("a string $title", ({ text, hits }) => {
  const guards = createGuards(["limits"], CONFIG);
  expect(guards.ok && guards.value.flatMap((guard) => hitsOf(guard, leafOf(text)))).toEqual(hits);
});
