import { readFileSync } from "node:fs";
import { CLASSIFICATIONS, RISKS, SIDE_EFFECT_NAMES } from "../../../core/inventory.ts";
import { suggest } from "../../../core/suggest.ts";
import { GUARD_NAMES } from "../../../guard/guards.ts";
import { packagePath } from "../../package-root.ts";
import { knownMethods } from "../known-methods.ts";
import { isRecord } from "../recorded.ts";
import type { LintFinding } from "./finding.ts";
import { type Call, type RegoModule, type RegoRule, stepsOf } from "./rego-ast.ts";

const COMPARISONS: ReadonlySet<string> = new Set(["equal", "eq", "neq", "internal.member_2"]);

/** Texts that a field of the input is compared with, and that it never holds. */
export function lintConstants(module: RegoModule): readonly LintFinding[] {
  return module.rules.flatMap((rule) => {
    const elements = elementsOf(rule);
    return rule.calls
      .filter(({ name }) => COMPARISONS.has(name))
      .flatMap((call) => lintComparison(call, elements, module.file));
  });
}

/** `some finding in input.findings`: the variable stands for an item of that list. */
function elementsOf({ calls }: RegoRule): ReadonlyMap<string, readonly (string | null)[]> {
  const elements = new Map<string, readonly (string | null)[]>();
  for (const { name, operands } of calls) {
    const [variable, list] = operands;
    if (name !== "internal.member_2" || !isRecord(variable) || !isRecord(list)) continue;
    if (variable.type !== "var" || typeof variable.value !== "string") continue;
    if (list.type === "ref") elements.set(variable.value, [...stepsOf(list.value), null]);
  }
  return elements;
}

function lintComparison(
  { name, operands, row, column }: Call,
  elements: ReadonlyMap<string, readonly (string | null)[]>,
  file: string,
): readonly LintFinding[] {
  const fields = operands.map((operand, index) => {
    const field = fieldOf(operand, elements);
    // What something is looked for in is a list of it.
    const isList = name === "internal.member_2" && index === 1;
    return field !== null && isList ? [...field, null] : field;
  });
  const steps = fields.find((field) => field !== null) ?? null;
  const known = steps === null ? null : valuesOf(steps);
  if (steps === null || known === null) return [];
  return operands.flatMap(textsOf).flatMap((text) => {
    if (known.values.includes(text)) return [];
    const near = suggest(text, known.values);
    // What else a plugin or a server may say is theirs to choose.
    if (near === null && !known.isClosed) return [];
    const remedy =
      near === null ? `it is one of ${known.values.join(", ")}` : `did you mean ${near}?`;
    const field = steps.map((step) => step ?? "_").join(".");
    const message = `${field} is never ${JSON.stringify(text)}`;
    return [{ code: "misspelt_constant", file, line: row, column, message, remedy }];
  });
}

/** The path of a field of the input that an operand is. */
function fieldOf(
  operand: unknown,
  elements: ReadonlyMap<string, readonly (string | null)[]>,
): readonly (string | null)[] | null {
  if (!isRecord(operand) || operand.type !== "ref") return null;
  const [first, ...rest] = stepsOf(operand.value);
  if (first === "input") return ["input", ...rest];
  const element = typeof first === "string" ? elements.get(first) : undefined;
  return element === undefined ? null : [...element, ...rest];
}

/** A text, or those of a set or a list. */
function textsOf(operand: unknown): readonly string[] {
  if (!isRecord(operand)) return [];
  if (operand.type === "string" && typeof operand.value === "string") return [operand.value];
  const isMany = operand.type === "set" || operand.type === "array";
  return isMany && Array.isArray(operand.value) ? operand.value.flatMap(textsOf) : [];
}

interface Known {
  readonly values: readonly string[];
  /** There are no others. */
  readonly isClosed: boolean;
}

/** What the schema says in words. */
const KNOWN: ReadonlyMap<string, Known> = new Map([
  ["input.findings._.guard", { values: GUARD_NAMES, isClosed: false }],
  ["input.tool.risk", { values: RISKS, isClosed: true }],
  ["input.tool.classification", { values: CLASSIFICATIONS, isClosed: true }],
  ["input.result.classification", { values: CLASSIFICATIONS, isClosed: true }],
  ["input.tool.side_effects._", { values: SIDE_EFFECT_NAMES, isClosed: true }],
]);

let schema: unknown = null;

function valuesOf(steps: readonly (string | null)[]): Known | null {
  const path = steps.map((step) => step ?? "_").join(".");
  if (path === "input.message.method") return { values: knownMethods(), isClosed: false };
  const known = KNOWN.get(path);
  if (known !== undefined) return known;
  schema ??= readJson("rego/schemas/input.json");
  let at: unknown = schema;
  for (const step of steps.slice(1)) {
    if (!isRecord(at)) return null;
    const below = step === null ? at : at.properties;
    at = isRecord(below) ? below[step ?? "items"] : undefined;
  }
  if (!isRecord(at) || !Array.isArray(at.enum)) return null;
  return { values: at.enum.filter((value) => typeof value === "string"), isClosed: true };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(packagePath(path), "utf8"));
}
