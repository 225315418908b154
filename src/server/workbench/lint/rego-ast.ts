import { err, ok, type Result } from "../../../core/result.ts";
import { complaintsOf, runOpa } from "../opa.ts";
import { isRecord } from "../recorded.ts";

/** A Rego module, as far as it is read here: its rules, and in each what it refers to and calls. */
export interface RegoModule {
  readonly file: string;
  /** `mcp.rules.acme` */
  readonly package: string;
  readonly rules: readonly RegoRule[];
}

export interface RegoRule {
  readonly name: string;
  readonly row: number;
  readonly column: number;
  readonly references: readonly Reference[];
  readonly calls: readonly Call[];
  /** Every variable, and first step of a reference, that stands in it. */
  readonly names: ReadonlySet<string>;
}

/** `input.findings[_].action`; a step that is no text is null. */
export interface Reference extends Spot {
  readonly steps: readonly (string | null)[];
}

export interface Call extends Spot {
  /** `regex.match` */
  readonly name: string;
  /** The terms as OPA writes them. */
  readonly operands: readonly unknown[];
}

export interface Spot {
  readonly row: number;
  readonly column: number;
}

/** Parses one file with OPA. */
export async function parseRego(file: string): Promise<Result<RegoModule, readonly string[]>> {
  const args = ["parse", "--format", "json", "--json-include", "locations,-comments", file];
  const run = await runOpa(args);
  if (!run.ok) return err([run.error]);
  if (run.value.code !== 0) return err(complaintsOf(run.value));
  const tree: unknown = JSON.parse(run.value.stdout);
  if (!isRecord(tree) || !isRecord(tree.package)) return err([`${file}: cannot be read`]);
  const [, ...path] = stepsOf(tree.package.path);
  const rules = Array.isArray(tree.rules) ? tree.rules.filter(isRecord) : [];
  return ok({ file, package: path.join("."), rules: rules.map(ruleOf) });
}

function ruleOf(rule: { readonly [key: string]: unknown }): RegoRule {
  const head = isRecord(rule.head) ? rule.head : {};
  const [first] = stepsOf(head.ref);
  const { row, column } = spotOf(isRecord(head.location) ? head : rule);
  const found: Found = { references: [], calls: [], names: new Set() };
  // The head's own name is no reference to it.
  walk([head.args, head.key, head.value, rule.body, rule.else], { row, column }, found);
  return { name: first ?? String(head.name ?? ""), row, column, ...found };
}

interface Found {
  readonly references: Reference[];
  readonly calls: Call[];
  readonly names: Set<string>;
}

function walk(value: unknown, around: Spot, found: Found): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, around, found);
    return;
  }
  if (!isRecord(value)) return;
  const spot = value.location === undefined ? around : spotOf(value);
  note(value, spot, found);
  for (const [key, one] of Object.entries(value)) if (key !== "location") walk(one, spot, found);
}

/** What a node of the tree says by itself. */
function note(value: { readonly [key: string]: unknown }, spot: Spot, found: Found): void {
  if (value.type === "var" && typeof value.value === "string") found.names.add(value.value);
  if (value.type === "ref") {
    const steps = stepsOf(value.value);
    if (typeof steps[0] === "string") found.names.add(steps[0]);
    found.references.push({ steps, ...spot });
  }
  if (value.type === "call") noteCall(value.value, spot, found);
  noteCall(value.terms, spot, found);
  // `every x in list` says of x what `some x in list` does.
  if (isRecord(value.value) && isRecord(value.domain)) {
    const operands = [value.value, value.domain];
    found.calls.push({ name: "internal.member_2", operands, ...spot });
  }
}

/** Terms that begin with a reference are a call: `[equal, input.phase, "request"]`. */
function noteCall(terms: unknown, around: Spot, found: Found): void {
  const [operator, ...operands] = Array.isArray(terms) ? terms : [];
  if (!isRecord(operator) || operator.type !== "ref") return;
  const steps = stepsOf(operator.value);
  if (steps[0] === "input" || steps[0] === "data" || steps.includes(null)) return;
  const spot = operator.location === undefined ? around : spotOf(operator);
  found.calls.push({ name: steps.join("."), operands, ...spot });
}

/** The steps of a reference's terms; a variable behind the first step may be anything. */
export function stepsOf(terms: unknown): readonly (string | null)[] {
  if (!Array.isArray(terms)) return [];
  return terms.map((term, index) => {
    if (!isRecord(term) || typeof term.value !== "string") return null;
    return term.type === "string" || index === 0 ? term.value : null;
  });
}

function spotOf({ location }: { readonly [key: string]: unknown }): Spot {
  const { row, col } = isRecord(location) ? location : {};
  return { row: typeof row === "number" ? row : 1, column: typeof col === "number" ? col : 1 };
}
