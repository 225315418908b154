/**
 * `npm run bench:docs`: measures, keeps each round in `bench/results/`, and writes the tables of
 * `docs/benchmarks.md` and `docs/scaling.md` anew, between the marks there. The words around them
 * are left alone.
 *
 *   node bench/docs.ts [--only load,streams,scaling,growth,audit,micro,guards,padding]
 *                      [-- options of that one]
 *
 * Behind `--` stand options for the one benchmark that `--only` names: its peers, or fewer rounds.
 */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { replaceBlock } from "./marked-blocks.ts";

interface Benchmark {
  readonly script: string;
  readonly options: readonly string[];
  /** The benchmark writes its rounds by itself. */
  readonly saves: boolean;
  /** Where its marks are; `benchmarks.md` if absent. */
  readonly page?: string;
}

const BENCHMARKS: { readonly [name: string]: Benchmark } = {
  load: { script: "load.ts", options: [], saves: true },
  streams: { script: "streams.ts", options: [], saves: true },
  scaling: { script: "scaling.ts", options: [], saves: true, page: "scaling.md" },
  audit: { script: "audit.ts", options: ["--end-to-end"], saves: false },
  micro: { script: "micro.ts", options: [], saves: true },
  guards: { script: "guards.ts", options: [], saves: true },
  growth: { script: "growth-long.ts", options: [], saves: false },
  padding: { script: "padding.ts", options: [], saves: false },
};

const { values, positionals } = parseArgs({
  options: { only: { type: "string", default: "load,streams,scaling,micro,guards" } },
  allowPositionals: true,
});

const names = values.only.split(",");
if (positionals.length > 0 && names.length > 1) {
  throw new Error("options behind -- are for one benchmark: name it with --only");
}
for (const name of names) writeBlock(name, textOf(name));

function textOf(name: string): string {
  const benchmark = BENCHMARKS[name];
  if (benchmark === undefined) throw new Error(`no benchmark is called ${name}`);
  const { script, options, saves } = benchmark;
  const path = fileURLToPath(new URL(script, import.meta.url));
  const file = fileURLToPath(new URL(`results/${name}.json`, import.meta.url));
  const all = [...options, ...(saves ? ["--save", file] : []), ...positionals];
  const { status, stdout } = spawnSync(process.execPath, [path, ...all], {
    ...{ encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 26 },
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}`);
  return stdout;
}

function writeBlock(name: string, text: string): void {
  const file = BENCHMARKS[name]?.page ?? "benchmarks.md";
  const path = fileURLToPath(new URL(`../docs/${file}`, import.meta.url));
  const page = replaceBlock(readFileSync(path, "utf8"), name, text);
  if (page === null) throw new Error(`docs/${file} has no marks for ${name}`);
  writeFileSync(path, page);
}
