import type { Leaf } from "../core/json.ts";
import { conceal } from "../guard/paths/conceal.ts";
import type { Dependencies } from "./dependencies.ts";
import { placeOf } from "./layer1.ts";
import type { Scene } from "./scene.ts";

/** Too short for any secret that a guard knows for certain. */
const INNOCENT_LENGTH = 16;

/**
 * Whether text beside the messages (a header, a comment, an event's id) holds nothing that a guard
 * knows for certain. It cannot be edited there, and chance is no proof: ids look random.
 */
export function isInnocent(text: string, scene: Scene, { inspector }: Dependencies): boolean {
  if (text.length <= INNOCENT_LENGTH) return true;
  return inspector.inspect([opaqueLeaf(text)], placeOf(BESIDE, scene)).findings.length === 0;
}

/** Whether text beside the messages names a folder of the server that its callers must not see. */
export function showsRoot(text: string, scene: Scene, { paths }: Dependencies): boolean {
  const view = paths.viewOf(scene.server, scene.principal);
  return view !== null && conceal(text, view, "roots").some(({ start, end }) => end > start);
}

/** What stands beside the messages is in none of them. */
const BESIDE = { kind: "notification", method: null, tool: null } as const;

function opaqueLeaf(text: string): Leaf {
  const node = { kind: "string", start: 0, end: text.length, value: text } as const;
  return { node, nature: "opaque", text, name: null, location: null };
}
