import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { JsonNode, JsonObject } from "../../core/json.ts";

/** Puts `bytes` in the place of `[start, end)`; both are byte offsets into the document. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/**
 * Applies splices given in any order; what no splice covers goes through byte for byte. Without a
 * splice the answer is `bytes` itself. Splices that overlap are a bug of the caller.
 */
export function applySplices(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array {
  if (splices.length === 0) return bytes;
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { start, end, bytes: replacement } of sorted(splices)) {
    assert(start >= at && end >= start && end <= bytes.length, "splices are apart and in bounds");
    parts.push(bytes.subarray(at, start), replacement);
    at = end;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}

/**
 * Without the splices that lie inside another one: an edit of a text is void when the member that
 * holds the text goes too.
 */
export function outermostSplices(splices: readonly Splice[]): readonly Splice[] {
  const kept: Splice[] = [];
  let end = -1;
  for (const splice of sorted(splices)) {
    if (splice.end <= end && splice.start < end) continue;
    kept.push(splice);
    end = Math.max(end, splice.end);
  }
  return kept;
}

/** Puts other JSON in a node's place. */
export function replaceNode(node: JsonNode, jsonText: string): Splice {
  return { start: node.start, end: node.end, bytes: Buffer.from(jsonText) };
}

/**
 * Adds a member behind the last one. The object must not have the key, and of a filled object at
 * least one member must stay: the comma is written in front of the new one.
 */
export function insertMember(object: JsonObject, key: string, jsonText: string): Splice {
  return insertMembers(object, [[key, jsonText]]);
}

/** The same for several members, in their order. */
export function insertMembers(
  object: JsonObject,
  members: readonly (readonly [key: string, jsonText: string])[],
): Splice {
  const last = object.members.at(-1);
  const at = last === undefined ? object.end - 1 : last.value.end;
  const text = members.map(([key, jsonText]) => `${JSON.stringify(key)}:${jsonText}`).join(",");
  return { start: at, end: at, bytes: Buffer.from(`${last === undefined ? "" : ","}${text}`) };
}

/** By start; of two that start together, an insertion first, else the longer one. */
function sorted(splices: readonly Splice[]): Splice[] {
  return splices.toSorted((a, b) => {
    if (a.start !== b.start) return a.start - b.start;
    if (a.start === a.end || b.start === b.end) return a.end - b.end;
    return b.end - a.end;
  });
}
