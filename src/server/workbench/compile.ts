import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { err, ok, type Result } from "../../core/result.ts";
import { type JsonRecord, parseRecord } from "../../policy/json.ts";
import type { BuildFacts } from "../../policy/reads.ts";
import { askedModule } from "./asked-module.ts";
import { complaintsOf, runOpa } from "./opa.ts";
import { askedRules, memberOf, type Plan, readPlan } from "./plan.ts";
import { looksOf } from "./plan-reads.ts";
import { spellMetadata } from "./spelt-metadata.ts";

export interface CompileOptions {
  readonly output: string;
  readonly revision: string;
  /** A private key in PEM, and how it signs; null for a bundle without signature. */
  readonly signing: { readonly key: string; readonly algorithm: string | null } | null;
  /** Rules that are asked beside the decision, by their dotted names. */
  readonly entrypoints: readonly string[];
}

type Complaints = readonly string[];

const ASKED = "mcp/lib/asked/asked.rego";
const DRAFT = ".draft.tar.gz";

/**
 * Compiles a staged folder into a bundle. The module that asks whoever is there gives way to one
 * that names who is there, and the manifest says which parts of the input the result can read.
 */
export async function compile(
  folder: string,
  options: CompileOptions,
): Promise<Result<null, Complaints>> {
  const listed = await listPackages(folder);
  if (!listed.ok) return listed;
  const spelt = await spellMetadata(folder);
  if (!spelt.ok) return spelt;
  const planned = await planOf(folder);
  if (!planned.ok) return planned;
  const { output, revision, signing, entrypoints } = options;
  const target = [
    "-t",
    "wasm",
    ...entrypoints.flatMap((name) => ["-e", name.replaceAll(".", "/")]),
  ];
  const unsigned = await opaBuild(folder, target, DRAFT);
  if (!unsigned.ok) return unsigned;
  const module = memberOf(unsigned.value, "/policy.wasm");
  if (module === undefined) return err(["opa wrote no WebAssembly"]);

  const wasm = `sha256:${createHash("sha256").update(module).digest("hex")}`;
  await vouch(folder, { wasm, ...looksOf(planned.value.plan) });
  const flags = [...target, "--revision", revision];
  if (signing !== null) {
    flags.push("--signing-key", resolve(signing.key));
    if (signing.algorithm !== null) flags.push("--signing-alg", signing.algorithm);
  }
  const built = await opaBuild(folder, flags, output);
  return built.ok ? ok(null) : built;
}

/** FAIL CLOSED: where data too may speak for a package, whoever is there is asked. */
async function listPackages(folder: string): Promise<Result<null, Complaints>> {
  const planned = await planOf(folder);
  if (!planned.ok) return planned;
  const { plan, data } = planned.value;
  if (Object.hasOwn(data, "mcp")) return ok(null);
  await writeFile(join(folder, ASKED), askedModule(askedRules(plan)));
  return ok(null);
}

const NO_DATA = new TextEncoder().encode("{}");

interface Planned {
  readonly plan: Plan;
  readonly data: JsonRecord;
}

async function planOf(folder: string): Promise<Result<Planned, Complaints>> {
  const built = await opaBuild(folder, ["-t", "plan"], DRAFT);
  if (!built.ok) return built;
  const plan = readPlan(built.value);
  if (!plan.ok) return err([plan.error]);
  const data = parseRecord(memberOf(built.value, "/data.json") ?? NO_DATA);
  return data.ok ? ok({ plan: plan.value, data: data.value }) : err([`data.json is ${data.error}`]);
}

async function vouch(folder: string, facts: BuildFacts): Promise<void> {
  const place = join(folder, ".manifest");
  const manifest = parseRecord(await readFile(place).catch(() => NO_DATA));
  const before: JsonRecord = manifest.ok ? manifest.value : {};
  await writeFile(place, JSON.stringify({ ...before, metadata: { impedance: facts } }));
}

/** Names stay relative to the folder: in a bundle stands no path of the machine that built it. */
async function opaBuild(
  folder: string,
  flags: readonly string[],
  output: string,
): Promise<Result<Uint8Array, Complaints>> {
  const run = await runOpa(["build", "-b", ".", ...flags, "-o", output], folder);
  if (!run.ok) return err([run.error]);
  if (run.value.code !== 0) return err(complaintsOf(run.value));
  const file = resolve(folder, output);
  const bytes = await readFile(file);
  if (output === DRAFT) await rm(file);
  return ok(bytes);
}
