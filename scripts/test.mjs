/**
 * Everything CI checks, one after another; a failure does not hide the next one. The last line is
 * `N passed, N failed`: each Rego and each vitest test counts as one, each other check as one.
 *
 *   npm test                          everything
 *   npm test -- test/unit -t "pads"   vitest only, with these arguments
 */

import { command } from "./checks/command.mjs";
import { lockFileCheck } from "./checks/lock-file.mjs";
import { regoChecks } from "./checks/rego.mjs";
import { toolsCheck } from "./checks/tools.mjs";
import { vitest } from "./checks/vitest.mjs";

const checks = [
  toolsCheck,
  lockFileCheck,
  command("types", "tsc", ["--noEmit"]),
  command("lint", "biome", ["check", "--error-on-warnings"]),
  command("unused code", "knip", []),
  ...regoChecks,
  vitest([]),
];

let interruptedBy;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    interruptedBy = signal;
  });
}

const vitestArgs = process.argv.slice(2);
await main(vitestArgs.length === 0 ? checks : [toolsCheck, vitest(vitestArgs)]);

async function main(selected) {
  let passed = 0;
  const failures = [];
  for (const check of selected) {
    const outcome = await runOne(check);
    passed += outcome.passed;
    failures.push(...outcome.failures.map((failure) => `${check.title}: ${failure}`));
    if (interruptedBy !== undefined) failures.push(`stopped by ${interruptedBy}`);
    if (interruptedBy !== undefined) break;
  }

  if (failures.length > 0) console.log(`\nFailures:\n${failures.map(indented).join("\n")}`);
  console.log(`\n${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

/** A check answers `{ passed, failures, skipped? }`; a crash of the check itself is a failure. */
async function runOne({ title, run }) {
  console.log(`\n── ${title} ${"─".repeat(Math.max(0, 76 - title.length))}`);
  const startedAt = performance.now();
  const outcome = await run().catch((error) => ({ passed: 0, failures: [error.message] }));

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`   ${verdict(outcome)} (${seconds} s)`);
  return outcome;
}

function verdict({ passed, failures, skipped }) {
  if (skipped !== undefined) return `skipped: ${skipped}`;
  if (failures.length > 0) return `FAILED, ${failures.length} failed`;
  return passed === 0 ? "ok" : `ok, ${passed} passed`;
}

function indented(failure) {
  return `  ${failure.replaceAll("\n", "\n    ")}`;
}
