import type { SessionFacts } from "../../core/policy.ts";
import type { Failure } from "./constraint.ts";
import type { SessionSelector } from "./policy.ts";
import type { Place, Reader } from "./reader.ts";

/** Each bound, and the fact that it is about. */
const BOUNDS = [
  ["max_age_s", "age_s", "max"],
  ["max_calls", "calls", "max"],
  ["max_denied", "denied", "max"],
  ["min_trust", "trust", "min"],
  ["max_trust", "trust", "max"],
] as const;

const TRUST_MAX = 100;

export function readSessionSelector(place: Place, reader: Reader): SessionSelector {
  const found = reader.mapping(
    place,
    BOUNDS.map(([name]) => name),
  );
  if (found.size === 0) reader.mistake(place, "this should name at least one bound");
  const bounds = new Map<string, number>();
  for (const [name, at] of found) {
    const bound = reader.size(at);
    if (bound === null) continue;
    if (name.endsWith("_trust") && bound > TRUST_MAX) {
      reader.mistake(at, `trust is at most ${TRUST_MAX}`);
    }
    bounds.set(name, bound);
  }
  return bounds;
}

/**
 * Which bounds a session is not within. Of a message without a session nothing is known: then no
 * allow rule fits, and a deny rule is taken to.
 */
export function judgeSession(
  selector: SessionSelector | null,
  facts: Omit<SessionFacts, "id">,
): readonly Failure[] {
  if (selector === null) return NONE;
  const failures: Failure[] = [];
  for (const [name, fact, side] of BOUNDS) {
    const bound = selector.get(name);
    if (bound === undefined) continue;
    const told = facts[fact];
    if (told === null) failures.push({ at: AT, check: "unjudged" });
    else if (side === "max" ? told > bound : told < bound) failures.push({ at: AT, check: name });
  }
  return failures;
}

/** It stands nowhere in the message. */
const AT = "";
const NONE: readonly Failure[] = [];
