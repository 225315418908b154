import { ALL_SIGNS, signsOf } from "../signs.ts";
import type { Purpose, Reading, Shape } from "../suspicion.ts";
import { decoded } from "./decoded.ts";

/** So many ways to read one text are judged, and codes inside codes this deep. */
const READINGS_MAX = 8;
const DEPTH_MAX = 4;

/** The text as it stands, and as it may be read: decoded, put together, and what is inside it. */
export function readings(text: string, purpose: Purpose): readonly Reading[] {
  const first = readingOf(text, purpose, false);
  let layer = decoded(text, first.signs);
  if (layer.length === 0) return [first];
  const seen = new Set<string>([text]);
  const found: Reading[] = [first];
  for (let depth = 1; layer.length > 0; depth++) {
    const isNew = (inner: string) => !seen.has(inner) && seen.size < READINGS_MAX;
    const next: Reading[] = [];
    for (const inner of layer) {
      if (!isNew(inner)) continue;
      seen.add(inner);
      next.push(readingOf(inner, purpose, true));
    }
    found.push(...next);
    if (depth === DEPTH_MAX) break;
    layer = next.flatMap((one) => decoded(one.text, one.signs));
  }
  return found;
}

function readingOf(text: string, purpose: Purpose, isDecoded: boolean): Reading {
  const shape = shapeOf(text);
  const signs = shape === "value" ? signsOf(text) : ALL_SIGNS;
  return { text, purpose, shape, decoded: isDecoded, signs };
}

const VALUE_MAX_LENGTH = 2048;
const VALUE_MAX_BREAKS = 2;

function shapeOf(text: string): Shape {
  if (text.length > VALUE_MAX_LENGTH) return "document";
  if (!text.includes("\n")) return "value";
  let breaks = 0;
  const end = text.trimEnd().length;
  const start = text.length - text.trimStart().length;
  for (let at = text.indexOf("\n", start); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) {
    breaks++;
  }
  return breaks > VALUE_MAX_BREAKS ? "document" : "value";
}
