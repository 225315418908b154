import { PII_KINDS, type PiiKind } from "../../core/pii.ts";
import { findEmails } from "./email/email.ts";
import { findIpAddresses } from "./ip-address.ts";
import { createNumberScanner } from "./numbers.ts";
import type { Extent, Subject } from "./subject.ts";

export interface PiiMatch extends Extent {
  readonly kind: PiiKind;
}

/** Finds personal data of the kinds it was made for, in the order of the text, without overlaps. */
export interface PiiScanner {
  scan(subject: Subject): readonly PiiMatch[];
}

const NUMBER_KINDS: ReadonlySet<PiiKind> = new Set(["phone", "card", "iban", "national_id"]);

/** No kind is written with less. */
const SHORTEST_TEXT = 6;

export function createPiiScanner(kinds: ReadonlySet<PiiKind>): PiiScanner {
  const numbers = PII_KINDS.some((kind) => kinds.has(kind) && NUMBER_KINDS.has(kind))
    ? createNumberScanner(kinds)
    : null;

  function scan(subject: Subject): readonly PiiMatch[] {
    const { text } = subject;
    if (text.length < SHORTEST_TEXT) return [];
    const matches: PiiMatch[] = numbers === null ? [] : [...numbers.scan(subject)];
    if (kinds.has("email")) add(matches, "email", findEmails(text));
    if (kinds.has("ip_address")) add(matches, "ip_address", findIpAddresses(text));
    return withoutOverlaps(matches);
  }

  return { scan };
}

function add(matches: PiiMatch[], kind: PiiKind, extents: readonly Extent[]): void {
  for (const { start, end } of extents) matches.push({ kind, start, end });
}

/** The longer of two that share characters stays: an address with a number in it is an address. */
function withoutOverlaps(matches: readonly PiiMatch[]): readonly PiiMatch[] {
  if (matches.length < 2) return matches;
  const kept: PiiMatch[] = [];
  for (const match of matches.toSorted((left, right) => left.start - right.start)) {
    const last = kept.at(-1);
    if (last === undefined || match.start >= last.end) kept.push(match);
    else if (match.end - match.start > last.end - last.start) kept[kept.length - 1] = match;
  }
  return kept;
}
