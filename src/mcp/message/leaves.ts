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
  const { leaves, root } = document;
  let classified: Leaf[] | null = null;
  let mimeTypes: MimeTypes | null = null;
  let index = -1;
  for (const leaf of leaves) {
    index += 1;
    if (!isCandidate(leaf)) continue;
    const isMediaName = MEDIA_NAMES.has(leaf.name ?? "");
    if (isMediaName) mimeTypes ??= mimeTypesOf(leaves);
    const nature =
      mimeTypes !== null && isMediaName ? mediaNature(leaf, mimeTypes) : opaqueNature(leaf, root);
    if (nature === leaf.nature) continue;
    classified ??= [...leaves];
    classified[index] = { ...leaf, nature };
  }
  return classified ?? leaves;
}

/** A value that a member of a telling name holds itself, or in a list where the name is of one. */
function isCandidate({ nature, name, location }: Leaf): boolean {
  if (nature === "key" || name === null || location === null) return false;
  if (location.key !== name) return name === LIST_NAME && typeof location.key === "number";
  return CANDIDATE_NAMES.has(name);
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
  for (const { path, fits } of positions) {
    const message = messageAbove(root, location.parent, path);
    if (message === undefined) continue;
    if (fits === undefined || fits(stringMember(message, "method") ?? "")) return true;
  }
  return false;
}

/** The message in which this path leads to this place; undefined where it leads elsewhere. */
function messageAbove(
  root: JsonNode,
  location: Location | null,
  path: readonly string[],
): JsonNode | undefined {
  let at = location;
  for (let index = path.length - 1; index >= 0; index -= 1) {
    if (at === null || !isPart(at.key, path[index])) return undefined;
    at = at.parent;
  }
  if (root.kind !== "array") return at === null ? root : undefined;
  return at !== null && at.parent === null ? root.items[Number(at.key)] : undefined;
}

function isPart(key: string | number, part: string | undefined): boolean {
  return part === "*" ? typeof key === "number" : part === key;
}
