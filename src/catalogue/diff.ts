import type { DefinitionDiff } from "../core/inventory.ts";
import { escapePointer } from "../core/json.ts";
import type { Json } from "../core/policy.ts";

/** One place where two documents differ. */
export interface Difference {
  readonly kind: "added" | "removed" | "changed";
  /** JSON Pointer (RFC 6901). */
  readonly pointer: string;
  /** Undefined where there was nothing. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** Below it, a difference is told by the place around it. */
const DEPTH_MAX = 16;

/** Where two texts of canonical JSON differ, in the order of the keys. */
export function* differences(before: string, after: string): Generator<Difference> {
  const old: Json = JSON.parse(before);
  const current: Json = JSON.parse(after);
  let count = 0;
  for (const difference of differ(old, current, "", 0)) {
    count += 1;
    yield difference;
  }
  // Numbers that are one and the same double.
  if (count === 0 && before !== after) {
    yield { kind: "changed", pointer: "", before: old, after: current };
  }
}

function* differ(before: Json, after: Json, pointer: string, depth: number): Generator<Difference> {
  const old = membersOf(before);
  const current = membersOf(after);
  const isSameKind = Array.isArray(before) === Array.isArray(after);
  if (old === null || current === null || !isSameKind || depth >= DEPTH_MAX) {
    if (!isSame(before, after)) yield { kind: "changed", pointer, before, after };
    return;
  }
  for (const [key, value] of old) {
    const at = `${pointer}/${escapePointer(key)}`;
    const now = current.get(key);
    if (now === undefined) yield { kind: "removed", pointer: at, before: value, after: undefined };
    else yield* differ(value, now, at, depth + 1);
  }
  for (const [key, value] of current) {
    if (old.has(key)) continue;
    const at = `${pointer}/${escapePointer(key)}`;
    yield { kind: "added", pointer: at, before: undefined, after: value };
  }
}

/** By key, or by index; null for what has no parts. */
function membersOf(value: Json): ReadonlyMap<string, Json> | null {
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : null;
}

/** Both come of canonical texts, so that equal values have their keys in the same order. */
function isSame(a: Json, b: Json): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** The places alone, at most `max` of them. */
export function diffDefinitions(before: string, after: string, max: number): DefinitionDiff {
  const places = { added: [], removed: [], changed: [] } as {
    readonly [kind in Difference["kind"]]: string[];
  };
  let count = 0;
  for (const { kind, pointer } of differences(before, after)) {
    if (count === max) return { ...places, cut: true };
    places[kind].push(pointer);
    count += 1;
  }
  return { ...places, cut: false };
}
