import type { PiiKind } from "../../core/pii.ts";
import { CARD_FORMAT } from "./card.ts";
import { isDigit, isJoint, isLetter } from "./characters.ts";
import { ibanAt } from "./iban.ts";
import { createNaming, type Naming, wordsPattern } from "./naming.ts";
import { AMERICAS } from "./national-id/americas.ts";
import { ASIA_PACIFIC_AFRICA } from "./national-id/asia-pacific-africa.ts";
import { EASTERN_EUROPE } from "./national-id/eastern-europe.ts";
import { WESTERN_EUROPE } from "./national-id/western-europe.ts";
import type { NumberFormat } from "./number-format.ts";
import { PHONE_FORMAT, phoneAt } from "./phone/phone.ts";
import type { Extent, Subject } from "./subject.ts";
import { compactValue, compileTemplate, matchTemplate, type Template } from "./template.ts";

/** Every number with a fixed form; where two fit, the first one names it. */
export const NUMBER_FORMATS: readonly NumberFormat[] = [
  CARD_FORMAT,
  ...WESTERN_EUROPE,
  ...EASTERN_EUROPE,
  ...AMERICAS,
  ...ASIA_PACIFIC_AFRICA,
  PHONE_FORMAT,
];

export interface NumberMatch extends Extent {
  readonly kind: PiiKind;
}

/** Finds numbers of the kinds it was made for, in the order of the text and without overlaps. */
export interface NumberScanner {
  scan(subject: Subject): readonly NumberMatch[];
}

/** One template of one format, with the words it asks for; null where it asks for none. */
interface Shape {
  readonly kind: PiiKind;
  readonly template: Template;
  readonly words: RegExp | null;
  readonly isValid: (value: string) => boolean;
}

interface Detectors {
  /** By the length of the first group of digits. */
  readonly shapes: readonly (readonly Shape[])[];
  readonly phones: boolean;
  readonly ibans: boolean;
  readonly anyWord: RegExp;
}

/** No first group of a template is longer. */
const FIRST_DIGITS_MAX = 19;
/** Less digits than this in one piece are a part of something, or nothing. */
const ALONE_MIN_DIGITS = 7;

export function createNumberScanner(
  kinds: ReadonlySet<PiiKind>,
  formats: readonly NumberFormat[] = NUMBER_FORMATS,
): NumberScanner {
  const wanted = formats.filter(({ kind }) => kinds.has(kind));
  const phones = kinds.has("phone");
  const ibans = kinds.has("iban");
  const anyWord = anyWordOf(wanted, phones);
  const detectors: Detectors = { shapes: indexShapes(wanted), phones, ibans, anyWord };

  return { scan: (subject) => scanDigits(subject, detectors) };
}

function anyWordOf(formats: readonly NumberFormat[], phones: boolean): RegExp {
  const words = formats.flatMap((format) => format.words);
  return wordsPattern([...new Set(phones ? [...words, ...PHONE_FORMAT.words] : words)]);
}

function indexShapes(formats: readonly NumberFormat[]): readonly (readonly Shape[])[] {
  const index: Shape[][] = Array.from({ length: FIRST_DIGITS_MAX + 1 }, () => []);
  for (const { kind, anywhere, named, words, isValid } of formats) {
    const add = (source: string, wanted: RegExp | null): void => {
      const template = compileTemplate(source);
      for (const length of template.firstDigits) {
        index[length]?.push({ kind, template, words: wanted, isValid });
      }
    };
    for (const source of anywhere) add(source, null);
    for (const source of named) add(source, wordsPattern(words));
  }
  return index;
}

/** One pass over the characters; whatever is tried starts at a group of digits. */
function scanDigits(subject: Subject, detectors: Detectors): readonly NumberMatch[] {
  const { text } = subject;
  const matches: NumberMatch[] = [];
  let naming: Naming | null = null;
  let free = 0;
  const { length } = text;
  for (let at = 0; at < length; at++) {
    // The one loop that sees every character: no call, no index outside the text.
    const code = text.charCodeAt(at);
    if (code > 0x39 || code < 0x30) continue;
    let end = groupEnd(text, at);
    if (end - at >= ALONE_MIN_DIGITS || goesOn(text, at, end)) {
      naming ??= createNaming(subject, detectors.anyWord);
      const match = numberAt(subject, at, end - at, detectors, naming);
      if (match !== null && match.start >= free) {
        matches.push(match);
        free = match.end;
        end = Math.max(end, match.end);
      }
    }
    at = end;
  }
  return matches;
}

function groupEnd(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && isDigit(text.charCodeAt(end))) end++;
  return end;
}

/**
 * Whether more digits stand behind a short group of digits, or letters beside one of a length that
 * numbers with letters have there; the examples of the formats hold it to them.
 */
function goesOn(text: string, start: number, end: number): boolean {
  if (end < text.length && isJoint(text.charCodeAt(end))) {
    if (isDigit(text.charCodeAt(end + 1)) || isDigit(text.charCodeAt(end + 2))) return true;
  }
  if (start < 2) return end - start === 6 && isLetter(text.charCodeAt(end));
  const before = isLetter(text.charCodeAt(start - 1));
  switch (end - start) {
    case 2: // GB82 WEST…, RSSMRA85T…
    case 4: // ABCPE1234F
      return before && isLetter(text.charCodeAt(start - 2));
    case 6: // AB123456C, BOXW310820HNERXN09, 131052A308T
      return before || isLetter(text.charCodeAt(end));
    default:
      return false;
  }
}

function numberAt(
  subject: Subject,
  firstDigit: number,
  digits: number,
  { shapes, phones, ibans }: Detectors,
  naming: Naming,
): NumberMatch | null {
  const { text } = subject;
  const phone = phones ? phoneAt(text, firstDigit, naming) : null;
  if (phone !== null && text.charAt(phone.start) === "+") return { ...phone, kind: "phone" };

  for (const shape of shapes[digits] ?? []) {
    const extent = matchShape(subject, firstDigit, shape, naming);
    if (extent !== null) return { ...extent, kind: shape.kind };
  }
  const iban = ibans && digits >= 2 ? ibanAt(text, firstDigit) : null;
  if (iban !== null) return { ...iban, kind: "iban" };
  return phone === null ? null : { ...phone, kind: "phone" };
}

function matchShape(
  subject: Subject,
  firstDigit: number,
  { template, words, isValid }: Shape,
  naming: Naming,
): Extent | null {
  const { text } = subject;
  const extent = matchTemplate(text, firstDigit, template, words !== null);
  if (extent === null) return null;
  if (words !== null && !naming.isNamed(extent.start, words)) return null;
  if (!isValid(compactValue(text, extent))) return null;
  return words === null && template.bare && isCounter(subject, extent) ? null : extent;
}

/** A bare number that is all of a value, under a name that says it counts or identifies a thing. */
function isCounter({ text, name }: Subject, { start, end }: Extent): boolean {
  if (name === null || start > 0 || end < text.length) return false;
  return COUNTER.test(name) && !/card|pan|cc|number/i.test(name);
}

const COUNTER =
  /(?:^|[_.-])(?:ids?|time|timestamp|ts|[mun]s|bytes|size|offset|seed|hash|count|total|epoch|nonce|cursor|version|seq)$|(?:Ids?|Time|Timestamp|Bytes|Size|Offset|Seed|Count|Total)$/;
