import { invisibleAt } from "./invisible.ts";
import type { Spot } from "./spot.ts";
import { type StringEnds, sequenceEnd, stringEndsOf } from "./terminal.ts";

/**
 * Code units that may hide something: controls, invisible characters, private use, and the first
 * halves of invisible ones beyond the basic plane.
 */
const SUSPECT = new RegExp(
  "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f" +
    "\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ud82f\\ud834\\udb40-\\udbff" +
    "\\ue000-\\uf8ff\\ufdd0-\\ufdef\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff]",
  "g",
);
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const SUSPECT_OR_LONE = new RegExp(`${SUSPECT.source}|${LONE_SURROGATE.source}`, "g");
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** So many in a row carry a message. */
const CARRIER_LENGTH = 8;

/** 1 for each code unit that `SUSPECT` fits: a look-up is several times faster than the class. */
const IS_SUSPECT = Uint8Array.from({ length: 0x10000 }, (_, unit) => {
  SUSPECT.lastIndex = 0;
  return SUSPECT.test(String.fromCharCode(unit)) ? 1 : 0;
});

/** A cheap look: most texts hold nothing. */
export function mayHide(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (IS_SUSPECT[text.charCodeAt(at)] === 1) return true;
  }
  return !text.isWellFormed();
}

/** Whether letters of a text are written from right to left. */
export function isRightToLeft(text: string): boolean {
  return RIGHT_TO_LEFT.test(text);
}

/**
 * What a text holds that is not seen, in its order, runs of a kind as one. With `firstOnly` one of
 * each kind: enough to tell of it.
 */
export function findHidden(
  text: string,
  rightToLeft: boolean,
  firstOnly: boolean,
): readonly Spot[] {
  const spots: Spot[] = [];
  const kinds = new Set<string>();
  const ends = stringEndsOf(text);
  const suspect = text.isWellFormed() ? SUSPECT : SUSPECT_OR_LONE;
  suspect.lastIndex = 0;

  for (let match = suspect.exec(text); match !== null; match = suspect.exec(text)) {
    const spot = spotAt(text, match.index, rightToLeft, ends);
    if (spot === null) continue;
    suspect.lastIndex = spot.end;
    if (firstOnly && kinds.has(spot.kind)) continue;
    kinds.add(spot.kind);
    add(spots, spot);
  }
  return spots;
}

function spotAt(text: string, start: number, rightToLeft: boolean, ends: StringEnds): Spot | null {
  const code = text.codePointAt(start) ?? 0;
  if (code < 0xa0) return controlAt(text, start, code, ends);
  const end = start + (code > 0xffff ? 2 : 1);
  const found = invisibleAt(code, { text, start, end, isRightToLeft: rightToLeft });
  return found === null ? null : { concern: "hidden", ...found, start, end, replacement: "" };
}

function controlAt(text: string, start: number, code: number, ends: StringEnds): Spot | null {
  const sequence = sequenceEnd(text, start, ends);
  if (sequence !== null) {
    const kind = "terminal_escape";
    return { concern: "escapes", kind, severity: "high", start, end: sequence, replacement: "" };
  }
  const end = start + 1;
  // A carriage return ends a line, but a terminal writes over what stood in it.
  const isLine = code === 0x0d || code === 0x0b || code === 0x0c || code === 0x85;
  if (code === 0x0d && text.charCodeAt(end) === 0x0a) return null;
  const shared = { concern: "escapes", kind: "control_character", start, end } as const;
  return isLine
    ? { ...shared, severity: "low", replacement: "\n" }
    : { ...shared, severity: "medium", replacement: "" };
}

/** As a spot of its own, or as more of the last one. */
function add(spots: Spot[], spot: Spot): void {
  const last = spots.at(-1);
  const goesOn =
    last?.end === spot.start && last.kind === spot.kind && last.replacement === spot.replacement;
  if (last === undefined || !goesOn || spot.replacement !== "") {
    spots.push(spot);
    return;
  }
  const isCarrier = spot.end - last.start >= CARRIER_LENGTH;
  const severity = isCarrier && last.severity !== "critical" ? "high" : last.severity;
  spots[spots.length - 1] = { ...last, severity, end: spot.end };
}
