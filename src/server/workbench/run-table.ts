import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Config } from "../../config/config.ts";
import { formatConfigError } from "../../config/config-error.ts";
import { loadConfig } from "../../config/load-config.ts";
import type { Reason, RuleFact } from "../../core/policy.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { createOfflinePipeline, type OfflinePipeline } from "../offline.ts";
import { systemClock } from "../system.ts";
import { type Difference, differencesOf } from "./expectation.ts";
import { decodeTable, type Table, type TableTest } from "./table.ts";
import { type Outcome, tryOut } from "./trial.ts";

export interface TableResult {
  readonly name: string;
  readonly place: string;
  readonly differences: readonly Difference[];
  /** The portable rules that fit one of its messages. */
  readonly rules: readonly string[];
  /** What rules in shadow had against the message that was judged; absent where they had nothing. */
  readonly shadow?: readonly Reason[];
}

export interface TableRun {
  readonly file: string;
  /** The portable policy that was tested; null for none. */
  readonly policy: string | null;
  readonly results: readonly TableResult[];
}

export interface RunOptions {
  /** Of the command line; a table may name another, or a policy and a bundle of its own. */
  readonly config: Config;
  /** Take the place of what a table names. */
  readonly policy: string | null;
  readonly bundle: string | null;
  readonly env: { readonly [variable: string]: string | undefined };
}

/** Runs a file of table tests, or says why it cannot be run. */
export async function runTable(
  file: string,
  options: RunOptions,
): Promise<Result<TableRun, readonly string[]>> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return err([`${file}: cannot be read`]);
  const table = decodeTable(text, file);
  if (!table.ok) return table;
  const config = await configOf(table.value, options);
  if (!config.ok) return config;

  const time = createTime();
  const clock = { now: () => time.at ?? systemClock.now(), monotonic: systemClock.monotonic };
  const faults: string[] = [];
  const onFault = (guard: string) => faults.push(`${file}: the guard ${guard} failed`);
  const pipeline = await createOfflinePipeline(config.value, {
    guards: null,
    clock,
    isPatient: true,
    onFault,
  });
  if (!pipeline.ok) return err(pipeline.error.map((error) => `${file}: ${error}`));
  const results = table.value.tests.map((test) => runTest(test, pipeline.value, time));
  if (faults.length > 0) return err(faults);
  return ok({ file, policy: config.value.policy.file, results });
}

/** What the clock says; null is what it is. */
interface Time {
  at: number | null;
}

function createTime(): Time {
  return { at: null };
}

function runTest(
  { name, place, steps, expect }: TableTest,
  pipeline: OfflinePipeline,
  time: Time,
): TableResult {
  const dependencies = pipeline.start();
  let last: Outcome | null = null;
  let direction: TableTest["steps"][number]["trial"]["direction"] = "request";
  const rules = new Set<string>();
  for (const step of steps) {
    time.at = step.time;
    last = tryOut(step.trial, dependencies);
    direction = step.trial.direction;
    for (const rule of last.inputs.flatMap(fitting)) rules.add(rule);
  }
  if (last === null) throw new Error("a test has at least one message");
  const differences = differencesOf(expect, last, direction);
  const { shadow } = last;
  return { name, place, differences, rules: [...rules], ...(shadow.length > 0 && { shadow }) };
}

function fitting({ rules }: { readonly rules: readonly RuleFact[] }): readonly string[] {
  return rules.filter(({ fit }) => fit).map(({ rule }) => rule);
}

async function configOf(
  table: Table,
  { config, policy, bundle, env }: RunOptions,
): Promise<Result<Config, readonly string[]>> {
  const beside = (path: string) => resolve(dirname(table.file), path);
  const base = table.config === null ? ok(config) : await readConfig(beside(table.config), env);
  if (!base.ok) return base;
  const own = base.value.policy;
  return ok({
    ...base.value,
    policy: {
      ...own,
      file: policy ?? (table.policy === null ? own.file : beside(table.policy)),
      bundle: bundle ?? (table.bundle === null ? own.bundle : beside(table.bundle)),
    },
  });
}

async function readConfig(
  file: string,
  env: RunOptions["env"],
): Promise<Result<Config, readonly string[]>> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return err([`${file}: cannot be read`]);
  const config = loadConfig(text, file, env);
  return config.ok ? config : err(config.error.map(formatConfigError));
}
