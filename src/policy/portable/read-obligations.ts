import { readPadding } from "../padding.ts";
import type { ApprovalTerms, PortableRule, RuleObligations } from "./policy.ts";
import { readPointers } from "./read-clearance.ts";
import type { Place, Reader } from "./reader.ts";

export const OBLIGATION_KEYS = ["alias", "pad", "approve"];

const CALLS_MAX = 1_000;
const MINUTES_MAX = 10_080;

/** What a rule obliges to; null where it obliges to nothing. */
export function readObligations(
  found: ReadonlyMap<string, Place>,
  effect: PortableRule["effect"],
  reader: Reader,
): RuleObligations | null {
  const [alias, pad] = [found.get("alias"), found.get("pad")];
  if (effect === "deny") {
    for (const place of [alias, pad]) {
      if (place === undefined) continue;
      reader.mistake(place, "what a deny rule fits does not come back: put it into an allow rule");
    }
  }
  const obligations = {
    alias: readPointers(alias, reader),
    pad: pad === undefined ? null : readScheme(pad, reader),
    approve: readTerms(found.get("approve"), reader),
  };
  const isNone =
    obligations.alias.length === 0 && obligations.pad === null && obligations.approve === null;
  return isNone ? null : obligations;
}

function readScheme(place: Place, reader: Reader): string | null {
  const scheme = reader.text(place);
  if (scheme !== null && readPadding(scheme) === null) {
    reader.mistake(place, "this should be padme, constant:4096 or step:1024,65536 (bytes)");
  }
  return scheme;
}

const ANY_TERMS: ApprovalTerms = { calls: null, minutes: null, by: null };

/** `true`, or how long a person's word holds. */
function readTerms(place: Place | undefined, reader: Reader): ApprovalTerms | null {
  if (place === undefined) return null;
  const plain = reader.isMapping(place) ? null : reader.boolean(place);
  if (plain !== null) return plain ? ANY_TERMS : null;
  if (!reader.isMapping(place)) return ANY_TERMS;
  const terms = reader.mapping(place, ["calls", "minutes", "by"]);
  const limit = (key: string, most: number): number | null => {
    const at = terms.get(key);
    const value = at === undefined ? null : reader.size(at);
    if (at === undefined || value === null) return null;
    if (value < 1 || value > most) reader.mistake(at, `this should be from 1 to ${most}`);
    return value;
  };
  const by = terms.get("by");
  return {
    calls: limit("calls", CALLS_MAX),
    minutes: limit("minutes", MINUTES_MAX),
    by: by === undefined ? null : reader.choice(by, ["operator"]),
  };
}
