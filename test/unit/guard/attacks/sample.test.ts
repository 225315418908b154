import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type AttackRow, callOf } from "../../../../scripts/score/attacks.ts";
import { judgeText } from "../../../../src/guard/attacks/judge.ts";

const FOLDER = new URL("../../../../../shared/corpora/", import.meta.url);
const isPresent = existsSync(new URL("attacks-dev.jsonl", FOLDER));

/** Of a hundred rows of the shared sample, so many are found at least. */
const FLOORS: readonly (readonly [name: string, floor: number])[] = [
  ["sqli", 99],
  ["path_traversal", 98],
  ["ssrf", 100],
  ["command_injection", 100],
];
/** And so many harmless ones at most, of which two are attacks by another rule of their source. */
const FALSE_ALARMS_MAX = 2;

function rowsOf(name: string): readonly AttackRow[] {
  return readFileSync(new URL(`${name}-dev.jsonl`, FOLDER), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AttackRow)
    .filter(({ where }) => where === "argument");
}

function isFound(row: AttackRow): boolean {
  const { params } = callOf(row, true) as { params: { arguments: unknown } };
  return textsIn(params.arguments, null).some(([text, name]) => judgeText(text, name).length > 0);
}

/** All strings and keys of a value, with the names they stand under. */
function textsIn(value: unknown, name: string | null): readonly [string, string | null][] {
  if (typeof value === "string") return [[value, name]];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one) => textsIn(one, name));
  return Object.entries(value).flatMap(
    ([key, one]) => [[key, null], ...textsIn(one, key)] as const,
  );
}

describe.skipIf(!isPresent)("the shared sample (skipped where ../shared/corpora is absent)", () => {
  test.each(FLOORS)("%s: at least %i of a hundred are found", (name, floor) => {
    const rows = rowsOf("attacks").filter((row) => row.class === name);
    expect((100 * rows.filter(isFound).length) / rows.length).toBeGreaterThanOrEqual(floor);
  });

  test("harmless arguments: hardly any is taken for an attack", () => {
    const rows = rowsOf("benign");
    expect((100 * rows.filter(isFound).length) / rows.length).toBeLessThanOrEqual(FALSE_ALARMS_MAX);
  });
});
