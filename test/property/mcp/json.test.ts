import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TextEdit } from "../../../src/core/finding.ts";
import { type JsonDocument, type JsonNode, pointerOf } from "../../../src/core/json.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import { removeMembers } from "../../../src/mcp/json/remove-members.ts";
import { applySplices } from "../../../src/mcp/json/splice.ts";
import { spliceText } from "../../../src/mcp/json/splice-text.ts";

const LIMITS = { jsonMaxDepth: 64, jsonMaxNodes: 100_000, stringMaxLength: 100_000 };
const RUNS = { numRuns: 400 };

/** A JSON text with odd spacing and odd escapes, from a value. */
const jsonText = fc
  .tuple(
    fc.jsonValue({ stringUnit: "binary", maxDepth: 4 }),
    fc.constantFrom(0, 1, 2),
    fc.boolean(),
  )
  .map(([value, indent, isEscaped]) => {
    const text = JSON.stringify(value, null, indent);
    return isEscaped ? escapeAll(text) : text;
  });

/** Escapes every non-ASCII unit and some letters: the same value, other bytes. */
function escapeAll(text: string): string {
  const literal = /"(?:[^"\\]|\\.)*"/g;
  const unit = /\\.[0-9a-f]{0,4}|[a-e\u0080-\uffff]/g;
  return text.replace(literal, (found) =>
    found.replace(unit, (one) => (one.startsWith("\\") ? one : `\\u${hex(one)}`)),
  );
}

function hex(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, "0");
}

function plainValue(node: JsonNode): unknown {
  switch (node.kind) {
    case "object":
      return Object.fromEntries(
        node.members.map(({ key, value }) => [key.value, plainValue(value)]),
      );
    case "array":
      return node.items.map(plainValue);
    case "number":
      return Number(node.text);
    default:
      return node.value;
  }
}

function read(text: string): JsonDocument {
  const document = parseJson(Buffer.from(text), LIMITS);
  if (!document.ok) throw new Error(document.error.code);
  return document.value;
}

describe("parseJson", () => {
  test("reads whatever JSON.parse reads, with the same value", () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(plainValue(read(text).root)).toEqual(JSON.parse(text));
      }),
      RUNS,
    );
  });

  test("accepts exactly what JSON.parse accepts, but for duplicate keys", () => {
    const pieces = fc.constantFrom(
      ...["{", "}", "[", "]", ",", ":", '"a"', '"b"', '"\\u00', '"', "\\", "é", "true", "nul", "l"],
      ...["0", "-", "1", ".", "e", "+", " ", "\n", "\t", "\u000b", "\u00a0", "\0", "😀", "\\ud83d"],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (list) => {
        const text = list.join("");
        const document = parseJson(Buffer.from(text), LIMITS);
        if (!document.ok && document.error.code === "duplicate_key") return;
        expect(document.ok).toBe(isJson(text));
      }),
      { numRuns: 20_000 },
    );
  });

  test("answers with a fault, and never throws, wherever a document is cut or damaged", () => {
    fc.assert(
      fc.property(jsonText, fc.nat(), fc.nat({ max: 255 }), (text, position, byte) => {
        const bytes = Buffer.from(text);
        for (let cut = 0; cut < Math.min(bytes.length, 300); cut += 1) {
          parseJson(bytes.subarray(0, cut), LIMITS);
        }
        bytes[position % bytes.length] = byte;
        const document = parseJson(bytes, LIMITS);
        if (!document.ok) expect(document.error.offset).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 200 },
    );
  });

  test("never throws on bytes at random", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        parseJson(bytes, LIMITS);
      }),
      RUNS,
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("splicing", () => {
  test("without an edit gives the same bytes", () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const document = read(text);
        const splices = [...spliceText(document, []), ...removeMembers(document, ["/no/where"])];
        expect(applySplices(document.bytes, splices)).toBe(document.bytes);
      }),
      RUNS,
    );
  });

  test("changes the text it was told to change, and nothing else", () => {
    const pick = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.string({ unit: "binary" })));
    fc.assert(
      fc.property(jsonText, pick, (text, picks) => {
        const document = read(text);
        const edits = editsOf(document, picks);
        const edited = read(decoded(applySplices(document.bytes, spliceText(document, edits))));
        const want = document.leaves.map((leaf) => {
          const edit = edits.find((candidate) => candidate.leaf === leaf);
          if (edit === undefined) return leaf.text;
          const { start, end, replacement } = edit;
          return leaf.text.slice(0, start) + replacement + leaf.text.slice(end);
        });
        expect(edited.leaves.map((leaf) => leaf.text)).toEqual(want);
      }),
      RUNS,
    );
  });

  test("takes out the members it was told to take out, and nothing else", () => {
    fc.assert(
      fc.property(jsonText, fc.array(fc.nat(), { maxLength: 6 }), (text, picks) => {
        const document = read(text);
        const keys = document.leaves.filter((leaf) => leaf.nature === "key");
        const chosen = picks.flatMap((index) => keys[index % keys.length] ?? []);
        const pointers = chosen.map((leaf) => pointerOf(leaf.location));
        const removed = applySplices(document.bytes, removeMembers(document, pointers));
        const gone = new Set(pointers);
        const want = without(document.root, "", gone);
        expect(JSON.parse(decoded(removed))).toEqual(want);
      }),
      RUNS,
    );
  });
});

function decoded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

/** At most one edit a leaf, on whole characters: what lies inside a pair is widened. */
function editsOf(
  document: JsonDocument,
  picks: readonly (readonly [number, number, number, string])[],
): TextEdit[] {
  const texts = document.leaves.filter((leaf) => leaf.nature === "text");
  const edits = new Map<unknown, TextEdit>();
  for (const [which, from, length, replacement] of picks) {
    const leaf = texts[which % texts.length];
    if (leaf === undefined) continue;
    const start = wholeCharacter(leaf.text, from % (leaf.text.length + 1));
    const end = wholeCharacter(leaf.text, Math.min(leaf.text.length, start + (length % 5)));
    edits.set(leaf, { leaf, start, end: Math.max(start, end), replacement });
  }
  return [...edits.values()];
}

function wholeCharacter(text: string, at: number): number {
  const isInside = /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
  return at > 0 && isInside ? at - 1 : at;
}

function without(node: JsonNode, pointer: string, gone: ReadonlySet<string>): unknown {
  if (node.kind === "array") {
    return node.items.map((item, index) => without(item, `${pointer}/${index}`, gone));
  }
  if (node.kind !== "object") return plainValue(node);
  const kept = node.members.flatMap(({ key, value }) => {
    const at = `${pointer}/${key.value.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    return gone.has(at) ? [] : [[key.value, without(value, at, gone)] as const];
  });
  return Object.fromEntries(kept);
}
