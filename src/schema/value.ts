import type { JsonNode } from "../core/json.ts";
import { assertNever } from "../core/result.ts";
import type { Meter } from "./meter.ts";

/** A value as validators see it; objects have no prototype, so that every key is one like any other. */
export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | { readonly [key: string]: Value };

export function readValue(node: JsonNode, meter: Meter): Value {
  meter.spend(1);
  switch (node.kind) {
    case "literal":
    case "string":
      return node.value;
    case "number":
      return Number(node.text);
    case "array":
      return node.items.map((item) => readValue(item, meter));
    case "object": {
      const value: { [key: string]: Value } = Object.create(null);
      for (const member of node.members) value[member.key.value] = readValue(member.value, meter);
      return value;
    }
    default:
      return assertNever(node);
  }
}

/**
 * A text that is the same for equal values and for no others (JSON Schema 2020-12 core, section
 * 4.2.2): comparing is linear, however many values there are to be compared with.
 */
export function identityOf(value: unknown, meter: Meter): string {
  meter.spend(1);
  if (typeof value === "string") {
    meter.spend(value.length >> 5);
    return JSON.stringify(value);
  }
  if (typeof value !== "object" || value === null) return String(value === 0 ? 0 : value);
  if (Array.isArray(value)) return `[${value.map((item) => identityOf(item, meter)).join()}]`;
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${identityOf(item, meter)}`);
  return `{${members.join()}}`;
}

/** All texts of a value, keys left out. */
export function textsOf(node: JsonNode, texts: Set<string> = new Set()): Set<string> {
  if (node.kind === "string") texts.add(node.value);
  else if (node.kind === "array") for (const item of node.items) textsOf(item, texts);
  else if (node.kind === "object") for (const { value } of node.members) textsOf(value, texts);
  return texts;
}
