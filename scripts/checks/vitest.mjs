/** The TypeScript tests. The reader sees vitest's own report; the counts come from its JSON. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { run } from "../setup/child.mjs";
import { root, toolsDirectory } from "../setup/paths.mjs";

/** Hundreds of commands are started, each of the same modules: they are compiled once. */
const compileCache = join(toolsDirectory, "compile-cache");

export function vitest(args) {
  return {
    title: "vitest",
    async run() {
      const directory = mkdtempSync(join(tmpdir(), "impedance-test-"));
      try {
        const report = join(directory, "report.json");
        const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
        const env = { NODE_COMPILE_CACHE: compileCache, ...process.env };
        const options = { cwd: root, env, stdio: ["ignore", 1, 2] };
        const { code } = await run("vitest", ["run", ...reporters, ...args], options);
        return outcomeOf(report, code);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

function outcomeOf(report, code) {
  if (!existsSync(report)) return { passed: 0, failures: [`no report, exit code ${code}`] };
  const { numPassedTests: passed, testResults } = JSON.parse(readFileSync(report, "utf8"));

  const failures = testResults.flatMap(failuresOf);
  // An error outside any test, or a run without tests, shows in the exit code alone.
  if (code !== 0 && failures.length === 0) failures.push(`exit code ${code}, see above`);
  return { passed, failures };
}

function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(root, name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length > 0) return failed.map((test) => `${file}: ${test.fullName}`);
  return status === "failed" ? [`${file}: ${message.split("\n")[0] || "did not load"}`] : [];
}
