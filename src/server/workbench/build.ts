import { createHash } from "node:crypto";
import { readFile, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clock } from "../../core/ports.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { readBundle } from "../../policy/bundle.ts";
import { createPolicyEngine } from "../../policy/engine.ts";
import { maskFault } from "../mask-check.ts";
import { packagePath } from "../package-root.ts";
import { systemClock } from "../system.ts";
import { compile } from "./compile.ts";
import { complaintsOf, runOpa } from "./opa.ts";
import { findSources, packageOf, type Sources, shippedSources } from "./sources.ts";
import { MASK_PACKAGE, stage } from "./stage.ts";

export interface BuildOptions {
  /** Folders and files of the author's; none builds what ships. */
  readonly paths: readonly string[];
  readonly output: string;
  /** Null: the digest of the sources. */
  readonly revision: string | null;
  /** A private key in PEM, and how it signs; null for a bundle without signature. */
  readonly signing: { readonly key: string; readonly algorithm: string | null } | null;
}

export interface Built {
  readonly file: string;
  readonly revision: string;
  /** `sha256:…` of the file. */
  readonly digest: string;
  readonly bytes: number;
  readonly packages: readonly string[];
}

/**
 * Compiles our rules and the author's into a bundle. What our own engine would not load is no
 * result: the file that stood there before stays.
 */
export async function buildBundle(
  options: BuildOptions,
): Promise<Result<Built, readonly string[]>> {
  const author = await findSources(options.paths);
  if (!author.ok) return author;
  const staged = await stage(author.value);
  if (!staged.ok) return staged;
  await using at = staged.value;
  const problems = await checkRego(author.value);
  if (problems.length > 0) return err(problems);

  const output = resolve(options.output);
  const draft = `${output}.${process.pid}`;
  const revision = options.revision ?? (await digestOf(author.value));
  try {
    const compiled = await compile(at.folder, {
      ...{ output: draft, revision, signing: options.signing },
      // Authors write it as for OPA, which asks for it by its name.
      entrypoints: at.packages.includes(MASK_PACKAGE) ? [`${MASK_PACKAGE}.mask`] : [],
    });
    if (!compiled.ok) return compiled;
    const loaded = await load(draft, systemClock);
    if (!loaded.ok) return err([loaded.error]);
    await rename(draft, output);
    return ok({ file: options.output, revision, ...loaded.value, packages: at.packages });
  } finally {
    await rm(draft, { force: true });
  }
}

/** Types and names, against the schema of the input; each line has its place in the author's file. */
export async function checkRego(author: Sources): Promise<readonly string[]> {
  const ours = await shippedSources();
  const schema = packagePath("rego/schemas/input.json");
  const all = [...ours.rego, ...author.rego];
  const masks = await masksAmong(author);
  const files = all.filter((file) => !masks.includes(file));
  // The input of a mask is an event of the log, of which the schema knows nothing.
  const runs = [await runOpa(["check", "--strict", "-s", schema, ...files])];
  if (masks.length > 0) runs.push(await runOpa(["check", "--strict", ...all]));
  const complaints = runs.flatMap((run) => {
    if (!run.ok) return [run.error];
    return run.value.code === 0 ? [] : complaintsOf(run.value);
  });
  return [...new Set(complaints)];
}

async function masksAmong({ rego }: Sources): Promise<readonly string[]> {
  const names = await Promise.all(
    rego.map(async (file) => packageOf(await readFile(file, "utf8"))),
  );
  return rego.filter((_, index) => names[index] === MASK_PACKAGE);
}

/** As `serve` would. */
async function load(
  file: string,
  clock: Clock,
): Promise<Result<{ readonly digest: string; readonly bytes: number }, string>> {
  const bytes = await readFile(file);
  const bundle = await readBundle(bytes);
  if (!bundle.ok) return err(`the bundle would not load: ${bundle.error.detail}`);
  const engine = await createPolicyEngine(bundle.value, null, { clock, budgetMs: 1000 });
  if (!engine.ok) return err(`the bundle would not load: ${engine.error.detail}`);
  const mask = maskFault(engine.value);
  if (mask !== null) return err(`the bundle would not load: ${mask}`);
  return ok({ digest: bundle.value.digest, bytes: bytes.length });
}

/** `sha256:…` over the content of every source, ours and the author's. */
async function digestOf(author: Sources): Promise<string> {
  const digest = createHash("sha256");
  const ours = await shippedSources();
  for (const { rego, data } of [ours, author]) {
    for (const file of [...rego, ...data.map((one) => one.file)]) {
      const content = await readFile(file);
      digest.update(`${content.length}\0`).update(content);
    }
  }
  return `sha256:${digest.digest("hex")}`;
}
