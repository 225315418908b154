import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { err, ok, type Result } from "../../core/result.ts";
import { buildBundle } from "./build.ts";
import { type RegoRun, runRegoTests } from "./rego-tests.ts";
import { type RunOptions, runTable, type TableRun } from "./run-table.ts";
import { findSources, type Sources } from "./sources.ts";

export interface Tested {
  readonly tables: readonly TableRun[];
  /** Null where the author wrote no Rego. */
  readonly rego: RegoRun | null;
}

/**
 * Runs every test below `paths`. Tables that name no bundle are judged by one that is built of the
 * Rego beside them.
 */
export async function runTests(
  paths: readonly string[],
  options: RunOptions,
): Promise<Result<Tested, readonly string[]>> {
  const author = await findSources(paths);
  if (!author.ok) return author;
  const { tables, rego, regoTests } = author.value;
  if (tables.length + regoTests.length === 0) {
    const remedy = "a file of tests is called …_test.yaml or …_test.rego";
    return err([`there are no tests in ${paths.join(", ")}; ${remedy}`]);
  }
  const hasRego = rego.length + regoTests.length > 0;
  const regoRun = hasRego ? await runRegoTests(author.value) : ok(null);
  if (!regoRun.ok) return regoRun;
  const runs = await withBundle(author.value, paths, options, (bundle) =>
    runTables(tables, { ...options, bundle }),
  );
  return runs.ok ? ok({ tables: runs.value, rego: regoRun.value }) : runs;
}

async function runTables(
  tables: readonly string[],
  options: RunOptions,
): Promise<Result<readonly TableRun[], readonly string[]>> {
  const runs: TableRun[] = [];
  const errors: string[] = [];
  for (const file of tables) {
    const run = await runTable(file, options);
    if (run.ok) runs.push(run.value);
    else errors.push(...run.error);
  }
  return errors.length === 0 ? ok(runs) : err(errors);
}

/** With a bundle of the author's Rego and data, where no other is named; it is gone afterwards. */
async function withBundle<T>(
  author: Sources,
  paths: readonly string[],
  { bundle }: RunOptions,
  use: (bundle: string | null) => Promise<Result<T, readonly string[]>>,
): Promise<Result<T, readonly string[]>> {
  const hasOwn = author.rego.length + author.data.length > 0;
  if (bundle !== null || !hasOwn || author.tables.length === 0) return use(bundle);
  const folder = await mkdtemp(join(tmpdir(), "impedance-bundle-"));
  try {
    const output = join(folder, "bundle.tar.gz");
    const built = await buildBundle({ paths, output, revision: null, signing: null });
    return built.ok ? await use(output) : built;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How many tests there were, and how many did not pass. */
export function countTests({ tables, rego }: Tested): {
  readonly all: number;
  readonly failed: number;
} {
  const results = tables.flatMap((run) => run.results);
  const failedRows = results.filter(({ differences }) => differences.length > 0).length;
  const regoResults = rego?.results ?? [];
  const failedRego = regoResults.filter(({ outcome }) => outcome !== "passed").length;
  return { all: results.length + regoResults.length, failed: failedRows + failedRego };
}
