import { Buffer } from "node:buffer";
import type { TextEdit } from "../../core/finding.ts";
import type { Leaf } from "../../core/json.ts";
import { isPathKey } from "../../core/path-keys.ts";
import { textInPayload } from "../payload.ts";
import { conceal, type Expectation } from "./conceal.ts";
import { type AliasRefusal, type Revelation, revealPath, revealText } from "./reveal.ts";
import type { AliasView, PathEdit } from "./view.ts";

/** Edits of one leaf, or why it cannot go on. */
export type RevealedLeaf =
  | { readonly kind: "revealed"; readonly edits: readonly TextEdit[] }
  | { readonly kind: "refused"; readonly code: AliasRefusal };

const PATH_MAX_LENGTH = 4096;
const FILE_URI = /^\s*file:/i;

/** Whether a value is a path and nothing else, by its key or because it is a `file:` URI. */
export function isPathValue({ nature, name, text }: Leaf): boolean {
  if (nature !== "text" || text.length > PATH_MAX_LENGTH) return false;
  return (isPathKey(name) || FILE_URI.test(text)) && !text.includes("\n");
}

/** Whether a value names a thing, and is none of a tool's contents. */
export function isPlace(leaf: Leaf): boolean {
  return leaf.name === "uri" || isPathValue(leaf);
}

/** Object keys are edited, too: two that differ are concealed as two that differ. */
export function concealLeaf(leaf: Leaf, view: AliasView, onlyRoots: boolean): TextEdit[] {
  if (!isReadable(leaf)) return [];
  const usual: Expectation = isPathValue(leaf) ? "path" : "paths";
  const expected = onlyRoots ? "roots" : usual;
  const hidden = textInPayload(leaf);
  if (hidden === null) return editsOf(leaf, conceal(leaf.text, view, expected));
  return rewritten(leaf, hidden, conceal(hidden, view, expected));
}

export function revealLeaf(leaf: Leaf, view: AliasView, isPath: boolean): RevealedLeaf {
  if (!isReadable(leaf)) return { kind: "revealed", edits: [] };
  const hidden = isPath ? null : textInPayload(leaf);
  const revealed = revelationOf(hidden ?? leaf.text, view, isPath);
  if (revealed.kind === "refused") return revealed;
  const { edits } = revealed;
  return {
    kind: "revealed",
    edits: hidden === null ? editsOf(leaf, edits) : rewritten(leaf, hidden, edits),
  };
}

function revelationOf(text: string, view: AliasView, isPath: boolean): Revelation {
  return isPath ? revealPath(text, view) : revealText(text, view);
}

function isReadable({ nature }: Leaf): boolean {
  return nature === "text" || nature === "key";
}

function editsOf(leaf: Leaf, edits: readonly PathEdit[]): TextEdit[] {
  const edited: Leaf = leaf.nature === "key" ? { ...leaf, nature: "text" } : leaf;
  return edits.map((edit) => ({ ...edit, leaf: edited }));
}

function rewritten(leaf: Leaf, text: string, edits: readonly PathEdit[]): TextEdit[] {
  if (edits.length === 0) return [];
  const replacement = Buffer.from(applyEdits(text, edits), "utf8").toString("base64");
  return [{ leaf, start: 0, end: leaf.text.length, replacement }];
}

/** `text` with the edits done; they are in order and apart. */
export function applyEdits(text: string, edits: readonly PathEdit[]): string {
  let edited = "";
  let at = 0;
  for (const { start, end, replacement } of edits) {
    edited += text.slice(at, start) + replacement;
    at = end;
  }
  return edited + text.slice(at);
}
