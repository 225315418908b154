import { firstIndex } from "../../core/search.ts";
import { decodedViews } from "../secrets/decode/decode.ts";
import { findRuns } from "../secrets/decode/runs.ts";
import { ALL_SIGNS, SIGN } from "../secrets/decode/signs.ts";
import { findInstructions, type Instruction } from "./instructions.ts";
import { findLinks } from "./links.ts";
import { type Element, elementsOf, findComments, findHiddenElements } from "./markup.ts";
import { findPseudoTags } from "./pseudo-tags.ts";
import { type Sentences, sentencesOf } from "./sentences.ts";
import { removed, type Spot } from "./spot.ts";
import { wordsOf } from "./words.ts";

/** Everything that a text for a model has no use for, but what is hidden in it; in any order. */
export function findInProse(text: string, inPrompt: boolean): readonly Spot[] {
  const elements = elementsOf(text);
  const instructions = findOrders(text, inPrompt);
  const unwanted = inPrompt ? [] : [...findComments(text), ...findHiddenElements(elements)];
  return [
    ...instructions,
    ...unwanted,
    ...findTags(text, elements, instructions, inPrompt),
    ...findLinks(text, elements),
    ...findPadding(text),
  ];
}

function findTags(
  text: string,
  elements: readonly Element[],
  instructions: readonly Spot[],
  inPrompt: boolean,
): readonly Spot[] {
  const starts = instructions.map(({ start }) => start).sort((left, right) => left - right);
  const commands = (start: number, end: number) => {
    const first = starts[firstIndex(starts, (one) => one >= start)];
    return first !== undefined && first < end;
  };
  return findPseudoTags(text, inPrompt ? [] : elements, commands);
}

/** Headings that open a part of their own: `[SYSTEM DIRECTIVE]`, `### END OF TOOL OUTPUT ###`. */
const HEADING =
  /\[(?:(?:SYSTEM|HIDDEN|SECRET|ADMIN|CONFIGURATION|DEVELOPER|OVERRIDE|PRIORITY|CRITICAL|AGENT|AI)[ _-]){1,3}(?:PROMPT|MESSAGE|OVERRIDE|INSTRUCTIONS?|DIRECTIVES?|COMMANDS?|NOTE)\]|^#{2,6}[ \t]{0,4}(?:END OF (?:TOOL|SYSTEM|USER|DESCRIPTION|OUTPUT|PROMPT|CONTEXT)|NEW (?:USER|SYSTEM) (?:MESSAGE|INSTRUCTIONS?|PROMPT|TASK)|(?:SYSTEM|HIDDEN|SECRET) (?:PROMPT|MESSAGE|OVERRIDE|INSTRUCTIONS?))[^\n]{0,80}/gm;

/** Instructions as they stand there, behind escapes, and in codes; whole sentences of them. */
function findOrders(text: string, inPrompt: boolean): readonly Spot[] {
  const plain = findInstructions(wordsOf(text), inPrompt);
  const spots: Spot[] = [];
  const open = [...plain, ...headingsOf(text)];
  for (const view of decodedViews(text, findRuns(text), ALL_SIGNS & ~SIGN.control)) {
    for (const one of findInstructions(wordsOf(view.text), inPrompt)) {
      const [start, end] = view.locate(one.start, one.end);
      if (end <= start) continue;
      if (view.certainOnly) spots.push(spotOf("encoded_instruction", { ...one, start, end }));
      else open.push({ ...one, start, end });
    }
  }
  if (open.length === 0) return spots;
  const sentences = sentencesOf(text);
  return [...spots, ...open.map((one) => spotOf("instruction", widened(one, sentences)))];
}

function headingsOf(text: string): readonly Instruction[] {
  if (!text.includes("[") && !text.includes("##")) return [];
  return Array.from(text.matchAll(HEADING), ({ index, 0: { length } }) => ({
    start: index,
    end: index + length,
    severity: "high" as const,
  }));
}

function widened(one: Instruction, sentences: Sentences): Instruction {
  const [start, end] = sentences.around(one.start, one.end);
  return { ...one, start, end };
}

function spotOf(kind: string, { start, end, severity }: Instruction): Spot {
  const replacement = severity === "high" ? removed("instruction") : null;
  return { concern: "instructions", kind, severity, start, end, replacement };
}

const MUCH_BLANK = /\s{16}/;
const BLANK = /\s{16,}/g;
const BLANK_LINES_MAX = 16;
const BLANK_MAX_LENGTH = 256;

/** Emptiness that pushes what follows out of sight. */
function findPadding(text: string): readonly Spot[] {
  if (!MUCH_BLANK.test(text)) return [];
  const spots: Spot[] = [];
  for (const { index, 0: blank } of text.matchAll(BLANK)) {
    const lines = blank.split("\n").length - 1;
    if (lines < BLANK_LINES_MAX && blank.length < BLANK_MAX_LENGTH) continue;
    const shared = { concern: "hidden", kind: "padding", severity: "medium" } as const;
    const replacement = lines === 0 ? " " : "\n\n";
    spots.push({ ...shared, start: index, end: index + blank.length, replacement });
  }
  return spots;
}
