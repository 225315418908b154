import type { JsonNode } from "../core/json.ts";
import { pointerOf } from "../core/json.ts";
import { compileLinearPattern, type LinearPattern } from "../core/linear-pattern.ts";
import type { PolicyInput } from "../core/policy.ts";
import { err, ok, type Result } from "../core/result.ts";
import { isRecord } from "./json.ts";
import { visitParameters } from "./path-facts.ts";

/** The patterns that a Rego author named, ready to be tried: Rego gets the places, not the texts. */
export interface Patterns {
  /** `input.patterns`: for each pattern, where it fits, if anywhere. */
  facts(params: JsonNode | undefined): PolicyInput["patterns"];
}

const PATTERNS_MAX = 64;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** Steps over all texts and patterns of one message: some 20 ms, whatever they are. */
const WORK_MAX = 2_000_000;
const PLACES_MAX = 64;

/** No pattern has this name: under it stand the texts that were too much to be looked at. */
const UNJUDGED = "$unjudged";

/**
 * Compiles `data.impedance.patterns`; the error is for the operator. A pattern that cannot be tried
 * in linear time is refused: a fact that never comes would be a rule that never denies.
 */
export function compilePatterns(data: unknown): Result<Patterns, string> {
  const named = isRecord(data) && isRecord(data.impedance) ? data.impedance.patterns : undefined;
  if (named === undefined) return ok(NO_PATTERNS);
  if (!isRecord(named)) return err("impedance.patterns is no object of patterns by name");
  const entries = Object.entries(named);
  if (entries.length > PATTERNS_MAX) return err(`impedance.patterns has over ${PATTERNS_MAX}`);

  const patterns: [string, LinearPattern][] = [];
  for (const [name, source] of entries) {
    if (!NAME.test(name))
      return err("impedance.patterns has a name that is none: use [A-Za-z0-9_]");
    if (typeof source !== "string") return err(`impedance.patterns.${name} is no text`);
    const pattern = compileLinearPattern(source);
    if (!pattern.ok) return err(`impedance.patterns.${name} cannot be enforced: ${pattern.error}`);
    patterns.push([name, pattern.value]);
  }
  return ok(patterns.length === 0 ? NO_PATTERNS : { facts: (params) => factsOf(patterns, params) });
}

const NOWHERE: PolicyInput["patterns"] = Object.freeze({});
const NO_PATTERNS: Patterns = { facts: () => NOWHERE };

function factsOf(
  patterns: readonly (readonly [string, LinearPattern])[],
  params: JsonNode | undefined,
): PolicyInput["patterns"] {
  // One that fits nowhere has an empty list: in Rego, a rule on what is not there would not be asked.
  const places = new Map<string, string[]>(patterns.map(([name]) => [name, []]));
  const note = (name: string, pointer: string): void => {
    const known = places.get(name);
    if (known === undefined) places.set(name, [pointer]);
    else if (known.length < PLACES_MAX) known.push(pointer);
  };
  const steps = patterns.reduce((sum, [, pattern]) => sum + pattern.steps, 0);
  let work = WORK_MAX;
  visitParameters(params, (text, _name, location) => {
    const needed = (text.length + 1) * steps;
    if (needed > work) {
      note(UNJUDGED, pointerOf(location));
      return;
    }
    work -= needed;
    for (const [name, pattern] of patterns) {
      if (pattern.test(text)) note(name, pointerOf(location));
    }
  });
  return Object.fromEntries(places);
}
