import type { Meaning } from "./meaning.ts";

/** A word that stands for something, or the end of a sentence (`bits` 0). */
export interface Word extends Meaning {
  readonly start: number;
  readonly end: number;
  /** Which word of the text it is; those that stand for nothing count too. */
  readonly position: number;
}

/** Written out, for there are many of them. */
export function wordAt(start: number, end: number, position: number, meaning: Meaning): Word {
  const { bits, text, mask } = meaning;
  return { start, end, bits, text, mask, position };
}

/** The end of a sentence: no rule reaches over it. */
export function endAt(start: number, end: number, position: number): Word {
  return { start, end, bits: 0, text: "", mask: 0, position };
}
