import type { DescriptionConcern } from "../../core/descriptions.ts";
import type { Severity } from "../../core/finding.ts";

/** Something in a text that a description has no use for: `[start, end)`. */
export interface Spot {
  readonly concern: DescriptionConcern;
  readonly kind: string;
  readonly severity: Severity;
  readonly start: number;
  readonly end: number;
  /** What stands there when it is taken out; null where it is not sure enough to be. */
  readonly replacement: string | null;
}

/** What stands in the place of text that was taken out. */
const REMOVED_START = "[REMOVED:";

/** A mark, not an empty text: what stood on either side must not grow together to something new. */
export function removed(what: string): string {
  return `${REMOVED_START}${what}]`;
}
