/**
 * The policy's gates: formatted, type-checked against the schema of its input, tested, and every
 * line of it covered. A rule that nothing tests is a rule that nobody knows to deny.
 */

import { run } from "../setup/child.mjs";
import { lastLines } from "../setup/failure.mjs";
import { root } from "../setup/paths.mjs";
import { command } from "./command.mjs";

const coverageMin = 100;

export const regoChecks = [
  opaCommand("opa fmt", ["fmt", "--list", "--fail", "rego"]),
  opaCommand("opa check", ["check", "--strict", "-s", "rego/schemas/input.json", "-b", "rego"]),
  { title: "opa test", run: runTests },
  { title: "opa test: coverage", run: measureCoverage },
  { title: "regal lint", run: lintWithRegal },
];

function opaCommand(title, args) {
  return { title, run: () => command(title, opa(), args).run() };
}

async function runTests() {
  const { stdout, stderr } = await runOpa(["test", "--format", "json", "-b", "rego"]);
  const tests = decode(stdout);
  if (tests === undefined) return { passed: 0, failures: [lastLines(stderr || stdout, 20)] };

  const failed = tests.filter(({ fail, error, skip }) => fail || error || skip);
  const failures = failed.map((test) => {
    const { file, row } = test.location;
    return `${test.package.replace(/^data\./, "")}.${test.name} (${pathOf(file)}:${row})`;
  });
  for (const failure of failures) console.log(`   ${failure}`);
  if (tests.length === 0) failures.push("there is no test");
  return { passed: tests.length - failed.length, failures };
}

async function measureCoverage() {
  const { stdout, stderr } = await runOpa(["test", "--coverage", "--format", "json", "-b", "rego"]);
  const report = decode(stdout);
  if (report === undefined) {
    return { passed: 0, failures: [`not measured: ${lastLines(stderr || stdout)}`] };
  }

  const uncovered = Object.entries(report.files).flatMap(([file, { not_covered: ranges = [] }]) =>
    ranges.map(({ start, end }) => `${pathOf(file)}:${start.row}-${end.row}`),
  );
  for (const lines of new Set(uncovered)) console.log(`   not covered: ${lines}`);
  if (report.coverage >= coverageMin) return { passed: 1, failures: [] };
  return { passed: 0, failures: [`${report.coverage} %, wanted ${coverageMin} %`] };
}

/** In bundle mode OPA puts the bundle's folder before the path that already holds it. */
function pathOf(file) {
  return file.replace(/^rego\/rego\//, "rego/");
}

async function lintWithRegal() {
  try {
    return await command("regal lint", "regal", ["lint", "rego"]).run();
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return { passed: 0, failures: [], skipped: "regal is not in PATH" };
  }
}

function runOpa(args) {
  return run(opa(), args, { cwd: root, capture: true });
}

/** Known only when the check runs: it is among what the set-up finds. */
function opa() {
  return process.env.IMPEDANCE_OPA ?? "opa";
}

/** OPA answers in plain text, on either stream, when it could not do what it was asked. */
function decode(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
