import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { err, ok, type Result } from "../../core/result.ts";
import { isRecord, type JsonRecord, parseRecord } from "../../policy/json.ts";
import type { BuildFacts } from "../../policy/reads.ts";
import { askedModule } from "./asked-module.ts";
import { complaintsOf, runOpa } from "./opa.ts";
import { memberOf, type Plan, readPlan, rulePackages } from "./plan.ts";
import { readsOf } from "./plan-reads.ts";

export interface CompileOptions {
  readonly output: string;
  readonly revision: string;
  /** A private key in PEM, and how it signs; null for a bundle without signature. */
  readonly signing: { readonly key: string; readonly algorithm: string | null } | null;
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
  const plan = await planOf(folder);
  if (!plan.ok) return plan;
  const unsigned = await opaBuild(folder, ["-t", "wasm"], DRAFT);
  if (!unsigned.ok) return unsigned;
  const module = memberOf(unsigned.value, "/policy.wasm");
  if (module === undefined) return err(["opa wrote no WebAssembly"]);

  const wasm = `sha256:${createHash("sha256").update(module).digest("hex")}`;
  await vouch(folder, { wasm, reads: readsOf(plan.value) });
  const { output, revision, signing } = options;
  const flags = ["-t", "wasm", "--revision", revision];
  if (signing !== null) {
    flags.push("--signing-key", resolve(signing.key));
    if (signing.algorithm !== null) flags.push("--signing-alg", signing.algorithm);
  }
  const built = await opaBuild(folder, flags, output);
  return built.ok ? ok(null) : built;
}

/** FAIL CLOSED: where data too may speak for a package, whoever is there is asked. */
async function listPackages(folder: string): Promise<Result<null, Complaints>> {
  const data = parseRecord(await readFile(join(folder, "data.json")));
  if (!data.ok || isRecord(data.value.mcp)) return ok(null);
  const plan = await planOf(folder);
  if (!plan.ok) return plan;
  await writeFile(join(folder, ASKED), askedModule(rulePackages(plan.value)));
  return ok(null);
}

async function planOf(folder: string): Promise<Result<Plan, Complaints>> {
  const built = await opaBuild(folder, ["-t", "plan"], DRAFT);
  if (!built.ok) return built;
  const plan = readPlan(built.value);
  return plan.ok ? plan : err([plan.error]);
}

async function vouch(folder: string, facts: BuildFacts): Promise<void> {
  const place = join(folder, ".manifest");
  const manifest = parseRecord(await readFile(place));
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
