import { findInstructions } from "../../descriptions/instructions.ts";
import { wordsOf } from "../../descriptions/words.ts";

/** Words near which instructions to a model are read for; tried at the start of a word alone. */
const TRIGGER =
  /ignor(?:e|ing)\b|disregard|forget\b|overrid(?:e|ing)\b|bypass|pretend\b|jailbreak|instructions\b|system[ :\]>](?:prompt|message|override|note|update)?|developer mode|do not (?:tell|mention|inform|reveal)|don't (?:tell|mention)|without (?:asking|telling)|you (?:are|must) now|from now on|exfiltrate|important\b|im_start|assistant\b|end of |new (?:user|system|task)/iy;
/** By the first three letters of each: one look for a word, and hardly any goes on. */
const STARTS = new Uint8Array(1 << 15);
for (const start of "ign dis for ove byp pre jai ins sys dev do- don wit you fro exf imp ass end new".split(
  " ",
)) {
  STARTS[keyAt(start.replace("-", " "), 0)] = 1;
}

/** Five bits of each of three characters: upper and lower case are one, and most others too. */
function keyAt(text: string, at: number): number {
  const pair = ((text.charCodeAt(at) & 31) << 5) | (text.charCodeAt(at + 1) & 31);
  return (pair << 5) | (text.charCodeAt(at + 2) & 31);
}

/** 1 for letters of ASCII. */
const LETTERS = new Uint8Array(0x10000);
for (let code = 0x41; code <= 0x5a; code++) LETTERS[code] = LETTERS[code | 0x20] = 1;

/** Where the triggers stand, in the order of the text. Linear: a word is looked at once. */
function triggersOf(text: string): readonly number[] {
  const tail = Math.max(HEAD_LENGTH, text.length - TAIL_LENGTH);
  const found: number[] = [];
  addTriggers(text, 0, Math.min(HEAD_LENGTH, text.length), found);
  if (tail < text.length) addTriggers(text, tail, text.length, found);
  return found;
}

function addTriggers(text: string, from: number, to: number, found: number[]): void {
  // What is left out between the two parts is no letter, and parts no word.
  let before = LETTERS[text.charCodeAt(Math.min(from, HEAD_LENGTH) - 1)] ?? 0;
  for (let at = from; at < to; at++) {
    const letter = LETTERS[text.charCodeAt(at)] ?? 0;
    if (letter > before && STARTS[keyAt(text, at)] === 1) {
      if (found.length >= TRIGGERS_MAX) return;
      TRIGGER.lastIndex = at;
      if (TRIGGER.test(text)) found.push(at);
    }
    before = letter;
  }
}

/** What stands in the middle of a longer text is not read: it is told, and edits nothing. */
const HEAD_LENGTH = 262_144;
const TAIL_LENGTH = 65_536;
/** So much around it is read, and so many of them in one text. */
const REACH = 240;
const WINDOWS_MAX = 12;
const TRIGGERS_MAX = 1024;

export interface Marker {
  readonly start: number;
  readonly end: number;
}

const NOTHING: readonly Marker[] = [];

/** The sentences of a result that tell a model what to do, by the rules of descriptions. */
export function findMarkers(text: string): readonly Marker[] {
  const triggers = triggersOf(text);
  if (triggers.length === 0) return NOTHING;
  const markers: Marker[] = [];
  for (const [from, to] of windowsOf(text, triggers)) {
    for (const { start, end, severity } of findInstructions(wordsOf(text.slice(from, to)), false)) {
      // Two rules may see the same words.
      const isNew = from + start >= (markers.at(-1)?.end ?? 0);
      if (severity === "high" && isNew) markers.push({ start: from + start, end: from + end });
    }
  }
  return markers;
}

/** Apart from each other, in the order of the text. */
function windowsOf(
  text: string,
  triggers: readonly number[],
): readonly (readonly [number, number])[] {
  const windows: [number, number][] = [];
  for (const index of triggers) {
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
