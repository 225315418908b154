import { describe, expect, test } from "vitest";
import type { Place } from "../../../../src/core/finding.ts";
import { createMarksGuard } from "../../../../src/guard/marks/marks.ts";
import { createToolMatcher } from "../../../../src/guard/marks/writing-tools.ts";
import { leafOf, REQUEST_PLACE } from "../leaves.ts";

const guard = createMarksGuard({ writingTools: ["write*", "edit*"] }, false);
const WRITE: Place = { ...REQUEST_PLACE, tool: "write_file" };

function marksIn(text: string, place: Place = WRITE, using = guard): readonly string[] {
  return (using.request?.(leafOf(text), place) ?? []).map(({ start, end }) =>
    text.slice(start, end),
  );
}

test.each([
  { text: "a [REDACTED:github-token] b", marks: ["[REDACTED:github-token]"] },
  { text: "[REDACTED_EMAIL][REDACTED_PHONE]", marks: ["[REDACTED_EMAIL]", "[REDACTED_PHONE]"] },
  { text: "REDACTED [REDACTED] [REDACTED:", marks: [] },
])("of $text the marks are $marks", ({ text, marks }) => {
  expect(marksIn(text)).toEqual(marks);
});

test("bare marks count where they are made", () => {
  const bare = createMarksGuard({ writingTools: ["write*"] }, true);
  expect(marksIn("x [REDACTED] y", WRITE, bare)).toEqual(["[REDACTED]"]);
});

test.each([
  { title: "a tool that reads", place: { ...WRITE, tool: "read_file" } },
  { title: "another method", place: { ...WRITE, method: "prompts/get", tool: null } },
])("$title may send marks", ({ place }) => {
  expect(marksIn("[REDACTED:x]", place)).toEqual([]);
});

test("a mark is reported and never edited; results are not looked at", () => {
  const [hit] = guard.request?.(leafOf("[REDACTED:x]"), WRITE) ?? [];
  expect(hit).toMatchObject({ kind: "redaction_mark", replacement: null });
  expect(guard.response).toBeUndefined();
});

describe("the globs of tools that write", () => {
  const writes = createToolMatcher(["write*", "set_*"]);

  test.each([
    { tool: "write_file", fits: true },
    { tool: "fs.writeFile", fits: true },
    { tool: "github__WriteFile", fits: true },
    { tool: "bulkWrite", fits: true },
    { tool: "set_value", fits: true },
    { tool: "rewrite", fits: false },
    { tool: "settings", fits: false },
    { tool: "reset_value", fits: false },
    { tool: "a".repeat(257), fits: true },
  ])("fit $tool: $fits", ({ tool, fits }) => {
    expect(writes(tool)).toBe(fits);
  });

  test("of an empty list fit nothing", () => {
    expect(createToolMatcher([])("write_file")).toBe(false);
    expect(createToolMatcher([])("a".repeat(300))).toBe(false);
  });
});
