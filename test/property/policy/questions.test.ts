import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isRecord } from "../../../src/policy/json.ts";
import { createQuestions } from "../../../src/policy/questions.ts";

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex");

const readable = fc.oneof(
  { depthSize: "small", maxDepth: 2 },
  fc.constantFrom<unknown>(null, true, false, undefined, 0, -1, 1.5, "", "0:", "n1;", "\ud800"),
  fc.constantFrom<unknown>("\udfff", "\ufffd", [], {}, [[]], [""], ["", ""], { x: "" }, { y: "" }),
  fc.string({ maxLength: 2 }),
  fc.array(fc.constantFrom("a", "1:a", "", null, true, { x: 1 }), { maxLength: 2 }),
);

/** What is read in a group, or all of what is none. */
function selected(value: unknown, ...names: readonly string[]): unknown {
  return isRecord(value)
    ? Object.fromEntries(names.map((name) => [name, value[name]] as const))
    : value;
}

test("two questions never have one name, and their text has all that is read", () => {
  const reads = [["a"], ["b", "x"], ["b", "y"], ["c", "x"]];
  const { keyOf, textOf } = createQuestions({ reads, compared: [] }, (value) => value);
  const group = fc.oneof(readable, fc.record({ x: readable, y: readable }, { requiredKeys: [] }));
  const inputs = fc.record({ a: readable, b: group, c: group }, { requiredKeys: [] });
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(inputs, (input) => {
      const [name, text] = [digestOf(keyOf(input)), textOf(input)];
      const { a, b, c } = input;
      expect(text).toBe(JSON.stringify({ a, b: selected(b, "x", "y"), c: selected(c, "x") }));
      expect(seen.get(name) ?? text).toBe(text);
      seen.set(name, text);
      expect(keyOf(structuredClone(input))).toBe(keyOf(input));
    }),
    { numRuns: 5_000 },
  );
});
