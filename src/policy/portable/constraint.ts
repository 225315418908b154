import type { JsonNode, JsonNumber, JsonString } from "../../core/json.ts";
import { assertNever } from "../../core/result.ts";
import type { Constraint, ConstraintType, Scalar } from "./policy.ts";

/** A check that did not hold, and where. `unjudged`: it is too much to look at. */
export interface Failure {
  readonly at: string;
  readonly check: string;
}

/** Text beyond this is not matched against a pattern. */
const PATTERN_TEXT_MAX_LENGTH = 8 * 1024;
const ITEMS_MAX = 10_000;

/** Adds to `failures` what does not hold of one argument; undefined: it is not there. */
export function judge(
  constraint: Constraint,
  node: JsonNode | undefined,
  at: string,
  failures: Failure[],
): void {
  if (node === undefined) {
    if (constraint.required) failures.push({ at, check: "required" });
    return;
  }
  if (constraint.type !== null && !isOfType(node, constraint.type)) {
    failures.push({ at, check: "type" });
    return;
  }
  if (constraint.enum !== null && !constraint.enum.some((value) => equals(node, value))) {
    failures.push({ at, check: "enum" });
  }
  judgeNumber(constraint, node, at, failures);
  judgeLength(constraint, node, at, failures);
  judgePattern(constraint, node, at, failures);
  judgeItems(constraint, node, at, failures);
}

function judgeNumber(constraint: Constraint, node: JsonNode, at: string, failures: Failure[]) {
  const { min, max } = constraint;
  if (min === null && max === null) return;
  const value = node.kind === "number" ? Number(node.text) : Number.NaN;
  if (min !== null && !(value >= min)) failures.push({ at, check: "min" });
  if (max !== null && !(value <= max)) failures.push({ at, check: "max" });
}

function judgeLength(constraint: Constraint, node: JsonNode, at: string, failures: Failure[]) {
  const { minLength, maxLength } = constraint;
  if (minLength === null && maxLength === null) return;
  const length = lengthOf(node);
  if (minLength !== null && !(length >= minLength)) failures.push({ at, check: "min_length" });
  if (maxLength !== null && !(length <= maxLength)) failures.push({ at, check: "max_length" });
}

function judgePattern(constraint: Constraint, node: JsonNode, at: string, failures: Failure[]) {
  const { pattern } = constraint;
  if (pattern === null) return;
  if (node.kind === "string" && node.value.length > PATTERN_TEXT_MAX_LENGTH) {
    failures.push({ at, check: "unjudged" });
  } else if (node.kind !== "string" || !pattern.test(node.value)) {
    failures.push({ at, check: "pattern" });
  }
}

function judgeItems(constraint: Constraint, node: JsonNode, at: string, failures: Failure[]) {
  const { items } = constraint;
  if (items === null) return;
  if (node.kind !== "array") {
    failures.push({ at, check: "items" });
  } else if (node.items.length > ITEMS_MAX) {
    failures.push({ at, check: "unjudged" });
  } else {
    // The first item that fails says enough.
    for (let index = 0; index < node.items.length; index++) {
      const before = failures.length;
      judge(items, node.items[index], `${at}/${index}`, failures);
      if (failures.length > before) return;
    }
  }
}

function isOfType(node: JsonNode, type: ConstraintType): boolean {
  switch (type) {
    case "string":
    case "number":
    case "array":
    case "object":
      return node.kind === type;
    case "integer":
      return node.kind === "number" && Number.isInteger(Number(node.text));
    case "boolean":
      return node.kind === "literal" && node.value !== null;
    case "null":
      return node.kind === "literal" && node.value === null;
    default:
      return assertNever(type);
  }
}

function equals(node: JsonNode, value: Scalar): boolean {
  if (node.kind === "number") return typeof value === "number" && isExactly(node, value);
  if (node.kind === "string" || node.kind === "literal") return node.value === value;
  return false;
}

/** Beyond 2^53 different numbers read alike: none of them is the one meant. */
function isExactly(node: JsonNumber, value: number): boolean {
  return Number(node.text) === value && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** Characters of a string, items of an array; anything else has no length, and fails. */
function lengthOf(node: JsonNode): number {
  if (node.kind === "array") return node.items.length;
  return node.kind === "string" ? codePoints(node) : Number.NaN;
}

function codePoints({ value }: JsonString): number {
  let count = value.length;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code >= 0xdc00 && code <= 0xdfff) count -= 1;
  }
  return count;
}
