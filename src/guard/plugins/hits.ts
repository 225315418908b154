import { FAULT_KIND, type Hit } from "../../core/finding.ts";
import { SEVERITY_RANK } from "../severity.ts";

/** Of one leaf. */
const HITS_MAX = 10_000;
const REPLACEMENT_MAX_LENGTH = 1024;
const KIND = /^[a-z][a-z0-9_-]{0,63}$/;

/**
 * What a plugin returned of one text, as hits in order; an error says what is wrong with it. What
 * is in no field of a hit does not go on.
 */
export function checkHits(returned: unknown, text: string): readonly Hit[] {
  if (!Array.isArray(returned)) throw new TypeError("a guard returns an array of hits");
  if (returned.length > HITS_MAX) throw new RangeError(`over ${HITS_MAX} hits in one text`);
  const hits = returned.map((hit: unknown) => checkHit(hit, text));
  hits.sort((left, right) => left.start - right.start);

  let free = 0;
  for (const { start, end } of hits) {
    if (start < free) throw new RangeError("hits overlap");
    free = end;
  }
  return hits;
}

function checkHit(hit: unknown, text: string): Hit {
  if (typeof hit !== "object" || hit === null) throw new TypeError("a hit is an object");
  const { kind, severity, start, end, replacement } = hit as {
    readonly [key in keyof Hit]: unknown;
  };

  if (typeof kind !== "string" || !KIND.test(kind) || kind === FAULT_KIND) {
    throw new TypeError("a hit's kind is a name in lower case, up to 64 characters");
  }
  if (!isSeverity(severity))
    throw new TypeError("a hit's severity is low, medium, high or critical");
  if (!isBoundary(start, text) || !isBoundary(end, text) || start >= end) {
    throw new RangeError("a hit starts and ends inside the text, between characters");
  }
  if (!isReplacement(replacement))
    throw new TypeError("a hit's replacement is short text, or null");
  return { kind, severity, start, end, replacement };
}

function isSeverity(value: unknown): value is Hit["severity"] {
  return typeof value === "string" && Object.hasOwn(SEVERITY_RANK, value);
}

/** An offset in the text that does not divide a surrogate pair. */
function isBoundary(value: unknown, text: string): value is number {
  if (!Number.isInteger(value) || typeof value !== "number") return false;
  if (value < 0 || value > text.length) return false;
  return !/^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, value - 1), value + 1));
}

function isReplacement(value: unknown): value is string | null {
  if (value === null) return true;
  return (
    typeof value === "string" && value.length <= REPLACEMENT_MAX_LENGTH && value.isWellFormed()
  );
}
