import { compileLinearPattern } from "../../core/linear-pattern.ts";
import { CONSTRAINT_TYPES, type Constraint, type ConstraintType } from "./policy.ts";
import type { Place, Reader } from "./reader.ts";

const KEYS = [
  "type",
  "required",
  "pattern",
  "enum",
  "min",
  "max",
  "min_length",
  "max_length",
  "items",
] as const;

/** What a check asks of the type, where a type is given. */
const TYPES_OF_CHECK: ReadonlyMap<string, readonly ConstraintType[]> = new Map([
  ["pattern", ["string"]],
  ["min", ["number", "integer"]],
  ["max", ["number", "integer"]],
  ["min_length", ["string", "array"]],
  ["max_length", ["string", "array"]],
  ["items", ["array"]],
]);

const ITEMS_MAX_DEPTH = 8;

/** Reads one constraint; its mistakes are noted. */
export function readConstraint(place: Place, reader: Reader, depth = 0): Constraint {
  const found = reader.mapping(place, KEYS);
  if (found.size === 0) reader.mistake(place, "a constraint should check something");
  const read = <Value>(key: string, by: (place: Place) => Value | null): Value | null => {
    const at = found.get(key);
    return at === undefined ? null : by(at);
  };

  const constraint: Constraint = {
    type: read("type", (at) => reader.choice(at, CONSTRAINT_TYPES)),
    required: read("required", reader.boolean) ?? false,
    pattern: read("pattern", (at) => readPattern(at, reader)),
    enum: read("enum", (at) => readEnum(at, reader)),
    min: read("min", reader.number),
    max: read("max", reader.number),
    minLength: read("min_length", reader.size),
    maxLength: read("max_length", reader.size),
    items: read("items", (at) => readItems(at, reader, depth)),
  };
  checkTypes(constraint.type, found, reader);
  checkBounds(constraint.min, constraint.max, found.get("max"), reader);
  checkBounds(constraint.minLength, constraint.maxLength, found.get("max_length"), reader);
  return constraint;
}

function readPattern(place: Place, reader: Reader) {
  const source = reader.text(place);
  if (source === null) return null;
  const pattern = compileLinearPattern(source);
  if (pattern.ok) return pattern.value;
  reader.mistake(place, `this pattern cannot be enforced: ${pattern.error}`);
  return null;
}

function readEnum(place: Place, reader: Reader) {
  const values = reader.sequence(place).map(reader.scalar);
  if (values.length === 0) reader.mistake(place, "this should list at least one value");
  return values.filter((value) => value !== undefined);
}

function readItems(place: Place, reader: Reader, depth: number): Constraint | null {
  if (depth < ITEMS_MAX_DEPTH) return readConstraint(place, reader, depth + 1);
  reader.mistake(place, `items may nest ${ITEMS_MAX_DEPTH} deep`);
  return null;
}

function checkTypes(
  type: ConstraintType | null,
  found: ReadonlyMap<string, Place>,
  reader: Reader,
): void {
  if (type === null) return;
  for (const [check, types] of TYPES_OF_CHECK) {
    const place = found.get(check);
    if (place === undefined || types.includes(type)) continue;
    reader.mistake(place, `${check} never holds of type ${type}: it is for ${types.join(" or ")}`);
  }
}

function checkBounds(
  low: number | null,
  high: number | null,
  place: Place | undefined,
  reader: Reader,
): void {
  if (low === null || high === null || place === undefined || low <= high) return;
  reader.mistake(place, "the upper bound lies below the lower one");
}
