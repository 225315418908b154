import type { Json } from "../core/policy.ts";
import type { Struct, StructValue } from "./protocol.ts";

/** Deeper than any claim: what lies below is not told. */
const DEPTH_MAX = 16;

/** `google.protobuf.Struct` as JSON. */
export function jsonOf(struct: Struct, depth = 0): { readonly [name: string]: Json } {
  const entries = Object.entries(struct.fields ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, plain(value, depth + 1)]));
}

function plain(value: StructValue, depth: number): Json {
  if (depth > DEPTH_MAX) return null;
  if (value.structValue !== undefined) return jsonOf(value.structValue, depth);
  if (value.listValue !== undefined) {
    return (value.listValue.values ?? []).map((one) => plain(one, depth + 1));
  }
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null;
}
