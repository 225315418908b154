import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { TextEdit } from "../../core/finding.ts";
import type { JsonDocument, JsonString } from "../../core/json.ts";
import { escapeLength } from "./scan.ts";
import type { Splice } from "./splice.ts";

/**
 * Replaces the edited part of each string literal and nothing else of it: offsets in the decoded
 * text (UTF-16 code units) become byte offsets through escapes and UTF-8. An edge inside a
 * surrogate pair widens to the whole pair, so that no half of a character is left behind.
 */
export function spliceText(document: JsonDocument, edits: readonly TextEdit[]): Splice[] {
  const editsOf = new Map<JsonString, TextEdit[]>();
  for (const edit of edits) {
    const { node, nature } = edit.leaf;
    assert(node.kind === "string" && nature !== "key", "only string values are edited");
    const list = editsOf.get(node);
    if (list === undefined) editsOf.set(node, [edit]);
    else list.push(edit);
  }
  return [...editsOf].flatMap(([node, list]) => spliceLiteral(document.bytes, node, list));
}

/** A part of the decoded text and what stands in its place. */
interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function spliceLiteral(bytes: Uint8Array, node: JsonString, edits: readonly TextEdit[]): Splice[] {
  const offsetOf = offsets(bytes, node);
  return widened(node.value, edits).map(({ start, end, text }) => ({
    start: offsetOf(start),
    end: offsetOf(end),
    bytes: Buffer.from(JSON.stringify(text).slice(1, -1)),
  }));
}

/** In order, with no edge inside a surrogate pair; edits that share a pair become one. */
function widened(value: string, edits: readonly TextEdit[]): Replacement[] {
  const replacements: Replacement[] = [];
  let editedTo = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    assert(edit.start >= editedTo && edit.end >= edit.start, "edits of one text are apart");
    assert(edit.end <= value.length, "an edit lies in its text");
    editedTo = edit.end;
    const start = isInsidePair(value, edit.start) ? edit.start - 1 : edit.start;
    const end = isInsidePair(value, edit.end) ? edit.end + 1 : edit.end;
    const previous = replacements.at(-1);
    if (previous === undefined || start >= previous.end) {
      replacements.push({ start, end, text: edit.replacement });
    } else {
      const text = previous.text + edit.replacement;
      replacements.splice(-1, 1, { start: previous.start, end, text });
    }
  }
  return replacements;
}

function isInsidePair(value: string, at: number): boolean {
  return isSurrogate(value.charCodeAt(at - 1), 0xd800) && isSurrogate(value.charCodeAt(at), 0xdc00);
}

/** `half` is the first code unit of the block: 0xd800 for high surrogates, 0xdc00 for low ones. */
function isSurrogate(unit: number, half: number): boolean {
  return unit >= half && unit < half + 0x400;
}

/**
 * Maps offsets of the decoded text to byte offsets. It must be asked in ascending order: it walks
 * the literal once, whatever the number of edits.
 */
function offsets(bytes: Uint8Array, node: JsonString): (unit: number) => number {
  const first = node.start + 1;
  if (node.value.length === node.end - 1 - first) return (unit) => first + unit;
  let at = first;
  let reached = 0;
  return (unit) => {
    while (reached < unit) {
      const character = characterAt(bytes, at);
      at += character.bytes;
      reached += character.units;
    }
    assert(reached === unit, "offsets are asked in order and never inside a character");
    return at;
  };
}

interface Character {
  readonly bytes: number;
  readonly units: number;
}

const BACKSLASH = 0x5c;
const ASCII: Character = { bytes: 1, units: 1 };
const TWO_BYTES: Character = { bytes: 2, units: 1 };
const THREE_BYTES: Character = { bytes: 3, units: 1 };
const SURROGATE_PAIR: Character = { bytes: 4, units: 2 };

/** How many bytes the character at `at` takes, and how many UTF-16 code units it decodes to. */
function characterAt(bytes: Uint8Array, at: number): Character {
  const lead = bytes[at];
  assert(lead !== undefined, "the literal holds what was decoded from it");
  if (lead === BACKSLASH) return { bytes: escapeLength(bytes, at), units: 1 };
  if (lead < 0x80) return ASCII;
  if (lead < 0xe0) return TWO_BYTES;
  return lead < 0xf0 ? THREE_BYTES : SURROGATE_PAIR;
}
