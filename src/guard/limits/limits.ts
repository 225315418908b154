import type { Hit } from "../../core/finding.ts";
import type { Leaf } from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import type { Guard } from "../../core/ports.ts";

const NOTHING: readonly Hit[] = [];

export const STRING_TOO_LONG = "string_too_long";

/**
 * The limit that needs decoded text: the length of one string, in UTF-16 code units. Size, depth
 * and count are enforced while the body is read.
 */
export function createLimitsGuard(limits: Pick<Limits, "stringMaxLength">): Guard {
  const { stringMaxLength } = limits;

  function inspectLeaf(leaf: Leaf): readonly Hit[] {
    const { length } = leaf.text;
    if (length <= stringMaxLength) return NOTHING;
    return [{ kind: STRING_TOO_LONG, severity: "high", start: 0, end: length, replacement: null }];
  }

  return { name: "limits", request: inspectLeaf, response: inspectLeaf };
}
