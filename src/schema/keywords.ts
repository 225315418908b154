import type { LinearPattern } from "../core/linear-pattern.ts";
import { isMapping } from "./references.ts";
import { Unusable } from "./unusable.ts";

/** Keywords that assert something of a value by themselves, and what may stand behind them. */
const ASSERTIONS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ["type", isType],
  ["minimum", isNumber],
  ["maximum", isNumber],
  ["exclusiveMinimum", isNumber],
  ["exclusiveMaximum", isNumber],
  ["multipleOf", (value) => isNumber(value) && value > 0],
  ["minLength", isCount],
  ["maxLength", isCount],
  ["minItems", isCount],
  ["maxItems", isCount],
  ["minContains", isCount],
  ["maxContains", isCount],
  ["minProperties", isCount],
  ["maxProperties", isCount],
  ["uniqueItems", (value) => typeof value === "boolean"],
  ["required", isNames],
  ["dependentRequired", (value) => isMapping(value) && Object.values(value).every(isNames)],
  ["enum", Array.isArray],
  ["const", () => true],
]);

/** Keywords that hold a schema. */
export const HOLDS_SCHEMA: ReadonlySet<string> = new Set([
  "additionalProperties",
  "propertyNames",
  "contains",
  "unevaluatedItems",
  "unevaluatedProperties",
  "items",
  "not",
  "if",
  "then",
  "else",
]);
/** Keywords that hold a list of schemas. */
export const HOLDS_LIST: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
/** Keywords that hold schemas by name. */
export const HOLDS_NAMED: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "dependentSchemas",
]);
/** Of these, the ones that are asked of the same value. */
export const IN_PLACE: ReadonlySet<string> = new Set([
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependentSchemas",
]);
/** Where leaving out an assertion could turn a value that fits into one that does not. */
export const TURNS_AROUND: ReadonlySet<string> = new Set(["not", "oneOf", "if", "maxContains"]);

/** Whether a keyword is an assertion. Throws when what stands behind it is malformed. */
export function isAssertion(keyword: string, value: unknown): boolean {
  const isWellFormed = ASSERTIONS.get(keyword);
  if (isWellFormed === undefined) return false;
  if (!isWellFormed(value)) throw new Unusable("a keyword with a value of the wrong kind");
  return true;
}

/** How much there is behind a keyword. */
export function entriesOf(value: unknown): number {
  if (typeof value === "string") return value.length >> 5;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, item) => sum + 1 + entriesOf(item), 0);
}

/** Patterns by their source, compiled once. */
export type Patterns = Map<string, LinearPattern>;

const TYPES: ReadonlySet<unknown> = new Set([
  "null",
  "boolean",
  "object",
  "array",
  "number",
  "integer",
  "string",
]);

function isType(value: unknown): boolean {
  if (!Array.isArray(value)) return TYPES.has(value);
  return value.length > 0 && value.every((type) => TYPES.has(type));
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isCount(value: unknown): boolean {
  return isNumber(value) && value >= 0 && Number.isInteger(value);
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}
