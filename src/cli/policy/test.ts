import { resolve } from "node:path";
import type { Difference } from "../../server/workbench/expectation.ts";
import { countTests, runTests, type Tested } from "../../server/workbench/test.ts";
import type { Command, Options } from "../command.ts";
import { misuse, say } from "../output.ts";
import { FORMAT_HELP, failAs, formatOf } from "./format.ts";
import { loadPolicySettings, POLICY_HELP, POLICY_OPTIONS } from "./settings.ts";

export const testCommand: Command = {
  help: `usage: impedance policy test [DIR|FILE…] [OPTIONS]

Runs what it finds below the folders (without any: below this one).
  *_test.yaml  tables: given a message, expect a decision (schemas/policy-test.json). Each message
               goes through Layer 1 and the WebAssembly of Layer 2 as in production. A table names
               its policy; one that names no bundle is judged by the Rego that was found with it.
  *_test.rego  with opa test, beside the rules that ship; the coverage of your Rego is measured
Exit code 1: a test failed, could not run, or the coverage is too low.

  --coverage N     percent of your Rego that tests must reach          [0]
${POLICY_HELP}
${FORMAT_HELP}

examples:
  impedance policy test policy/
  impedance policy test crm_test.yaml --policy policy.yaml --format json`,
  options: { ...POLICY_OPTIONS, coverage: "text" },
  takesWords: true,
  run: test,
};

async function test(options: Options): Promise<number> {
  const format = formatOf(options);
  if (!format.ok) return misuse(format.error);
  const coverage = Number(options.text("coverage") ?? 0);
  if (!(coverage >= 0 && coverage <= 100)) return misuse("--coverage is a number from 0 to 100");
  const config = await loadPolicySettings(options);
  if (!config.ok) return failAs(format.value, config.error);

  const paths = options.words.length === 0 ? ["."] : options.words;
  const absolute = (name: string): string | null => {
    const path = options.text(name);
    return path === undefined ? null : resolve(path);
  };
  const tested = await runTests(paths, {
    config: config.value,
    policy: absolute("policy"),
    bundle: absolute("bundle"),
    env: process.env,
  });
  if (!tested.ok) return failAs(format.value, tested.error);
  const isCovered = (tested.value.rego?.coverage ?? 100) >= coverage;
  const isOk = countTests(tested.value).failed === 0 && isCovered;
  if (format.value === "json") say(JSON.stringify({ ok: isOk, ...tested.value }));
  else {
    const lines = [...shadowsOf(tested.value), ...failuresOf(tested.value)];
    say([...lines, summaryOf(tested.value, coverage)].join("\n"));
  }
  return isOk ? 0 : 1;
}

/** What rules in shadow would have denied, test by test: no failure, unless one was expected. */
function shadowsOf({ tables }: Tested): readonly string[] {
  return tables.flatMap(({ results }) =>
    results.flatMap(({ place, name, shadow = [] }) =>
      shadow.map(({ code, rule }) => `${place}: ${name}: would deny: ${code} (${rule})`),
    ),
  );
}

function failuresOf({ tables, rego }: Tested): readonly string[] {
  const rows = tables
    .flatMap(({ results }) => results)
    .filter(({ differences }) => differences.length > 0)
    .map(
      ({ place, name, differences }) => `${place}: ${name}: ${differences.map(tell).join("; ")}`,
    );
  const tests = (rego?.results ?? [])
    .filter(({ outcome }) => outcome !== "passed")
    .map(({ place, name, outcome }) => `${place}: ${name}: ${outcome}`);
  return [...rows, ...tests];
}

function tell({ what, expected, actual }: Difference): string {
  return `${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
}

function summaryOf(tested: Tested, coverageMin: number): string {
  const { all, failed } = countTests(tested);
  const coverage = tested.rego?.coverage ?? null;
  const parts = [`${all} ${all === 1 ? "test" : "tests"}, ${failed} failed`];
  if (coverage !== null) {
    const uncovered = (tested.rego?.uncovered ?? []).map(({ file, first, last }) =>
      first === last ? `${file}:${first}` : `${file}:${first}-${last}`,
    );
    const wanted = coverage < coverageMin ? `, wanted ${coverageMin} %` : "";
    parts.push(`coverage of your Rego: ${coverage} %${wanted}`);
    if (uncovered.length > 0) parts.push(`not reached: ${uncovered.join(", ")}`);
  }
  return parts.join("\n");
}
