import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { err, ok, type Result } from "../../core/result.ts";
import { type JsonRecord, nullPrototype, overlay } from "../../policy/json.ts";
import { packageOf, type Sources, shippedFolder, shippedSources } from "./sources.ts";

/** Our rules and an author's in one folder, laid out as OPA wants a bundle. */
export interface Stage extends AsyncDisposable {
  readonly folder: string;
  /** The author's packages, in order of name. */
  readonly packages: readonly string[];
}

/** Where every package and every piece of data stands that may be in a bundle of ours. */
const ROOTS = ["mcp", "impedance"];

/** Puts the author's packages beside ours, and their data over ours. */
export async function stage(author: Sources): Promise<Result<Stage, readonly string[]>> {
  const ours = await shippedSources();
  const packages = await authorsPackages(author, ours);
  if (!packages.ok) return packages;
  const data = mergedData([...ours.data, ...author.data]);
  const named = packages.value.map((name) => name.split(".", 1)[0] ?? name);
  const roots = [...new Set([...ROOTS, ...Object.keys(data), ...named])];

  const folder = await mkdtemp(join(tmpdir(), "impedance-policy-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    for (const file of ours.rego) await copy(file, join(folder, relative(shippedFolder(), file)));
    for (const [index, file] of author.rego.entries()) {
      await copy(file, join(folder, "author", `${index}-${relative(dirname(file), file)}`));
    }
    await writeFile(join(folder, "data.json"), JSON.stringify(data));
    await writeFile(join(folder, ".manifest"), JSON.stringify({ roots }));
  } catch (error) {
    await dispose();
    throw error;
  }
  return ok({ folder, packages: packages.value, [Symbol.asyncDispose]: dispose });
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}

function mergedData(files: Sources["data"]): JsonRecord {
  let data: JsonRecord = nullPrototype([]);
  for (const { path, value } of files) {
    const nested = path.reduceRight<JsonRecord>(
      (inner, key) => nullPrototype([[key, inner]]),
      value,
    );
    data = overlay(data, nested);
  }
  return data;
}

/** FAIL CLOSED: a rule that stood inside one of ours would change what everybody knows of it. */
async function authorsPackages(
  author: Sources,
  ours: Sources,
): Promise<Result<readonly string[], readonly string[]>> {
  const shipped = new Set(await Promise.all(ours.rego.map(packageIn)));
  const errors: string[] = [];
  const packages = new Set<string>();
  for (const file of author.rego) {
    const name = await packageIn(file);
    if (name === null) {
      errors.push(`${file}:1:1: names no package; begin with: package mcp.rules.acme`);
    } else if (shipped.has(name) || isReserved(name)) {
      const remedy = "choose a name of your own below mcp.rules, such as mcp.rules.acme";
      errors.push(`${file}: the package ${name} is ours, or reserved; ${remedy}`);
    } else packages.add(name);
  }
  return errors.length === 0 ? ok([...packages].sort()) : err(errors);
}

/** OPA's own name for what is taken out of a decision log. */
export const MASK_PACKAGE = "system.log";

/** What the firewall itself, or OPA, puts there. */
function isReserved(name: string): boolean {
  if (name === MASK_PACKAGE) return false;
  return /^(?:mcp(?:\.(?:firewall|rules|lib))?|impedance|system)$|^(?:mcp\.firewall|impedance|system)\./.test(
    name,
  );
}

async function packageIn(file: string): Promise<string | null> {
  return packageOf(await readFile(file, "utf8"));
}
