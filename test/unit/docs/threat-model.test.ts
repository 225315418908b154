import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { rowsOf } from "./tables.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const page = readFileSync(join(ROOT, "docs/threat-model.md"), "utf8");
const TESTS = /`([^`]+(?:\.test\.ts|_test\.rego))`/g;

describe("docs/threat-model.md", () => {
  test("names a test for every promise, and each of them is there", () => {
    const promises = rowsOf(page, "What each layer promises").map(
      ([, promise = "", held = ""]) => ({
        promise,
        tests: [...held.matchAll(TESTS)].map(([, path = ""]) => path),
      }),
    );
    expect(promises.length).toBeGreaterThan(10);
    expect(promises.filter(({ tests }) => tests.length === 0)).toEqual([]);
    const missing = promises.flatMap(({ tests }) =>
      tests.filter((path) => !existsSync(join(ROOT, path))),
    );
    expect(missing).toEqual([]);
  });
});
