import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { parse } from "yaml";
import type { Json } from "../../core/policy.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { packagePath } from "../package-root.ts";

/** What an author wrote, found in the folders and files that they named. */
export interface Sources {
  /** Rego without tests. */
  readonly rego: readonly string[];
  readonly regoTests: readonly string[];
  /** Tables of cases: `*_test.yaml`. */
  readonly tables: readonly string[];
  readonly data: readonly DataFile[];
}

/** A file of data, and where it goes below `data`. */
interface DataFile {
  readonly file: string;
  readonly path: readonly string[];
  readonly value: { readonly [key: string]: Json };
}

const TABLE = /_test\.(?:ya?ml|json)$/;
const DATA = /^data\.(?:ya?ml|json)$/;
const FILES_MAX = 10_000;

/**
 * Looks through folders as OPA does: `data.json` goes to where its folder says. A file is what its
 * name says; data that is named by itself goes to the top.
 */
export async function findSources(
  paths: readonly string[],
): Promise<Result<Sources, readonly string[]>> {
  const found = { rego: [], regoTests: [], tables: [], data: [] } as Found;
  const errors: string[] = [];
  for (const path of paths) {
    const isFolder = await kindOf(path);
    if (isFolder === null) {
      errors.push(`${path}: is not there, or cannot be read; name a folder or a file`);
    } else if (isFolder) {
      await addFolder(path, found, errors);
    } else {
      await addFile(path, [], true, found, errors);
    }
  }
  return errors.length === 0 ? ok(found) : err(errors);
}

interface Found {
  readonly rego: string[];
  readonly regoTests: string[];
  readonly tables: string[];
  readonly data: DataFile[];
}

/** Null for what is not there. */
async function kindOf(path: string): Promise<boolean | null> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return null;
  }
}

async function addFolder(folder: string, found: Found, errors: string[]): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/(^|\/)(\.|node_modules\/)/.test(relative(folder, file)))
    .sort();
  if (files.length > FILES_MAX) {
    errors.push(`${folder}: holds more than ${FILES_MAX} files; name the folder of the policy`);
    return;
  }
  for (const file of files) {
    const below = dirname(relative(folder, file));
    const path = below === "." ? [] : below.split(sep);
    await addFile(file, path, false, found, errors);
  }
}

async function addFile(
  file: string,
  path: readonly string[],
  isNamed: boolean,
  found: Found,
  errors: string[],
): Promise<void> {
  const name = basename(file);
  if (name.endsWith("_test.rego")) found.regoTests.push(file);
  else if (name.endsWith(".rego")) found.rego.push(file);
  else if (TABLE.test(name)) found.tables.push(file);
  else if (DATA.test(name) || (isNamed && /\.(?:ya?ml|json)$/.test(name))) {
    const value = await readData(file);
    if (value.ok) found.data.push({ file, path, value: value.value });
    else errors.push(value.error);
  } else if (isNamed) {
    errors.push(`${file}: is neither Rego (.rego), data (.json, .yaml) nor tests (*_test.yaml)`);
  }
}

async function readData(file: string): Promise<Result<DataFile["value"], string>> {
  try {
    const value: unknown = parse(await readFile(file, "utf8"));
    // Through JSON: data is JSON, and nothing else of YAML.
    const json: unknown = JSON.parse(JSON.stringify(value ?? null));
    if (typeof json === "object" && json !== null && !Array.isArray(json)) {
      if (!Object.hasOwn(json, "policy_id")) return ok(json as DataFile["value"]);
      return err(
        `${file}: is a portable policy, and no data: give it with --policy, or policy.file`,
      );
    }
    return err(`${file}: data is an object at its top; write key: value`);
  } catch {
    return err(`${file}: is neither JSON nor YAML that can be read`);
  }
}

/** The rules that ship, without their tests. */
export async function shippedSources(): Promise<Sources> {
  const found = await findSources([shippedFolder()]);
  if (!found.ok) throw new Error(found.error.join("\n"));
  return found.value;
}

export function shippedFolder(): string {
  return packagePath("rego");
}

/** What Rego calls the package of a module; null for a text without one. */
export function packageOf(rego: string): string | null {
  const found = /^package[ \t]+(\S+)/m.exec(rego)?.[1];
  return found?.replace(/\["(\w+)"\]/g, ".$1") ?? null;
}
