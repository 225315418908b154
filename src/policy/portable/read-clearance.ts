import { CLASSIFICATIONS, type Classification } from "../../core/inventory.ts";
import type { Clearance } from "./policy.ts";
import type { Place, Reader } from "./reader.ts";

const KEYS = ["default", "roles", "principals", "unclassified", "redact"];
const NAMES_MAX = 10_000;
const POINTERS_MAX = 256;

/** Reads `clearance`; null where it is not there. */
export function readClearance(place: Place | undefined, reader: Reader): Clearance | null {
  if (place === undefined) return null;
  const found = reader.mapping(place, KEYS);
  const level = (key: string): Classification | null => {
    const at = found.get(key);
    return at === undefined ? null : reader.choice(at, CLASSIFICATIONS);
  };
  if (!found.has("default")) {
    reader.mistake(place, "default is missing: what everybody is cleared for, such as PUBLIC");
  }
  return {
    default: level("default") ?? "PUBLIC",
    roles: readLevels(found.get("roles"), reader),
    principals: readLevels(found.get("principals"), reader),
    unclassified: level("unclassified") ?? "RESTRICTED",
    redact: readPointers(found.get("redact"), reader),
  };
}

function readLevels(place: Place | undefined, reader: Reader): ReadonlyMap<string, Classification> {
  if (place === undefined) return new Map();
  const members = [...reader.namedMapping(place)];
  if (members.length > NAMES_MAX) reader.mistake(place, `there may be ${NAMES_MAX} of them`);
  return new Map(
    members.slice(0, NAMES_MAX).flatMap(([name, at]) => {
      const level = reader.choice(at, CLASSIFICATIONS);
      return level === null ? [] : [[name, level]];
    }),
  );
}

/** Pointers into a result; none where the list is not there. */
export function readPointers(place: Place | undefined, reader: Reader): readonly string[] {
  if (place === undefined) return [];
  const items = reader.sequence(place);
  if (items.length === 0 || items.length > POINTERS_MAX) {
    reader.mistake(place, `this should list 1 to ${POINTERS_MAX} JSON Pointers`);
    return [];
  }
  return items.flatMap((item) => {
    const pointer = reader.text(item);
    if (pointer !== null && !pointer.startsWith("/result/")) {
      reader.mistake(item, "this should point into the result: /result/structuredContent/salary");
    }
    return pointer === null ? [] : [pointer];
  });
}
