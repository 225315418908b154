import { escapePointer, type JsonNode } from "../core/json.ts";
import { compileLinearPattern } from "../core/linear-pattern.ts";
import { SCHEMA_LIMITS } from "./limits.ts";
import { createMeter, type Meter, OverBudget } from "./meter.ts";
import { isMapping, type RawSchema, resolve } from "./references.ts";
import { Unusable } from "./unusable.ts";

/** More are not told one by one. */
const TOLD_MAX = 8;

/**
 * JSON Pointers, below the arguments, of what the schema does not declare: at the top whatever is
 * no property of it, and the same inside of objects whose properties it names. Where a schema says
 * what else may be there (`additionalProperties`, `patternProperties`), it is declared. Null when
 * the schema cannot be used, or the work would be too much.
 */
export function unknownArguments(root: RawSchema, node: JsonNode): readonly string[] | null {
  const meter = createMeter();
  meter.left = SCHEMA_LIMITS.valueUnits;
  const search: Search = { root, meter, found: [] };
  try {
    look([root], node, "", search);
    return search.found;
  } catch (error) {
    const isKnown = error instanceof Unusable || error instanceof OverBudget;
    if (isKnown) return null;
    throw error;
  }
}

interface Search {
  readonly root: RawSchema;
  readonly meter: Meter;
  readonly found: string[];
}

type Mapping = Exclude<RawSchema, boolean>;

/** `schemas` are all that may be asked of this node; one of them is enough to declare a name. */
function look(schemas: readonly unknown[], node: JsonNode, at: string, search: Search): void {
  if (node.kind !== "object" && node.kind !== "array") return;
  const asked = inPlace(schemas, search);
  search.meter.spend(1 + asked.length);
  if (node.kind === "array") {
    for (const [index, item] of node.items.entries()) {
      const items = asked.flatMap((schema) => itemSchemas(schema, index));
      if (items.length > 0) look(items, item, `${at}/${index}`, search);
    }
    return;
  }
  // What names no property takes any; but a tool without parameters takes none.
  if (at !== "" && !asked.some(namesProperties)) return;
  for (const { key, value } of node.members) {
    search.meter.spend(1 + asked.length);
    const below = asked.map((schema) => declared(schema, key.value, search.meter));
    const place = `${at}/${escapePointer(key.value)}`;
    if (below.every((schema) => schema === undefined)) search.found.push(place);
    else
      look(
        below.filter((schema) => schema !== undefined),
        value,
        place,
        search,
      );
    if (search.found.length >= TOLD_MAX) return;
  }
}

/** The schemas themselves, and those that they ask of the same value; each once. */
function inPlace(schemas: readonly unknown[], { root, meter }: Search): readonly Mapping[] {
  const seen = new Set<Mapping>();
  const open = [...schemas];
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    if (!isMapping(schema) || seen.has(schema)) continue;
    meter.spend(1);
    seen.add(schema);
    if (schema.$ref !== undefined) open.push(resolve(root, schema.$ref));
    for (const keyword of ["allOf", "anyOf", "oneOf", "if", "then", "else"]) {
      const value = schema[keyword];
      if (Array.isArray(value)) open.push(...value);
      else open.push(value ?? true);
    }
    if (isMapping(schema.dependentSchemas)) open.push(...Object.values(schema.dependentSchemas));
  }
  return [...seen];
}

function namesProperties(schema: Mapping): boolean {
  return isMapping(schema.properties) || isClosed(schema);
}

function isClosed({ additionalProperties, unevaluatedProperties }: Mapping): boolean {
  return additionalProperties === false || unevaluatedProperties === false;
}

/** What a schema says of a member of this name; undefined when it does not declare it. */
function declared(schema: Mapping, name: string, meter: Meter): unknown {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
  if (isMapping(properties) && Object.hasOwn(properties, name)) return properties[name] ?? true;
  for (const [source, value] of Object.entries(
    isMapping(patternProperties) ? patternProperties : {},
  )) {
    if (fits(source, name, meter)) return value;
  }
  const rest = additionalProperties ?? unevaluatedProperties;
  return rest === false ? undefined : rest;
}

function fits(source: string, name: string, meter: Meter): boolean {
  const pattern = compileLinearPattern(source);
  if (!pattern.ok) throw new Unusable("a pattern of keys that cannot be judged");
  meter.spend(source.length + pattern.value.steps * (1 + name.length));
  return pattern.value.test(name);
}

function itemSchemas(schema: Mapping, index: number): readonly unknown[] {
  const { items, prefixItems, additionalItems } = schema;
  const tuple = Array.isArray(items) ? items : prefixItems;
  if (Array.isArray(tuple) && index < tuple.length) return [tuple[index]];
  const rest = Array.isArray(items) ? additionalItems : items;
  return rest === undefined ? [] : [rest];
}
