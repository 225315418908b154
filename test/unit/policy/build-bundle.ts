import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { type JsonRecord, overlay, parseRecord } from "../../../src/policy/json.ts";
import { compile } from "../../../src/server/workbench/compile.ts";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");

/** Builds a bundle of the given files as OPA does by itself. */
export async function buildBundle(files: { readonly [path: string]: string }): Promise<Uint8Array> {
  return withFolder(async (folder) => {
    const source = join(folder, "source");
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(source, path)), { recursive: true });
      await writeFile(join(source, path), text);
    }
    return build(source, folder);
  });
}

/** Builds the bundle that Impedance ships. */
export function buildDefaultBundle(): Promise<Uint8Array> {
  return buildBundleBeside({});
}

/** The same sources, as OPA builds them by itself. */
export function buildPlainBundle(): Promise<Uint8Array> {
  return withFolder(async (folder) => {
    const source = join(folder, "source");
    const isShipped = (path: string) => !path.endsWith("_test.rego");
    await cp(join(root, "rego"), source, { recursive: true, filter: isShipped });
    return build(source, folder);
  });
}

/** Builds what ships without one of its rules, as a version before that rule would have. */
export function buildBundleWithout(rule: string): Promise<Uint8Array> {
  return withFolder(async (folder) => {
    const source = join(folder, "source");
    const isKept = (path: string) => !path.endsWith("_test.rego") && !path.includes(`/${rule}`);
    await cp(join(root, "rego"), source, { recursive: true, filter: isKept });
    return buildListed(source, folder);
  });
}

/** Builds what ships with an author's files beside it; of data, theirs is laid over ours. */
export function buildBundleBeside(
  files: { readonly [path: string]: string },
  data: JsonRecord = {},
): Promise<Uint8Array> {
  return withFolder(async (folder) => {
    const source = join(folder, "source");
    const isShipped = (path: string) => !path.endsWith("_test.rego");
    await cp(join(root, "rego"), source, { recursive: true, filter: isShipped });
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(source, path)), { recursive: true });
      await writeFile(join(source, path), text, { flag: "wx" });
    }
    const place = join(source, "impedance/data.json");
    const ours = parseRecord(await readFile(place));
    if (!ours.ok) throw new Error(ours.error);
    await writeFile(place, JSON.stringify(overlay(ours.value, data)));
    return buildListed(source, folder);
  });
}

/** As `impedance policy build` does. */
async function buildListed(source: string, folder: string) {
  process.env.IMPEDANCE_OPA ??= opa();
  const output = join(folder, "bundle.tar.gz");
  const built = await compile(source, {
    output,
    revision: "sha256:test",
    signing: null,
    entrypoints: [],
  });
  if (!built.ok) throw new Error(built.error.join("\n"));
  return readFile(output);
}

async function build(source: string, folder: string) {
  const output = join(folder, "bundle.tar.gz");
  const revision = ["--revision", "sha256:test"];
  await run(opa(), ["build", "-t", "wasm", "-b", source, ...revision, "-o", output]);
  return readFile(output);
}

async function withFolder<Value>(use: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-policy-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function opa(): string {
  const named = process.env.IMPEDANCE_OPA;
  if (named !== undefined) return named;
  const installed = join(root, ".tools/bin/opa");
  return existsSync(installed) ? installed : "opa";
}
