import { CONCEPTS } from "./concepts.ts";
import { RULES, type Rule, type Step } from "./rules.ts";
import type { Word } from "./word.ts";

/** Words of a sentence that tell a model what to do: offsets in the text they came from. */
export interface Instruction {
  readonly start: number;
  readonly end: number;
  readonly severity: Rule["severity"];
}

/** So many words before it, a negation turns an instruction into its opposite. */
const NEGATION_REACH = 2;
const OVERRIDE = "override";

/** Every rule at every sentence, once. Linear: a word is looked at once for each rule. */
export function findInstructions(
  words: readonly Word[],
  inPrompt: boolean,
): readonly Instruction[] {
  const found: Instruction[] = [];
  let from = 0;
  for (let to = 0; to <= words.length; to++) {
    const isEnd = (words[to]?.bits ?? 0) === 0;
    if (isEnd && to - from > 1) found.push(...inSentence(words, from, to, inPrompt));
    if (isEnd) from = to + 1;
  }
  return found;
}

function inSentence(
  all: readonly Word[],
  from: number,
  to: number,
  inPrompt: boolean,
): readonly Instruction[] {
  let bits = 0;
  let mask = 0;
  for (let index = from; index < to; index++) {
    bits |= all[index]?.bits ?? 0;
    mask |= all[index]?.mask ?? 0;
  }
  const rules = RULES.filter((rule) => (rule.inPrompts || !inPrompt) && mayFit(rule, bits, mask));
  if (rules.length === 0) return NOTHING;
  const words = all.slice(from, to);
  return rules.map((rule) => byRule(words, rule)).filter((found) => found !== null);
}

const NOTHING: readonly Instruction[] = [];

/** Whether there may be a word for each step: most sentences are done with here. */
function mayFit({ steps }: Rule, bits: number, mask: number): boolean {
  for (const step of steps) {
    if ((step.bits & bits) === 0 && (step.mask & mask) === 0) return false;
  }
  return true;
}

function byRule(words: readonly Word[], rule: Rule): Instruction | null {
  const range = rule.ordered ? inOrder(words, rule) : inAnyOrder(words, rule);
  if (range === null || isNegated(words, range, rule)) return null;
  const [first, last] = range;
  const severity = isTalkedAbout(words, range) ? "medium" : rule.severity;
  return { start: first.start, end: last.end, severity };
}

type Range = readonly [first: Word, last: Word];

function fits({ bits, words, mask }: Step, word: Word): boolean {
  return (word.bits & bits) !== 0 || ((word.mask & mask) !== 0 && words.has(word.text));
}

/** By step: the word it was last reached with, and the word its way began with. */
type Progress = (Range | null)[];

/** The first place where the steps follow each other. Of two ways to a step the later is as good. */
function inOrder(words: readonly Word[], { steps }: Rule): Range | null {
  const progress: Progress = steps.map(() => null);
  for (const word of words) {
    for (let index = steps.length - 1; index >= 0; index--) advance(progress, steps, index, word);
    const done = progress.at(-1);
    if (done !== null && done !== undefined) return done;
  }
  return null;
}

function advance(progress: Progress, steps: readonly Step[], index: number, word: Word): void {
  const step = steps[index];
  if (step === undefined || !fits(step, word)) return;
  const before = index === 0 ? ([word, word] as const) : progress[index - 1];
  if (before === null || before === undefined) return;
  if (index > 0 && word.position - before[1].position > step.within + 1) return;
  progress[index] = [before[0], word];
}

/** Some stretch of words in which there is one for each step. */
function inAnyOrder(words: readonly Word[], { steps, gap }: Rule): Range | null {
  const last: (Word | null)[] = steps.map(() => null);
  for (const word of words) {
    let first: Word | null = word;
    for (const [index, step] of steps.entries()) {
      if (fits(step, word)) last[index] = word;
      const seen: Word | null = last[index] ?? null;
      first = seen === null || first === null ? null : earlier(first, seen);
    }
    if (first !== null && word.position - first.position <= gap + steps.length) {
      return [first, word];
    }
  }
  return null;
}

function earlier(left: Word, right: Word): Word {
  return left.position <= right.position ? left : right;
}

/** "Do not ignore previous instructions" is good advice. */
function isNegated(words: readonly Word[], [first]: Range, { title, ordered }: Rule): boolean {
  if (title !== OVERRIDE || !ordered) return false;
  return words.some(({ bits, position }) => {
    const distance = first.position - position;
    return (bits & CONCEPTS.not) !== 0 && distance > 0 && distance <= NEGATION_REACH;
  });
}

/** "Detects injections such as …", "Whether to …": such a sentence is reported, and stays. */
function isTalkedAbout(words: readonly Word[], [first]: Range): boolean {
  return words.some(
    ({ bits, position }) => (bits & CONCEPTS.about) !== 0 && position < first.position,
  );
}
