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
  /** The local that it returns. */
  readonly return: number;
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
  const isPlaced = Array.isArray(path) && path.every(isText) && Number.isInteger(value.return);
  return (
    isPlaced && Array.isArray(params) && params.every(Number.isInteger) && isRecordList(blocks)
  );
}

function isRecordList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isRecord);
}

/** A rule that the firewall may ask for. */
export interface AskedRule {
  /** `oversize` */
  readonly package: string;
  /** `reasons` */
  readonly word: string;
  /** The member of the input without an item of which the rule says nothing; null for none. */
  readonly about: string | null;
}

/** The rules of all packages below `mcp.rules`, in order of package. */
export function askedRules({ strings, functions }: Plan): readonly AskedRule[] {
  const found = new Map<string, AskedRule>();
  for (const one of functions) {
    const [group, mcp, rules, name, word, ...below] = one.path;
    if (group !== "g0" || mcp !== "mcp" || rules !== "rules") continue;
    // A function that takes more than the input and the data is nothing to be asked for.
    if (name === undefined || word === undefined || one.params.length !== 2) continue;
    const key = JSON.stringify([name, word]);
    const about = below.length > 0 || found.has(key) ? null : aboutOf(one, strings);
    found.set(key, { package: name, word, about });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}

/**
 * The member of the input that a set of rules goes through, each of them, before it says anything.
 * FAIL CLOSED: whatever is not plainly so is asked always.
 */
function aboutOf(rule: PlanFunction, strings: readonly string[]): string | null {
  const adds: (string | null)[] = [];
  const read: Read = { strings, input: rule.params[0] ?? -1, result: rule.return, adds };
  if (!readBlocks(rule.blocks, null, read)) return null;
  const [first = null] = adds;
  return adds.every((one) => one === first) ? first : null;
}

interface Read {
  readonly strings: readonly string[];
  readonly input: number;
  readonly result: number;
  /** For each addition to a set, the member that is gone through around it. */
  readonly adds: (string | null)[];
}

/** Whether the result is only ever added to, and the input what it was. */
function readBlocks(node: unknown, around: string | null, read: Read): boolean {
  if (Array.isArray(node)) return node.every((one) => readBlocks(one, around, read));
  if (!isRecord(node)) return true;
  const { stmts } = node;
  if (!Array.isArray(stmts)) {
    return Object.values(node).every((one) => readBlocks(one, around, read));
  }
  return stmts.every((statement: unknown, at) => {
    if (!isRecord(statement) || !isRecord(statement.stmt)) return false;
    const { type, stmt: body } = statement;
    if (type === "SetAddStmt") read.adds.push(around);
    // What is gone through in it may not be the list of the input that was given.
    if (type === "WithStmt") return false;
    const made = [body.target, body.result];
    if (made.includes(read.input)) return false;
    if (type !== "MakeSetStmt" && made.includes(read.result)) return false;
    const member = type === "ScanStmt" ? memberTaken(stmts[at - 1], body.source, read) : null;
    return readBlocks(body, around ?? member, read);
  });
}

/** The member of the input that a statement puts into `target`. */
function memberTaken(statement: unknown, target: unknown, read: Read): string | null {
  if (!isRecord(statement) || statement.type !== "DotStmt" || !isRecord(statement.stmt))
    return null;
  const { source, key, target: taken } = statement.stmt;
  if (taken !== target || !isRecord(source) || !isRecord(key)) return null;
  const isOfInput = source.type === "local" && source.value === read.input;
  if (!isOfInput || key.type !== "string_index") return null;
  return read.strings[Number(key.value)] ?? null;
}
