import { ALL_SIGNS, signsOf } from "../signs.ts";
import type { Purpose, Reading, Shape } from "../suspicion.ts";
import { decoded } from "./decoded.ts";

/** So many ways to read one text are judged, and codes inside codes this deep. */
const READINGS_MAX = 8;
const DEPTH_MAX = 4;

/** The text as it stands, and as it may be read: decoded, put together, and what is inside it. */
export function readings(text: string, purpose: Purpose): readonly Reading[] {
  const first = readingOf(text, purpose, false);
  const inside = decoded(text, first.signs);
  if (inside.length === 0) return [first];
  const seen = new Set<string>([text]);
  const found: Reading[] = [first];
  let layer: readonly Reading[] = [first];
  for (let depth = 0; depth < DEPTH_MAX && layer.length > 0; depth++) {
    const next: Reading[] = [];
    for (const one of layer) {
      for (const inner of depth === 0 ? inside : decoded(one.text, one.signs)) {
        if (seen.has(inner) || found.length >= READINGS_MAX) continue;
        seen.add(inner);
        const reading = readingOf(inner, purpose, true);
        next.push(reading);
        found.push(reading);
      }
    }
    layer = next;
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
