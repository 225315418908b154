import type { Purpose, Reading, Shape } from "../suspicion.ts";
import { decoded } from "./decoded.ts";

/** So many ways to read one text are judged, and codes inside codes this deep. */
const READINGS_MAX = 8;
const DEPTH_MAX = 4;

/** The text as it stands, and as it may be read: decoded, put together, and what is inside it. */
export function readings(text: string, purpose: Purpose): readonly Reading[] {
  const seen = new Set<string>([text]);
  const found: Reading[] = [{ text, purpose, shape: shapeOf(text), decoded: false }];
  let layer: readonly string[] = [text];
  for (let depth = 0; depth < DEPTH_MAX && layer.length > 0; depth++) {
    const next: string[] = [];
    for (const one of layer) {
      for (const inner of decoded(one)) {
        if (seen.has(inner) || found.length >= READINGS_MAX) continue;
        seen.add(inner);
        next.push(inner);
        found.push({ text: inner, purpose, shape: shapeOf(inner), decoded: true });
      }
    }
    layer = next;
  }
  return found;
}

const VALUE_MAX_LENGTH = 2048;
const VALUE_MAX_BREAKS = 2;

function shapeOf(text: string): Shape {
  if (text.length > VALUE_MAX_LENGTH) return "document";
  let breaks = 0;
  const end = text.trimEnd().length;
  const start = text.length - text.trimStart().length;
  for (let at = text.indexOf("\n", start); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) {
    breaks++;
  }
  return breaks > VALUE_MAX_BREAKS ? "document" : "value";
}
