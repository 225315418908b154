import { isSeq } from "yaml";
import { type Provenance, VOUCHERS } from "../provenance.ts";
import type { Failure } from "./constraint.ts";
import type { ProvenanceSelector } from "./policy.ts";
import type { Place, Reader } from "./reader.ts";

/** `principal.id: [TOKEN, MTLS]`: who may vouch for a fact. */
export function readProvenanceSelector(place: Place, reader: Reader): ProvenanceSelector {
  const found = reader.mapping(place, [...VOUCHERS.keys()]);
  if (reader.isMapping(place) && found.size === 0) {
    reader.mistake(place, "this should name at least one fact");
  }
  const selector = new Map<string, readonly string[]>();
  for (const [fact, at] of found) {
    const known = VOUCHERS.get(fact);
    if (known === undefined) continue;
    const items = reader.sequence(at);
    if (isSeq(at.node) && items.length === 0) {
      reader.mistake(at, "this should name at least one");
    }
    const chosen = items.map((item) => reader.choice(item, known));
    selector.set(
      fact,
      chosen.filter((one) => one !== null),
    );
  }
  return selector;
}

/**
 * Which facts come from elsewhere than a rule asks. Of a fact that nobody vouches for nothing is
 * known: then no allow rule fits, and a deny rule is taken to.
 */
export function judgeProvenance(
  selector: ProvenanceSelector | null,
  provenance: Provenance,
): readonly Failure[] {
  if (selector === null) return NONE;
  const failures: Failure[] = [];
  for (const [fact, wanted] of selector) {
    const told = Object.hasOwn(provenance, fact) ? provenance[fact] : undefined;
    if (told === undefined) failures.push({ at: AT, check: "unjudged" });
    else if (!wanted.includes(told)) failures.push({ at: AT, check: "provenance" });
  }
  return failures;
}

/** It stands nowhere in the message. */
const AT = "";
const NONE: readonly Failure[] = [];
