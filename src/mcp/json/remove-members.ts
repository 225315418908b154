import type { JsonDocument, JsonMember, JsonNode } from "../../core/json.ts";
import { child, pointerTokens } from "./find.ts";
import type { Splice } from "./splice.ts";

const NOTHING = new Uint8Array(0);

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
  const removed = new Set<JsonMember>();
  for (const entry of node.members) {
    const subtree = tree.children.get(entry.key.value);
    if (subtree?.isNamed) removed.add(entry);
    else if (subtree !== undefined) collect(entry.value, subtree, splices);
  }
  if (removed.size > 0) splices.push(...gaps(node.members, removed));
}

/**
 * One splice for each run of neighbours. A run goes with the comma in front of it, the run that
 * begins the object with the comma behind it.
 */
function gaps(members: readonly JsonMember[], removed: ReadonlySet<JsonMember>): Splice[] {
  const splices: Splice[] = [];
  let kept: JsonMember | null = null;
  let first: JsonMember | null = null;
  let last: JsonMember | null = null;
  for (const entry of members) {
    if (removed.has(entry)) {
      first ??= entry;
      last = entry;
    } else {
      if (first !== null && last !== null) splices.push(gap(kept, first, last, entry));
      first = null;
      kept = entry;
    }
  }
  if (first !== null && last !== null) splices.push(gap(kept, first, last, null));
  return splices;
}

/** The bytes from `first` to `last`, and the comma that parts them from a member that stays. */
function gap(
  before: JsonMember | null,
  first: JsonMember,
  last: JsonMember,
  behind: JsonMember | null,
): Splice {
  if (before !== null) return { start: before.value.end, end: last.value.end, bytes: NOTHING };
  const end = behind === null ? last.value.end : behind.key.start;
  return { start: first.key.start, end, bytes: NOTHING };
}
