import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { err, ok, type Result } from "../../../core/result.ts";
import { readPortableFile } from "../portable-file.ts";
import { modulesOf } from "../rule-metadata.ts";
import { type RunOptions, runTable, type TableRun } from "../run-table.ts";
import { findSources, packageOf, type Sources } from "../sources.ts";
import type { KnownTool } from "../tools-file.ts";
import { type LintFinding, placeOf } from "./finding.ts";
import { lintModes } from "./modes.ts";
import { lintPortable } from "./portable.ts";
import { lintRego } from "./rego.ts";

export interface LintOptions extends RunOptions {
  readonly tools: readonly KnownTool[] | null;
}

/** What was looked at, and what is to be said of it. */
export interface Linted {
  readonly files: readonly string[];
  readonly findings: readonly LintFinding[];
}

/** Looks through policies in YAML and Rego, with the tests beside them. */
export async function lintPolicies(
  paths: readonly string[],
  options: LintOptions,
): Promise<Result<Linted, readonly string[]>> {
  const policies = new Set(options.policy === null ? [] : [options.policy]);
  const others: string[] = [];
  for (const path of paths) {
    if (await isPolicy(path)) policies.add(path);
    else others.push(path);
    for (const file of await policiesBelow(path)) policies.add(file);
  }
  const author = await findSources(others);
  if (!author.ok) return author;
  const files = [...policies, ...author.value.rego];
  if (files.length === 0) {
    return err([
      `there is no policy in ${paths.join(", ")}: neither YAML with policy_id, nor Rego`,
    ]);
  }
  const runs = await runTables(author.value, options);
  if (!runs.ok) return runs;
  const findings = [
    ...(await lintRego(author.value, others)),
    ...(await lintAll(
      [...policies],
      runs.value,
      options.tools,
      await rulesOf(author.value, options),
    )),
  ];
  return ok({ files, findings: findings.toSorted(byPlace) });
}

async function lintAll(
  policies: readonly string[],
  runs: readonly TableRun[],
  tools: LintOptions["tools"],
  bundleRules: ReadonlySet<string> | null,
): Promise<readonly LintFinding[]> {
  const findings: LintFinding[] = [];
  for (const path of policies) {
    const file = await readPortableFile(path);
    if (file.ok) {
      const context = { tools, tested: testedOf(path, runs) };
      findings.push(...lintPortable(file.value, context), ...lintModes(file.value, bundleRules));
    } else findings.push(...file.error.map(invalidPolicy));
  }
  return findings;
}

/** Names of the rules that will be asked; null where the bundle's sources are not at hand. */
async function rulesOf(
  author: Sources,
  { bundle, config }: LintOptions,
): Promise<ReadonlySet<string> | null> {
  const modules = await modulesOf(bundle ?? config.policy.bundle);
  if (modules.size === 0) return null;
  const own = await Promise.all(author.rego.map((file) => readFile(file, "utf8")));
  const names = [...modules.values(), ...own].flatMap((text) => {
    return /^mcp\.rules\.([^.]+)$/.exec(packageOf(text) ?? "")?.[1] ?? [];
  });
  return new Set(names);
}

function invalidPolicy(error: string): LintFinding {
  const [, place = "", message = error] = /^(.*?:\d+:\d+): (.*)$/s.exec(error) ?? [];
  const remedy = "correct it; schemas/policy.json says what can be written";
  return { code: "invalid_policy", ...placeOf(place), message, remedy };
}

/** Rules by what the tables that test this very file have seen fit. */
function testedOf(path: string, runs: readonly TableRun[]): ReadonlySet<string> {
  const own = runs.filter(({ policy }) => policy !== null && relative(policy, path) === "");
  return new Set(own.flatMap(({ results }) => results.flatMap(({ rules }) => rules)));
}

async function runTables(
  { tables }: Sources,
  options: RunOptions,
): Promise<Result<readonly TableRun[], readonly string[]>> {
  const runs: TableRun[] = [];
  for (const table of tables) {
    const run = await runTable(table, options);
    // A policy that cannot be read is told by itself; its tables tell nothing then.
    if (run.ok) runs.push(run.value);
  }
  return ok(runs);
}

const POLICY_NAME = /\.(?:ya?ml|json)$/;

async function policiesBelow(path: string): Promise<readonly string[]> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() === true;
  if (!isFolder) return [];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && POLICY_NAME.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/(^|\/)(\.|node_modules\/)/.test(relative(path, file)))
    .sort();
  const policies: string[] = [];
  for (const file of files) if (await isPolicy(file)) policies.push(file);
  return policies;
}

const POLICY_KEY = /^[\s{]*["']?policy_id["']?\s*:/m;
const LOOKED_AT_MAX_BYTES = 4 * 1024 * 1024;

/** Whether a file is a portable policy: it says `policy_id` at its top. */
async function isPolicy(file: string): Promise<boolean> {
  const name = basename(file);
  if (!POLICY_NAME.test(name) || /_test\.|^data\./.test(name)) return false;
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile() || found.size > LOOKED_AT_MAX_BYTES) return false;
  return POLICY_KEY.test(await readFile(file, "utf8"));
}

function byPlace(a: LintFinding, b: LintFinding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
