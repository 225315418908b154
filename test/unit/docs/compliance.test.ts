/** Holds docs/compliance.md to what there is: items, verdicts, tests, pages and their sections. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { rowsOf } from "./tables.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const page = readFileSync(join(ROOT, "docs/compliance.md"), "utf8");

const ten = (prefix: string) =>
  Array.from({ length: 10 }, (_, n) => `${prefix}${String(n + 1).padStart(2, "0")}`);
const LISTS = [
  { heading: "NIST SP 800-207", items: ["1.", "2.", "3.", "4.", "5.", "6.", "7."] },
  { heading: "OWASP MCP Top 10", items: ten("MCP") },
  { heading: "OWASP Top 10 for LLM", items: ten("LLM") },
];
const TESTS = /`([^`]+(?:\.test\.ts|_test\.rego))`/g;
const VERDICTS = ["met", "partly", "not covered"];

/** As GitHub makes an anchor of a heading. */
function anchorsOf(path: string): readonly string[] {
  const headings = readFileSync(path, "utf8").match(/^#+ .+$/gm) ?? [];
  return headings.map((line) =>
    line
      .replace(/^#+ /, "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe.each(LISTS)("docs/compliance.md, $heading", ({ heading, items }) => {
  const rows = rowsOf(page, heading).map(
    ([item = "", verdict = "", what = "", left = "", held = ""]) => {
      const tests = [...held.matchAll(TESTS)].map(([, path = ""]) => path);
      return { item: item.split(" ", 1)[0], verdict, what, left, tests };
    },
  );

  test("has every item, in order, each with a verdict", () => {
    expect(rows.map(({ item }) => item)).toEqual(items);
    expect(rows.filter(({ verdict }) => !VERDICTS.includes(verdict))).toEqual([]);
  });

  test("names tests for what is done, and all of them are there", () => {
    const unheld = rows.filter(
      ({ verdict, tests }) => (verdict === "not covered") !== (tests.length === 0),
    );
    expect(unheld).toEqual([]);
    const missing = rows.flatMap(({ tests }) =>
      tests.filter((path) => !existsSync(join(ROOT, path))),
    );
    expect(missing).toEqual([]);
  });

  test("says what is left to others where it is not met", () => {
    const silent = rows.filter(({ verdict, left }) => verdict !== "met" && left === "–");
    expect(silent).toEqual([]);
  });

  test("refers to pages and sections that are there", () => {
    const links = rows.flatMap(({ what, left }) => [
      ...`${what} ${left}`.matchAll(/\]\(([^)#]+)(?:#([^)]+))?\)/g),
    ]);
    const broken = links.filter(([, name = "", anchor]) => {
      const path = join(ROOT, "docs", name);
      return !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});
