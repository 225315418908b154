import type { DescriptionsConfig } from "../../core/descriptions.ts";
import type { Hit, Place, Severity } from "../../core/finding.ts";
import type { Leaf } from "../../core/json.ts";
import type { Guard } from "../../core/ports.ts";
import { SEVERITY_RANK } from "../severity.ts";
import { findHidden, isRightToLeft, mayHide } from "./hidden.ts";
import { findInName } from "./names.ts";
import { type Role, roleOf } from "./place.ts";
import { findInProse } from "./prose.ts";
import { settle } from "./settle.ts";
import { removed, type Spot } from "./spot.ts";
import { visibleOf } from "./visible.ts";

const NOTHING: readonly Hit[] = [];
/** Cleaning may lay bare something new; nobody needs more rounds but who plays with us. */
const ROUNDS_MAX = 4;

/**
 * Reads what servers say of themselves as what it is: text of strangers that a model will obey.
 * Good text stays; names stay as they are, for calls need them.
 */
export function createDescriptionsGuard(config: DescriptionsConfig): Guard {
  function response(leaf: Leaf, place: Place): readonly Hit[] {
    if (leaf.nature !== "text" && leaf.nature !== "key") return NOTHING;
    const role = roleOf(leaf, place);
    if (role === "other") return inOtherText(leaf.text, config);
    const hits = hitsIn(leaf.text, role, config);
    return hits.some(isEdit) ? untilClean(leaf.text, hits, role, config) : hits;
  }

  return { name: "descriptions", response };
}

function inOtherText(text: string, { otherText }: DescriptionsConfig): readonly Hit[] {
  if (otherText === "off" || !mayHide(text)) return NOTHING;
  const spots = findHidden(text, isRightToLeft(text), otherText === "report");
  return spots.map(({ kind, severity, start, end, replacement }) => ({
    kind,
    severity,
    start,
    end,
    replacement: otherText === "remove" ? replacement : null,
  }));
}

function hitsIn(text: string, role: Role, config: DescriptionsConfig): readonly Hit[] {
  const hidden = mayHide(text) ? findHidden(text, isRightToLeft(text), false) : [];
  const visible = visibleOf(text, hidden);
  const seen = findVisible(visible.text, role, config).map((spot) => {
    const [start, end] = visible.locate(spot.start, spot.end);
    return { ...spot, start, end };
  });
  const hits = [...hidden, ...seen].map((spot) => hitOf(spot, role, config));
  return settle(hits.filter((hit) => hit !== null));
}

function findVisible(text: string, role: Role, config: DescriptionsConfig): readonly Spot[] {
  if (role === "name") return findInName(text);
  const spots = findInProse(text, role === "prompt");
  if (role !== "prose" || text.length <= config.maxLength) return spots;
  const shared = { concern: "length", kind: "description_too_long", severity: "medium" } as const;
  return [...spots, { ...shared, start: config.maxLength, end: text.length, replacement: null }];
}

function hitOf(spot: Spot, role: Role, { actions }: DescriptionsConfig): Hit | null {
  const { concern, kind, start, end } = spot;
  switch (actions[concern]) {
    case "off":
      return null;
    case "report":
      return { kind, severity: atMost(spot.severity, "medium"), start, end, replacement: null };
    case "deny":
      return { kind, severity: deniedSeverity(spot), start, end, replacement: null };
    case "remove": {
      const isEditable = role === "prose" || role === "prompt";
      const replacement = isEditable ? spot.replacement : null;
      // What hides in a name makes it another name, and cannot be taken out of it.
      const severity = role === "name" ? deniedSeverity(spot) : spot.severity;
      return { kind, severity, start, end, replacement };
    }
  }
}

/** What is not sure enough to be taken out is not sure enough to deny. */
function deniedSeverity({ concern, severity, replacement }: Spot): Severity {
  const isSure = replacement !== null || concern === "length";
  return isSure ? atLeast(severity, "high") : severity;
}

function atMost(severity: Severity, bound: Severity): Severity {
  return SEVERITY_RANK[severity] > SEVERITY_RANK[bound] ? bound : severity;
}

function atLeast(severity: Severity, bound: Severity): Severity {
  return SEVERITY_RANK[severity] < SEVERITY_RANK[bound] ? bound : severity;
}

function isEdit({ replacement }: Hit): boolean {
  return replacement !== null;
}

/**
 * The hits, if they leave nothing to edit. Else the text is cleaned again and again, and one edit
 * makes of it what is left in the end.
 */
function untilClean(
  text: string,
  first: readonly Hit[],
  role: Role,
  config: DescriptionsConfig,
): readonly Hit[] {
  let cleaned = applied(text, first);
  let again = hitsIn(cleaned, role, config).filter(isEdit);
  if (again.length === 0) return first;
  for (let round = 1; round < ROUNDS_MAX && again.length > 0; round++) {
    cleaned = applied(cleaned, again);
    again = hitsIn(cleaned, role, config).filter(isEdit);
  }
  return [rewritten(text, again.length === 0 ? cleaned : removed("instruction"), first)];
}

function applied(text: string, hits: readonly Hit[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, replacement } of hits) {
    if (replacement === null) continue;
    parts.push(text.slice(from, start), replacement);
    from = end;
  }
  return parts.join("") + text.slice(from);
}

/** One edit of all that differs, named by the worst of what was found. */
function rewritten(text: string, cleaned: string, hits: readonly Hit[]): Hit {
  const worst = hits
    .filter(isEdit)
    .toSorted((one, other) => SEVERITY_RANK[other.severity] - SEVERITY_RANK[one.severity])[0];
  const shorter = Math.min(text.length, cleaned.length);
  let start = 0;
  while (start < shorter && text[start] === cleaned[start]) start++;
  let tail = 0;
  while (tail < shorter - start && text.at(-1 - tail) === cleaned.at(-1 - tail)) tail++;
  return {
    kind: worst?.kind ?? "instruction",
    severity: worst?.severity ?? "high",
    start,
    end: text.length - tail,
    replacement: cleaned.slice(start, cleaned.length - tail),
  };
}
