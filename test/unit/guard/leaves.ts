import type { Hit, Place } from "../../../src/core/finding.ts";
import type { Leaf, LeafNature } from "../../../src/core/json.ts";
import type { Guard } from "../../../src/core/ports.ts";

/** A response of a tool, for guards that do not care. */
export const RESULT_PLACE: Place = {
  direction: "response",
  server: "files",
  kind: "result",
  method: "tools/call",
  tool: "read_text_file",
  sessionId: null,
};

/** The same call on its way to the server. */
export const REQUEST_PLACE: Place = { ...RESULT_PLACE, direction: "request", kind: "request" };

/** A leaf as the reader would make it, at `/params/<key>` of a message. */
export function leafOf(
  text: string,
  options: { nature?: LeafNature; name?: string | null; key?: string } = {},
): Leaf {
  const { nature = "text", name = null, key = "text" } = options;
  return {
    node: { kind: "string", value: text, start: 0, end: text.length + 2 },
    nature,
    text,
    name,
    location: { parent: { parent: null, key: "params" }, key },
  };
}

/** What a guard says of one text in a response. */
export function hitsOf(guard: Guard, leaf: Leaf): readonly Hit[] {
  return guard.response?.(leaf, RESULT_PLACE) ?? [];
}

/** The text after the guard's edits; its hits are in order and do not overlap. */
export function cleanedBy(guard: Guard, leaf: Leaf): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, replacement } of hitsOf(guard, leaf)) {
    if (replacement === null) continue;
    parts.push(leaf.text.slice(from, start), replacement);
    from = end;
  }
  return parts.join("") + leaf.text.slice(from);
}
