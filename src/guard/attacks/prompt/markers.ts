import { findOrders } from "../../descriptions/prose.ts";

/** Where an instruction to the model begins or ends; a look that costs little in any other text. */
const TRIGGER =
  /\b(?:ignore|disregard|forget|override|bypass|pretend|jailbreak|instructions?|system prompt|developer mode|do not (?:tell|mention|inform|reveal)|don't (?:tell|mention)|without (?:asking|telling)|you (?:are|must) now|from now on|exfiltrate|new (?:user|system) message)\b|\[(?:SYSTEM|INST|ADMIN|HIDDEN)|<\/?(?:system|important|instructions?|im_start|assistant)\b|<\|im_|#{2,6} (?:END OF|NEW|SYSTEM)/gi;
/** So much around it is read, and so many of them in one text. */
const REACH = 320;
const WINDOWS_MAX = 24;

export interface Marker {
  readonly start: number;
  readonly end: number;
}

/** The sentences of a result that tell a model what to do, by the rules of descriptions. */
export function findMarkers(text: string): readonly Marker[] {
  const markers: Marker[] = [];
  for (const [from, to] of windowsOf(text)) {
    for (const { start, end, severity } of findOrders(text.slice(from, to), false)) {
      if (severity === "high") markers.push({ start: from + start, end: from + end });
    }
  }
  return markers;
}

/** Apart from each other, in the order of the text. */
function windowsOf(text: string): readonly (readonly [number, number])[] {
  const windows: [number, number][] = [];
  for (const { index } of text.matchAll(TRIGGER)) {
    const last = windows.at(-1);
    const to = Math.min(text.length, index + REACH);
    if (last !== undefined && index <= last[1]) {
      if (last[1] - last[0] < 4 * REACH) last[1] = to;
      continue;
    }
    if (windows.length >= WINDOWS_MAX) break;
    windows.push([Math.max(last?.[1] ?? 0, index - REACH), to]);
  }
  return windows;
}
