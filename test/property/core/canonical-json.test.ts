import fc from "fast-check";
import { expect, test } from "vitest";
import { differences } from "../../../src/catalogue/diff.ts";
import { canonicalJson } from "../../../src/core/canonical-json.ts";
import { nodeOf } from "../../unit/catalogue/examples.ts";

const RUNS = { numRuns: 400 };
const anyValue = fc.jsonValue({ stringUnit: "binary", maxDepth: 4 });

function canonical(text: string): string {
  return canonicalJson(nodeOf(text), 10_000_000) ?? "";
}

/** The same value with its keys turned round, its letters escaped, and white space in between. */
function respelled(value: unknown): string {
  if (Array.isArray(value)) return `[ ${value.map(respelled).join(" ,\n")} ]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).reverse();
    return `{ ${members.map(([key, one]) => `${respelled(key)} : ${respelled(one)}`).join(",")} }`;
  }
  if (typeof value !== "string") return JSON.stringify(value);
  const units = Array.from({ length: value.length }, (_, index) => value.charCodeAt(index));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
}

test("canonicalJson is the same text however a value is spelled", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(canonical(respelled(value))).toBe(canonical(JSON.stringify(value)));
    }),
    RUNS,
  );
});

test("canonicalJson says the value, and saying it again changes nothing", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const text = canonical(JSON.stringify(value));
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonical(text)).toBe(text);
    }),
    RUNS,
  );
});

test("differences are found between any two texts, and between equal ones none", () => {
  fc.assert(
    fc.property(anyValue, anyValue, (one, other) => {
      const [a, b] = [canonical(JSON.stringify(one)), canonical(JSON.stringify(other))];
      expect([...differences(a, b)].length > 0).toBe(a !== b);
    }),
    RUNS,
  );
});
