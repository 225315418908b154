import { membership, WORDS } from "./character-set.ts";
import { type Assertion, type Pattern, parsePattern } from "./pattern-syntax.ts";
import { err, ok, type Result } from "./result.ts";

/** A regular expression that takes time linear in the text, whatever the text is. */
export interface LinearPattern {
  readonly source: string;
  /** Work for each character of a text, at most. */
  readonly steps: number;
  /** Whether it fits anywhere in `text`. */
  test(text: string): boolean;
}

/**
 * Compiles a pattern with the meaning of `new RegExp(source, "u")`, to be run without
 * backtracking: all ways to fit are followed at once, one character at a time (Thompson 1968).
 * What cannot be run so (backreferences, lookaround) is refused.
 */
export function compileLinearPattern(source: string): Result<LinearPattern, string> {
  const pattern = parsePattern(source);
  if (!pattern.ok) return pattern;
  const size = sizeOf(pattern.value);
  if (size > PROGRAM_MAX_STEPS) {
    return err(`it is too large: its repetitions come to ${size} steps of ${PROGRAM_MAX_STEPS}`);
  }
  const program: Step[] = [];
  const first = emit(pattern.value, push(program, { kind: "fits" }), program);
  return ok({ source, steps: program.length, test: (text) => run(program, first, text) });
}

/** Bounds the work for each character of a text. */
const PROGRAM_MAX_STEPS = 1000;

/** One step of a program; `next` is an index into it. */
type Step =
  | { readonly kind: "fits" }
  | { readonly kind: "read"; readonly holds: (code: number) => boolean; readonly next: number }
  | { readonly kind: "assert"; readonly what: Assertion; readonly next: number }
  | { readonly kind: "fork"; readonly next: readonly number[] };

function sizeOf(pattern: Pattern): number {
  switch (pattern.kind) {
    case "set":
    case "assert":
      return 1;
    case "sequence":
      return pattern.items.reduce((sum, item) => sum + sizeOf(item), 0);
    case "choice":
      return pattern.options.reduce((sum, option) => sum + sizeOf(option), 1);
    case "repeat":
      return Math.max(pattern.min, pattern.max ?? pattern.min + 1, 1) * (sizeOf(pattern.item) + 1);
    default:
      return pattern satisfies never;
  }
}

/** Adds the steps of `pattern` in front of `next`; returns the first of them. */
function emit(pattern: Pattern, next: number, program: Step[]): number {
  switch (pattern.kind) {
    case "set":
      return push(program, { kind: "read", holds: membership(pattern.set), next });
    case "assert":
      return push(program, { kind: "assert", what: pattern.what, next });
    case "sequence":
      return pattern.items.reduceRight((after, item) => emit(item, after, program), next);
    case "choice": {
      const options = pattern.options.map((option) => emit(option, next, program));
      return push(program, { kind: "fork", next: options });
    }
    case "repeat":
      return emitRepeat(pattern, next, program);
    default:
      return pattern satisfies never;
  }
}

function emitRepeat(
  { item, min, max }: Extract<Pattern, { kind: "repeat" }>,
  next: number,
  program: Step[],
): number {
  let first = next;
  if (max === null) {
    const loop = push(program, { kind: "fork", next: [next] });
    program[loop] = { kind: "fork", next: [emit(item, loop, program), next] };
    first = loop;
  } else {
    for (let optional = min; optional < max; optional++) {
      first = push(program, { kind: "fork", next: [emit(item, first, program), next] });
    }
  }
  for (let must = 0; must < min; must++) first = emit(item, first, program);
  return first;
}

function push(program: Step[], step: Step): number {
  program.push(step);
  return program.length - 1;
}

const isWord = membership(WORDS);
const NOTHING = -1;

/** Follows the program from every place of the text at once. */
function run(program: readonly Step[], first: number, text: string): boolean {
  let reads: number[] = [];
  let before = NOTHING;
  for (let at = 0; at <= text.length; ) {
    const code = text.codePointAt(at) ?? NOTHING;
    const reached = follow(program, [...reads, first], before, code);
    if (reached === "fits") return true;
    if (code === NOTHING) return false;

    reads = [];
    for (const index of reached) {
      const step = program[index];
      if (step?.kind === "read" && step.holds(code)) reads.push(step.next);
    }
    before = code;
    at += code > 0xffff ? 2 : 1;
  }
  return false;
}

/** All the reading steps that can be reached without reading, each once. */
function follow(
  program: readonly Step[],
  from: number[],
  before: number,
  after: number,
): readonly number[] | "fits" {
  const seen = new Uint8Array(program.length);
  const reads: number[] = [];
  for (let index = from.pop(); index !== undefined; index = from.pop()) {
    if (seen[index] === 1) continue;
    seen[index] = 1;
    const step = program[index];
    if (step === undefined || step.kind === "fits") return "fits";
    if (step.kind === "read") reads.push(index);
    else if (step.kind === "fork") from.push(...step.next);
    else if (stands(step.what, before, after)) from.push(step.next);
  }
  return reads;
}

function stands(what: Assertion, before: number, after: number): boolean {
  switch (what) {
    case "start":
      return before === NOTHING;
    case "end":
      return after === NOTHING;
    case "boundary":
      return isWord(before) !== isWord(after);
    case "no_boundary":
      return isWord(before) === isWord(after);
    default:
      return what satisfies never;
  }
}
