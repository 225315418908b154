import type { Candidate } from "./rule.ts";

/** A shorter value could be a word of the text. */
const LEAST_LENGTH = 8;
/** Bounds the work: so many different values are looked for, each in one pass. */
const MOST_VALUES = 16;
const MOST_WORK_CHARACTERS = 4 * 1024 * 1024;

/**
 * Where the values that were found stand again: a password that is named once is the same password
 * in the next line. `visible` is the text with everything found already hidden.
 */
export function repeatsOf(
  text: string,
  visible: string,
  found: readonly Candidate[],
): readonly Candidate[] {
  const values = new Map<string, Candidate>();
  for (const candidate of found) {
    const value = text.slice(candidate.start, candidate.end);
    if (isTelling(value) && values.size < MOST_VALUES) values.set(value, candidate);
  }
  const repeats: Candidate[] = [];
  let work = 0;
  for (const [value, candidate] of values) {
    work += visible.length;
    if (work > MOST_WORK_CHARACTERS) break;
    let at = visible.indexOf(value);
    while (at !== -1) {
      repeats.push({ ...candidate, start: at, end: at + value.length });
      at = visible.indexOf(value, at + value.length);
    }
  }
  return repeats;
}

/** No word of a language, which may stand elsewhere for itself. */
function isTelling(value: string): boolean {
  return value.length >= LEAST_LENGTH && /[^a-z]/.test(value) && /[^A-Za-z -]/.test(value);
}
