import { describe, expect, test } from "vitest";
import { diffDefinitions, differences } from "../../../src/catalogue/diff.ts";

const BEFORE =
  '{"description":"a","inputSchema":{"properties":{"p":{"type":"string"}}},"tags":[1,2]}';

describe("differences", () => {
  test.each([
    {
      title: "a text that changed",
      after: BEFORE.replace('"a"', '"b"'),
      want: [{ kind: "changed", pointer: "/description", before: "a", after: "b" }],
    },
    {
      title: "a member that came",
      after: BEFORE.replace("{}", "").replace('"p":', '"a/b~":true,"p":'),
      want: [{ kind: "added", pointer: "/inputSchema/properties/a~1b~0", after: true }],
    },
    {
      title: "a member that went",
      after: BEFORE.replace(',"tags":[1,2]', ""),
      want: [{ kind: "removed", pointer: "/tags", before: [1, 2] }],
    },
    {
      title: "an object in the place of a list",
      after: BEFORE.replace("[1,2]", "{}"),
      want: [{ kind: "changed", pointer: "/tags", before: [1, 2], after: {} }],
    },
    {
      title: "a list that grew",
      after: BEFORE.replace("[1,2]", "[1,2,3]"),
      want: [{ kind: "added", pointer: "/tags/2", after: 3 }],
    },
    {
      title: "a key that is every object's own",
      after: BEFORE.replace('"tags"', '"__proto__":1,"tags"'),
      want: [{ kind: "added", pointer: "/__proto__", after: 1 }],
    },
    { title: "nothing in the same text", after: BEFORE, want: [] },
  ])("tells $title", ({ after, want }) => {
    expect([...differences(BEFORE, after)]).toEqual(want);
  });

  test("tells two numbers that are one double", () => {
    const [one] = [...differences('{"a":9007199254740993}', '{"a":9007199254740992}')];
    expect(one).toMatchObject({ kind: "changed", pointer: "" });
  });

  test("tells what is deep by the place around it", () => {
    const nested = (value: number) => `${'{"a":'.repeat(40)}${value}${"}".repeat(40)}`;
    const [one] = [...differences(nested(1), nested(2))];
    expect(one?.pointer).toBe("/a".repeat(16));
  });
});

test("diffDefinitions stops at the most it may tell, and says so", () => {
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 9 }, (_, at) => [at, at])));
  expect(diffDefinitions("{}", many, 3)).toEqual({
    added: ["/0", "/1", "/2"],
    removed: [],
    changed: [],
    cut: true,
  });
  expect(diffDefinitions("{}", many, 9).cut).toBe(false);
});
