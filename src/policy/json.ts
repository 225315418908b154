import type { Json } from "../core/policy.ts";
import { err, ok, type Result } from "../core/result.ts";

export type JsonRecord = { readonly [key: string]: Json };

export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a file of ours that ought to be a JSON object. */
export function parseRecord(bytes: Uint8Array): Result<JsonRecord, "not a JSON object"> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    // What JSON.parse returns is Json throughout.
    return isRecord(value) ? ok(value as JsonRecord) : err("not a JSON object");
  } catch {
    return err("not a JSON object");
  }
}

/** `over` laid on `base`: objects are merged member by member, anything else is replaced. */
export function overlay(base: JsonRecord, over: JsonRecord): JsonRecord {
  const merged = new Map<string, Json>(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, isRecord(below) && isRecord(value) ? overlay(below, value) : value);
  }
  return nullPrototype(merged);
}

/** An object without a prototype: a key such as `__proto__` is a key like any other. */
export function nullPrototype(entries: Iterable<readonly [string, Json]>): JsonRecord {
  const record: { [key: string]: Json } = Object.create(null);
  for (const [key, value] of entries) record[key] = value;
  return record;
}
