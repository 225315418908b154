import {
  type JsonDocument,
  type JsonNode,
  type Leaf,
  type LeafNature,
  type Location,
  stringMember,
} from "../../core/json.ts";
import { isMedia } from "./media.ts";

/**
 * Marks the leaves that guards must not read as text: values that the protocol hands back byte for
 * byte (`opaque`), at the positions the protocol gives them and nowhere else, and media that is
 * what it says (`media`). The same array comes back when there is none.
 */
export function classifyLeaves(document: JsonDocument): readonly Leaf[] {
  const { leaves } = document;
  const candidates = leaves.filter(isCandidate);
  if (candidates.length === 0) return leaves;

  const mimeTypes = candidates.some(isPayload) ? mimeTypesOf(leaves) : NO_MIME_TYPES;
  const natures = new Map<Leaf, LeafNature>();
  for (const leaf of candidates) {
    const nature = isPayload(leaf)
      ? mediaNature(leaf, mimeTypes)
      : opaqueNature(leaf, document.root);
    if (nature !== leaf.nature) natures.set(leaf, nature);
  }
  if (natures.size === 0) return leaves;
  return leaves.map((leaf) => {
    const nature = natures.get(leaf);
    return nature === undefined ? leaf : { ...leaf, nature };
  });
}

/** The values alone that the protocol hands back byte for byte, in the document's order. */
export function opaqueLeaves({ leaves, root }: JsonDocument): readonly Leaf[] {
  return leaves.filter((leaf) => isCandidate(leaf) && opaqueNature(leaf, root) === "opaque");
}

/** A value that a member of a telling name holds itself, or in a list where the name is of one. */
function isCandidate({ nature, name, location }: Leaf): boolean {
  if (nature === "key" || name === null || location === null) return false;
  if (location.key !== name) return name === LIST_NAME && typeof location.key === "number";
  return CANDIDATE_NAMES.has(name);
}

function isPayload(leaf: Leaf): boolean {
  return leaf.name !== null && MEDIA_NAMES.has(leaf.name);
}

function mediaNature({ nature, text, location }: Leaf, mimeTypes: MimeTypes): LeafNature {
  const mimeType = mimeTypes.get(location?.parent ?? null);
  if (nature !== "text" || mimeType === undefined) return nature;
  return isMedia(text, mimeType) ? "media" : nature;
}

function opaqueNature({ nature, name, location }: Leaf, root: JsonNode): LeafNature {
  if (name === null || location === null) return nature;
  return isOpaque(root, name, location) ? "opaque" : nature;
}

/** The MIME type beside a leaf, found by the place both stand in. */
type MimeTypes = ReadonlyMap<Location | null, string>;

const MEDIA_NAMES: ReadonlySet<string> = new Set(["data", "blob"]);
const NO_MIME_TYPES: MimeTypes = new Map();

function mimeTypesOf(leaves: readonly Leaf[]): MimeTypes {
  const types = new Map<Location | null, string>();
  for (const { nature, name, location, text } of leaves) {
    if (nature === "text" && name === "mimeType" && location?.key === name) {
      types.set(location.parent, text);
    }
  }
  return types;
}

/** Where an opaque value may stand in a message: a path, and the methods it belongs to. */
interface Position {
  readonly path: readonly string[];
  /** Any message when left out; results and errors name no method. */
  readonly fits?: (method: string) => boolean;
}

const RELATED_TASK = "io.modelcontextprotocol/related-task";
const isList = (method: string) => method.endsWith("/list");
const isTask = (method: string) =>
  method.startsWith("tasks/") || /^notifications\/tasks(?:\/|$)/.test(method);

/** Of tasks to hear of, in `subscriptions/listen` and its acknowledgement. */
const LIST_NAME = "taskIds";

/** By the value's own key. `*` stands for an index. */
const POSITIONS: ReadonlyMap<string, readonly Position[]> = new Map<string, readonly Position[]>([
  ["id", [{ path: [] }]],
  [
    "progressToken",
    [
      { path: ["params", "_meta"] },
      { path: ["params"], fits: (method) => method === "notifications/progress" },
    ],
  ],
  ["cursor", [{ path: ["params"], fits: isList }]],
  ["nextCursor", [{ path: ["result"] }]],
  ["requestState", [{ path: ["params"] }, { path: ["result"] }]],
  [
    "taskId",
    [
      { path: ["params"], fits: isTask },
      { path: ["params", "_meta", RELATED_TASK] },
      { path: ["result"] },
      { path: ["result", "task"] },
      { path: ["result", "tasks", "*"] },
      { path: ["result", "_meta", RELATED_TASK] },
    ],
  ],
  ["requestId", [{ path: ["params"], fits: (method) => method === "notifications/cancelled" }]],
  [
    "io.modelcontextprotocol/subscriptionId",
    [{ path: ["params", "_meta"] }, { path: ["result", "_meta"] }],
  ],
  [LIST_NAME, [{ path: ["params", "notifications", LIST_NAME] }]],
]);

const CANDIDATE_NAMES: ReadonlySet<string> = new Set([...MEDIA_NAMES, ...POSITIONS.keys()]);

function isOpaque(root: JsonNode, name: string, location: Location): boolean {
  const positions = POSITIONS.get(name);
  if (positions === undefined) return false;
  const path = pathOf(location.parent);
  if (path === null) return false;
  const [index, keys] = root.kind === "array" ? [path[0], path.slice(1)] : [null, path];
  const message = root.kind === "array" ? root.items[Number(index)] : root;
  return positions.some(({ path: expected, fits }) => {
    if (!isSamePath(keys, expected)) return false;
    return fits === undefined || fits(stringMember(message, "method") ?? "");
  });
}

const LONGEST_PATH = 4;

/** The keys from the root; null when there are more than any position has. */
function pathOf(location: Location | null): readonly (string | number)[] | null {
  const path: (string | number)[] = [];
  for (let at = location; at !== null; at = at.parent) {
    if (path.length === LONGEST_PATH) return null;
    path.unshift(at.key);
  }
  return path;
}

function isSamePath(keys: readonly (string | number)[], expected: readonly string[]): boolean {
  if (keys.length !== expected.length) return false;
  return expected.every((part, at) => {
    const key = keys[at];
    return part === "*" ? typeof key === "number" : part === key;
  });
}
