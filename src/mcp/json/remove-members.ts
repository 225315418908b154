import type { JsonDocument, JsonNode } from "../../core/json.ts";
import { cut } from "./cut.ts";
import { child, pointerTokens } from "./find.ts";
import type { Splice } from "./splice.ts";

/**
 * Takes object members out, each with exactly one comma, so that what is left is JSON whatever set
 * is named: neighbours, all members of one object, a member inside another named one. Pointers that
 * name no member, array items among them, are ignored. Linear in the document and the pointers.
 */
export function removeMembers(document: JsonDocument, pointers: readonly string[]): Splice[] {
  const splices: Splice[] = [];
  collect(document.root, pointerTree(pointers), splices);
  return splices;
}

/** Pointers that share their beginnings. */
interface PointerTree {
  readonly children: Map<string, PointerTree>;
  isNamed: boolean;
}

function pointerTree(pointers: readonly string[]): PointerTree {
  const root: PointerTree = { children: new Map(), isNamed: false };
  for (const pointer of pointers) {
    if (!pointer.startsWith("/")) continue;
    let at = root;
    for (const token of pointerTokens(pointer)) {
      const next = at.children.get(token) ?? { children: new Map(), isNamed: false };
      at.children.set(token, next);
      at = next;
    }
    at.isNamed = true;
  }
  return root;
}

function collect(node: JsonNode, tree: PointerTree, splices: Splice[]): void {
  if (tree.children.size === 0) return;
  if (node.kind === "array") {
    for (const [token, subtree] of tree.children) {
      const item = child(node, token);
      if (item !== undefined) collect(item, subtree, splices);
    }
  }
  if (node.kind !== "object") return;
  const removed = new Set<number>();
  for (const [index, entry] of node.members.entries()) {
    const subtree = tree.children.get(entry.key.value);
    if (subtree?.isNamed) removed.add(index);
    else if (subtree !== undefined) collect(entry.value, subtree, splices);
  }
  if (removed.size === 0) return;
  const spans = node.members.map(({ key, value }) => ({ start: key.start, end: value.end }));
  splices.push(...cut(spans, (index) => removed.has(index)));
}
