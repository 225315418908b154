import { gunzipSync } from "node:zlib";
import { err, ok, type Result } from "../../core/result.ts";
import { isRecord, parseRecord } from "../../policy/json.ts";
import { readTar } from "../../policy/tar.ts";

/** What OPA makes of a policy before it makes WebAssembly of it (`opa build -t plan`). */
export interface Plan {
  readonly strings: readonly string[];
  readonly functions: readonly PlanFunction[];
}

interface PlanFunction {
  readonly path: readonly string[];
  /** Numbers of locals; the first is the input, the second the data. */
  readonly params: readonly number[];
  readonly blocks: unknown;
}

/** A file in a bundle that `opa` has just written. */
export function memberOf(bundle: Uint8Array, name: string): Uint8Array | undefined {
  const files = readTar(gunzipSync(bundle));
  return files.ok ? files.value.get(name) : undefined;
}

/** Reads the plan out of a bundle. */
export function readPlan(bundle: Uint8Array): Result<Plan, string> {
  const file = memberOf(bundle, "/plan.json");
  const plan = file === undefined ? undefined : parseRecord(file);
  if (plan?.ok !== true) return err("opa wrote no plan of the policy");
  const { static: constants, funcs } = plan.value;
  const texts = isRecord(constants) ? constants.strings : undefined;
  const list = isRecord(funcs) ? funcs.funcs : undefined;
  if (!Array.isArray(texts) || !Array.isArray(list)) return err("opa wrote a plan of another kind");
  const strings = texts.map((text: unknown) => (isRecord(text) ? text.value : undefined));
  if (!strings.every(isText) || !list.every(isFunction)) {
    return err("opa wrote a plan of another kind");
  }
  return ok({ strings, functions: list });
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isFunction(value: unknown): value is PlanFunction {
  if (!isRecord(value)) return false;
  const { path, params, blocks } = value;
  const isPlaced = Array.isArray(path) && path.every(isText);
  return (
    isPlaced && Array.isArray(params) && params.every(Number.isInteger) && isRecordList(blocks)
  );
}

function isRecordList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isRecord);
}

/** The rules of each package below `mcp.rules`, by the name of the package. */
export function rulePackages({ functions }: Plan): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { path, params } of functions) {
    const [group, mcp, rules, name, rule] = path;
    if (group !== "g0" || mcp !== "mcp" || rules !== "rules") continue;
    // A function that takes more than the input and the data is nothing to be asked for.
    if (params.length !== 2) continue;
    if (name === undefined || rule === undefined) continue;
    const known = found.get(name) ?? new Set<string>();
    found.set(name, known.add(rule));
  }
  return found;
}
