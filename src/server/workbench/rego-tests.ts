import { join } from "node:path";
import { err, ok, type Result } from "../../core/result.ts";
import { complaintsOf, runOpa } from "./opa.ts";
import { type Sources, shippedSources } from "./sources.ts";
import { stage } from "./stage.ts";

export interface RegoRun {
  readonly results: readonly RegoResult[];
  /** Percent of the author's lines that a test reached; null where there are none. */
  readonly coverage: number | null;
  /** What no test reached, as `file:line` or `file:line-line`. */
  readonly uncovered: readonly Uncovered[];
}

export interface RegoResult {
  /** `mcp.rules.acme_test.test_deny_at_night` */
  readonly name: string;
  readonly place: string;
  readonly outcome: "passed" | "failed" | "error" | "skipped";
}

export interface Uncovered {
  readonly file: string;
  readonly first: number;
  readonly last: number;
}

/** Runs an author's Rego tests with our rules and both data beside them, and measures coverage. */
export async function runRegoTests(author: Sources): Promise<Result<RegoRun, readonly string[]>> {
  const staged = await stage(author);
  if (!staged.ok) return staged;
  await using at = staged.value;
  const ours = await shippedSources();
  // By their own names, so that every place is one in the author's files.
  const files = [...ours.rego, ...author.rego, ...author.regoTests, join(at.folder, "data.json")];
  const tested = await decoded(["test", "--format", "json", ...files]);
  if (!tested.ok) return tested;
  const measured = await decoded(["test", "--coverage", "--format", "json", ...files]);
  if (!measured.ok) return measured;
  const results = Array.isArray(tested.value) ? tested.value.map(resultOf) : [];
  return ok({ results, ...coverageOf(measured.value, author) });
}

/** OPA answers in plain text when it could not do what it was asked. */
async function decoded(args: readonly string[]): Promise<Result<unknown, readonly string[]>> {
  const run = await runOpa(args);
  if (!run.ok) return err([run.error]);
  try {
    return ok(JSON.parse(run.value.stdout));
  } catch {
    return err(complaintsOf(run.value));
  }
}

/** What we read of OPA's report on one test. */
interface OpaTest {
  readonly location: { readonly file: string; readonly row: number; readonly col: number };
  readonly package: string;
  readonly name: string;
  readonly fail?: boolean;
  readonly error?: unknown;
  readonly skip?: boolean;
}

function resultOf(test: OpaTest): RegoResult {
  const { file, row, col } = test.location;
  const name = `${test.package.replace(/^data\./, "")}.${test.name}`;
  return { name, place: `${file}:${row}:${col}`, outcome: outcomeOf(test) };
}

function outcomeOf({ fail, error, skip }: OpaTest): RegoResult["outcome"] {
  if (error !== undefined) return "error";
  if (fail === true) return "failed";
  return skip === true ? "skipped" : "passed";
}

/** What we read of OPA's report on coverage. */
interface OpaCoverage {
  readonly files?: {
    readonly [file: string]: {
      readonly covered_lines?: number;
      readonly not_covered_lines?: number;
      readonly not_covered?: readonly {
        readonly start: { readonly row: number };
        readonly end: { readonly row: number };
      }[];
    };
  };
}

function coverageOf(report: unknown, author: Sources): Pick<RegoRun, "coverage" | "uncovered"> {
  const { files = {} } = report as OpaCoverage;
  let covered = 0;
  let all = 0;
  const uncovered: Uncovered[] = [];
  for (const file of author.rego) {
    const { covered_lines = 0, not_covered_lines = 0, not_covered = [] } = files[file] ?? {};
    covered += covered_lines;
    all += covered_lines + not_covered_lines;
    for (const { start, end } of not_covered) {
      uncovered.push({ file, first: start.row, last: end.row });
    }
  }
  return { coverage: all === 0 ? null : Math.round((covered / all) * 1000) / 10, uncovered };
}
