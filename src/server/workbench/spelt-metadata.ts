import { Buffer } from "node:buffer";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result } from "../../core/result.ts";
import { complaintsOf, runOpa } from "./opa.ts";
import { isRecord } from "./recorded.ts";

/**
 * Puts what a rule's annotations say in the place of `rego.metadata.rule()`, in every module of a
 * staged folder. OPA makes that object at the beginning of a rule, before it looks at a condition;
 * written out, it is made where it stands, which is where a message is denied.
 */
export async function spellMetadata(folder: string): Promise<Result<null, readonly string[]>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".rego"));
  for (const { parentPath, name } of files) {
    const file = join(parentPath, name);
    const text = await readFile(file, "utf8");
    if (!text.includes(CALL)) continue;
    const run = await runOpa(["parse", "--format", "json", ...LOCATIONS, file]);
    if (!run.ok) return err([run.error]);
    if (run.value.code !== 0) return err(complaintsOf(run.value));
    await writeFile(file, spelt(text, JSON.parse(run.value.stdout)));
  }
  return ok(null);
}

const CALL = "rego.metadata.rule()";
const LOCATIONS = ["--json-include", "locations,-comments"];

/** A rule whose text or annotations are not as plain as this is left as it is. */
function spelt(text: string, tree: unknown): string {
  const rules = isRecord(tree) && Array.isArray(tree.rules) ? tree.rules : [];
  let result = text;
  for (const rule of rules) {
    const said = isRecord(rule) ? annotationOf(rule.annotations) : null;
    const own = isRecord(rule) ? textAt(rule.location) : null;
    if (said === null || own === null || !own.includes(CALL)) continue;
    const [before, ...after] = result.split(own);
    // Twice the same text is twice the same rule, and their annotations may be others.
    if (before === undefined || after.length !== 1) continue;
    result = [before, own.replaceAll(CALL, () => said), ...after].join("");
  }
  return result;
}

/** What `rego.metadata.rule()` is in a rule with these annotations, as Rego writes it. */
function annotationOf(annotations: unknown): string | null {
  if (!Array.isArray(annotations) || annotations.length !== 1) return null;
  const [only]: readonly unknown[] = annotations;
  if (!isRecord(only) || only.scope !== "rule") return null;
  const { location: _, ...said } = only;
  if (!Object.keys(said).every((key) => PLAIN.has(key))) return null;
  // Whoever looks through a module for what it refers to is not to find it in these words.
  return JSON.stringify(said).replaceAll("input", "\\u0069nput");
}

const PLAIN: ReadonlySet<string> = new Set(["scope", "title", "description", "custom"]);

function textAt(location: unknown): string | null {
  const text = isRecord(location) ? location.text : undefined;
  return typeof text === "string" ? Buffer.from(text, "base64").toString("utf8") : null;
}
