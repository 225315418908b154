import { isRecord } from "../../policy/json.ts";
import { type BuildFacts, NUMBERS_MAX, PATHS_MAX } from "../../policy/reads.ts";
import type { Plan } from "./plan.ts";
import { type IsConstant, isComparison, numbersOf, replaces, settledIn } from "./plan-constants.ts";

export type Looks = Omit<BuildFacts, "wasm">;

/**
 * Which parts of the input a policy can read. Every statement that takes the input, or a part of
 * it, and is not known to only take a member out of it or to pass it on, reads that part whole.
 */
export function looksOf({ strings, functions }: Plan): Looks {
  const paths = new Map<string, Path>();
  const compared = new Map<string, Path>();
  const taken = new Map<string, Path>();
  const numbers = constantsOf({ strings, functions });
  for (const { params, blocks } of functions) {
    const [input, data] = params;
    // FAIL CLOSED: a function that is not called as they all are may be given anything.
    if (input === undefined || data === undefined) return EVERYTHING;
    const walk: Walk = {
      strings,
      read: (path) => paths.set(JSON.stringify(path), path),
      compare: (path) => compared.set(JSON.stringify(path), path),
      take: (path) => taken.set(JSON.stringify(path), path),
      isConstant: numbers === null ? () => false : settledIn(blocks, data),
    };
    walkNested(blocks, new Map([[input, [[]]]]), walk);
  }
  const looked = [...paths.values(), ...compared.values()];
  // FAIL CLOSED: a body ends where there is no such member, even if nothing is done with one.
  const isLast = (path: Path) =>
    ![...taken.values()].some((other) => other.length > path.length && startsWith(other, path));
  const present = [...taken.values()].filter(
    (path) => isLast(path) && !looked.some((other) => meet(path, other)),
  );
  const read = [...paths.values(), ...present];
  const only = [...compared.values()].filter((path) => !read.some((other) => meet(path, other)));
  const all = [...read, ...only];
  const isCovered = (path: Path) =>
    all.some((other) => other.length < path.length && startsWith(path, other));
  const reads = all.filter((path) => !isCovered(path)).sort(byText);
  if (reads.length > PATHS_MAX || reads.some((path) => path.length === 0)) return EVERYTHING;
  const left = only.filter((path) => !isCovered(path)).sort(byText);
  return left.length === 0
    ? { ...EVERYTHING, reads }
    : { reads, compared: left, numbers: numbers ?? [] };
}

/** What members may be compared with; null where nobody can tell, or name them all. */
function constantsOf({ functions, strings }: Pick<Plan, "functions" | "strings">) {
  const numbers = replaces(functions) ? null : numbersOf(functions, strings);
  return numbers === null || numbers.length > NUMBERS_MAX ? null : numbers;
}

const EVERYTHING: Looks = { reads: null, compared: [], numbers: [] };

function startsWith(path: Path, beginning: Path): boolean {
  return beginning.every((step, at) => step === path[at]);
}

/** Whether one of them stands in the other, or both are the same. */
function meet(one: Path, other: Path): boolean {
  return startsWith(one, other) || startsWith(other, one);
}

type Path = readonly string[];

/** Which parts of the input each local may hold at a place in the plan. */
type Parts = Map<number, readonly Path[]>;

interface Walk {
  readonly strings: readonly string[];
  readonly read: (path: Path) => void;
  readonly compare: (path: Path) => void;
  /** A member is taken out of an object: whether it is there is told by that alone. */
  readonly take: (path: Path) => void;
  readonly isConstant: IsConstant;
}

function byText(a: Path, b: Path): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/**
 * Statements in their order. Returns all that any of them made a local hold: a block is left at
 * any of its statements, so that behind it a local may hold each of these, or what it held before.
 */
function walkStatements(statements: readonly unknown[], parts: Parts, walk: Walk): Parts {
  const made: Parts = new Map();
  for (const statement of statements) {
    if (!isRecord(statement) || !isRecord(statement.stmt)) continue;
    const { type, stmt: body } = statement;
    readUsed(type, body, parts, walk);
    const inside = walkNested(body, parts, walk, type === "ScanStmt");
    merge(parts, inside);
    merge(made, inside);
    if (typeof body.result === "number") parts.delete(body.result);
    if (typeof body.target !== "number") continue;
    const taken = takenBy(type, body, parts, walk);
    parts.set(body.target, taken);
    merge(made, new Map([[body.target, taken]]));
  }
  return made;
}

function readUsed(type: unknown, body: Body, parts: Parts, walk: Walk): void {
  const note = isComparison(type, body, walk.isConstant) ? walk.compare : walk.read;
  for (const local of usesOf(type, body, walk)) {
    for (const path of parts.get(local) ?? []) note(path);
  }
}

/** The parts of the input that a statement puts into its target. */
function takenBy(type: unknown, body: Body, parts: Parts, walk: Walk): readonly Path[] {
  const step = stepOf(type, body, walk);
  if (step === null) return [];
  const taken = (parts.get(step.source) ?? []).map((path) => below(path, step.keys));
  if (step.keys.length > 0) for (const path of taken) walk.take(path);
  return taken;
}

/** No input is as deep; a loop that walks down ends there, and reads all that is below. */
const DEPTH_MAX = 12;

function below(path: Path, keys: readonly string[]): Path {
  return [...path, ...keys].slice(0, DEPTH_MAX);
}

/** The blocks inside a statement, or of a function; one that repeats begins as it may end. */
function walkNested(node: unknown, parts: Parts, walk: Walk, repeats = false): Parts {
  const made: Parts = new Map();
  const entry: Parts = new Map(parts);
  for (const statements of blocksIn(node)) {
    let inside = walkStatements(statements, new Map(entry), walk);
    while (repeats && merge(entry, inside)) {
      inside = walkStatements(statements, new Map(entry), walk);
    }
    merge(entry, inside);
    merge(made, inside);
  }
  return made;
}

/** Each list of statements that stands in a node, itself aside from those inside of them. */
function blocksIn(node: unknown): readonly (readonly unknown[])[] {
  if (Array.isArray(node)) return node.flatMap(blocksIn);
  if (!isRecord(node)) return [];
  if (Array.isArray(node.stmts)) return [node.stmts];
  return Object.values(node).flatMap(blocksIn);
}

/** Whether there was anything new. */
function merge(into: Parts, more: Parts): boolean {
  let isNew = false;
  for (const [local, paths] of more) {
    const known = into.get(local) ?? [];
    const texts = new Set(known.map((path) => JSON.stringify(path)));
    const added = paths.filter((path) => !texts.has(JSON.stringify(path)));
    if (added.length === 0) continue;
    into.set(local, [...known, ...added]);
    isNew = true;
  }
  return isNew;
}

type Body = { readonly [field: string]: unknown };

/** A statement that takes a member with a known name out of a local, or copies it. */
function stepOf(type: unknown, body: Body, { strings }: Walk) {
  const source = localOf(body.source);
  if (source === null) return null;
  if (type === "AssignVarStmt" || type === "AssignVarOnceStmt") return { source, keys: [] };
  if (type !== "DotStmt") return null;
  const key = textOf(body.key, strings);
  return key === null ? null : { source, keys: [key] };
}

/** The locals whose parts of the input a statement may look at. */
function usesOf(type: unknown, body: Body, walk: Walk): readonly number[] {
  if (CONSTANT.has(type) || stepOf(type, body, walk) !== null) return [];
  // Every function is given the input and the data first, and its own reads are looked at there.
  if (type === "CallStmt" && Array.isArray(body.args) && isOurs(body.func)) {
    return localsIn(body.args.slice(1));
  }
  const fields = Object.entries(body).filter(([name]) => !NO_USE.has(name));
  return localsIn(fields.map(([, value]) => value));
}

/** Of rules and functions in Rego; built-ins take only what they are given. */
function isOurs(name: unknown): boolean {
  return typeof name === "string" && /^g\d+\./.test(name);
}

/** These look at no local; their numbers are numbers. */
const CONSTANT: ReadonlySet<unknown> = new Set([
  "AssignIntStmt",
  "BreakStmt",
  "MakeArrayStmt",
  "MakeNullStmt",
  "MakeNumberIntStmt",
  "MakeNumberRefStmt",
  "MakeObjectStmt",
  "MakeSetStmt",
  "NopStmt",
  "ResetLocalStmt",
]);

/** What a statement makes, holds, or says of where it stands. */
const NO_USE: ReadonlySet<string> = new Set([
  "target",
  "result",
  "block",
  "blocks",
  "file",
  "row",
  "col",
  "end_row",
  "end_col",
]);

function localsIn(values: readonly unknown[]): readonly number[] {
  return values.flatMap((value) => {
    if (Array.isArray(value)) return localsIn(value);
    const local = localOf(value);
    return local === null ? [] : [local];
  });
}

/** Some fields name a local by its bare number. */
function localOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  const isLocal = isRecord(value) && value.type === "local" && typeof value.value === "number";
  return isLocal ? Number(value.value) : null;
}

function textOf(value: unknown, strings: readonly string[]): string | null {
  const isKey = isRecord(value) && value.type === "string_index" && typeof value.value === "number";
  return isKey ? (strings[Number(value.value)] ?? null) : null;
}
