import {
  NO_POSTURE_FACTS,
  POSTURE_GROUPS,
  POSTURE_NAME,
  type PostureFacts,
  type PostureGroup,
} from "../../core/posture.ts";
import type { Failure } from "./constraint.ts";
import type { PostureSelector } from "./policy.ts";
import type { Place, Reader } from "./reader.ts";

/** `host: { secure_boot: true }`: what has to be known to be so. */
export function readPostureSelector(place: Place, reader: Reader): PostureSelector {
  const found = reader.mapping(place, [...POSTURE_GROUPS]);
  const selector = POSTURE_GROUPS.flatMap((group) => {
    const at = found.get(group);
    return at === undefined ? [] : readGroup(group, at, reader);
  });
  if (reader.isMapping(place) && found.size === 0) {
    reader.mistake(place, "this should name at least one check");
  }
  return selector;
}

function readGroup(group: PostureGroup, place: Place, reader: Reader): PostureSelector {
  const checks = reader.namedMapping(place);
  if (reader.isMapping(place) && checks.size === 0) {
    reader.mistake(place, "this should name at least one check");
  }
  return [...checks].flatMap(([name, at]) => {
    if (!POSTURE_NAME.test(name)) reader.mistake(at, "this is no name of a check");
    const wanted = reader.boolean(at);
    return wanted === null ? [] : [{ group, name, wanted }];
  });
}

/**
 * Which checks are otherwise than a rule asks. Of a check that cannot be told nothing is known: then
 * no allow rule fits, and a deny rule is taken to.
 */
export function judgePosture(
  selector: PostureSelector | null,
  posture: PostureFacts = NO_POSTURE_FACTS,
): readonly Failure[] {
  if (selector === null) return NONE;
  const failures: Failure[] = [];
  for (const { group, name, wanted } of selector) {
    const told = factAt(posture, group, name);
    if (told === undefined) failures.push({ at: AT, check: "unjudged" });
    else if (told !== wanted) failures.push({ at: AT, check: "posture" });
  }
  return failures;
}

function factAt(posture: PostureFacts, group: string, name: string): boolean | undefined {
  const facts = Object.hasOwn(posture, group) ? posture[group] : undefined;
  if (typeof facts !== "object" || facts === null || Array.isArray(facts)) return undefined;
  const fact: unknown = Object.hasOwn(facts, name) ? Object(facts)[name] : undefined;
  return typeof fact === "boolean" ? fact : undefined;
}

/** It stands nowhere in the message. */
const AT = "";
const NONE: readonly Failure[] = [];
