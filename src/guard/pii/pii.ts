import type { Hit, Place, Severity } from "../../core/finding.ts";
import type { Leaf } from "../../core/json.ts";
import type { PiiConfig, PiiKind, PiiSettings, RedactSettings } from "../../core/pii.ts";
import type { Guard } from "../../core/ports.ts";
import { createDenyKeys, isMark } from "./deny-keys.ts";
import { createPiiScanner, type PiiMatch } from "./scanner.ts";

/** What stands in the place of what was found, and how bad its being there was. */
export const PII_MARKS: {
  readonly [kind in PiiKind]: { readonly mark: string; readonly severity: Severity };
} = {
  email: { mark: "[REDACTED_EMAIL]", severity: "medium" },
  phone: { mark: "[REDACTED_PHONE]", severity: "medium" },
  card: { mark: "[REDACTED_CARD]", severity: "high" },
  iban: { mark: "[REDACTED_IBAN]", severity: "high" },
  national_id: { mark: "[REDACTED_NATIONAL_ID]", severity: "high" },
  ip_address: { mark: "[REDACTED_IP]", severity: "low" },
};

/** The mark and the kind of a value that its name alone keeps back. */
const DENIED_MARK = "[REDACTED]";
const DENIED_KIND = "deny_key";

/**
 * Masks personal data by server and direction. A policy that says `redact` is obeyed on every
 * server, whatever the configuration leaves out. Opaque values (ids, cursors) are not read: they
 * are the protocol's.
 */
export function createPiiGuard(config: PiiConfig, redact: RedactSettings | null): Guard {
  const request = lookAt("request", config, redact);
  const response = lookAt("response", config, redact);
  return { name: "pii", ...(request && { request }), ...(response && { response }) };
}

/** Null where it looks at nothing, on no server. */
function lookAt(
  direction: "request" | "response",
  config: PiiConfig,
  redact: RedactSettings | null,
): ((leaf: Leaf, place: Place) => readonly Hit[]) | null {
  const others = inspectorOf(config, direction, redact);
  const own = new Map<string, Inspect>();
  for (const [server, settings] of config.servers) {
    own.set(server, inspectorOf(settings, direction, redact));
  }
  if (others === LOOKS_AT_NOTHING && [...own.values()].every((one) => one === others)) return null;
  return (leaf, { server }) => (own.get(server) ?? others)(leaf);
}

type Inspect = (leaf: Leaf) => readonly Hit[];

const NOTHING: readonly Hit[] = [];
const LOOKS_AT_NOTHING: Inspect = () => NOTHING;

function inspectorOf(
  { enabled, kinds, denyKeys, ...directions }: PiiSettings,
  direction: "request" | "response",
  redact: RedactSettings | null,
): Inspect {
  const configured = enabled && directions[direction];
  const wanted = new Set<PiiKind>(configured ? kinds : []);
  if (redact?.emails === true) wanted.add("email");
  const names = [...(configured ? denyKeys : []), ...(redact?.denyKeys ?? [])];
  return wanted.size === 0 && names.length === 0 ? LOOKS_AT_NOTHING : createInspect(wanted, names);
}

function createInspect(kinds: ReadonlySet<PiiKind>, names: readonly string[]): Inspect {
  const scanner = createPiiScanner(kinds);
  const denyKeys = createDenyKeys(names);

  function findInText({ text, nature, name }: Leaf): readonly Hit[] {
    return scanner.scan({ text, name: nature === "key" ? null : name }).map(hitOf);
  }

  /** However it is written, it is the number that its digits are. */
  function findInNumber({ text, name }: Leaf): readonly Hit[] {
    const digits = digitsOf(text);
    const [found] = digits === null ? [] : scanner.scan({ text: digits, name });
    return found === undefined ? NOTHING : [hitOf({ ...found, start: 0, end: text.length })];
  }

  return (leaf) => {
    const { text, nature } = leaf;
    if (nature === "opaque" || nature === "media") return NOTHING;
    if (denyKeys.covers(leaf)) return deniedWhole(text);
    const found = nature === "number" ? findInNumber(leaf) : findInText(leaf);
    const denied = nature === "text" ? denyKeys.find(text) : [];
    if (denied.length === 0) return found;
    return merge([...found, ...denied.map(({ start, end }) => deniedHit(start, end))]);
  };
}

/** `4.2e3` is 4200 to whoever reads JSON; null for what is no whole number. */
function digitsOf(number: string): string | null {
  if (/^[0-9]+$/.test(number)) return number;
  const value = Math.abs(Number(number));
  return Number.isSafeInteger(value) ? String(value) : null;
}

/** In the order of the text. What a name denies goes as a whole, with whatever else is in it. */
function merge(hits: readonly Hit[]): readonly Hit[] {
  const merged: Hit[] = [];
  for (const hit of hits.toSorted((left, right) => left.start - right.start)) {
    const last = merged.at(-1);
    if (last === undefined || hit.start >= last.end) merged.push(hit);
    else merged[merged.length - 1] = deniedHit(last.start, Math.max(last.end, hit.end));
  }
  return merged;
}

function hitOf({ kind, start, end }: PiiMatch): Hit {
  const { mark, severity } = PII_MARKS[kind];
  return { kind, severity, start, end, replacement: mark };
}

function deniedWhole(text: string): readonly Hit[] {
  return text === "" || isMark(text) ? NOTHING : [deniedHit(0, text.length)];
}

function deniedHit(start: number, end: number): Hit {
  return { kind: DENIED_KIND, severity: "high", start, end, replacement: DENIED_MARK };
}
