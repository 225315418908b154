import {
  endsFree,
  isAlphanumeric,
  isDigit,
  isEscapeBefore,
  isJoint,
  startsFree,
} from "../characters.ts";
import { type Naming, wordsPattern } from "../naming.ts";
import type { NumberFormat } from "../number-format.ts";
import type { Extent } from "../subject.ts";
import { isDialledAtHome, isInternationalNumber, isNorthAmerican } from "./plans.ts";

/** What says that a number is dialled, in a number of languages. */
const WORDS = [
  "(?:tele)?phone(?: ?(?:number|num|no|nr))?",
  "tel",
  "tel ?(?:no|nr|num)",
  "cell(?:ular| ?phone| (?:number|no))",
  "mobile?",
  "mobile ?(?:number|no|phone)",
  "fax",
  "faxnummer",
  "whats ?app",
  "sms",
  "msisdn",
  "call (?:me|us|him|her|them)",
  "dial",
  "hotline",
  "telefon(?:nummer|nr)?",
  "mobil(?:nummer|telefon)?",
  "handy(?:nummer)?",
  "rufnummer",
  "durchwahl",
  "téléphone",
  "téléphone portable",
  "teléfono",
  "telefono",
  "móvil",
  "celular",
  "cellulare",
  "telefone",
  "telemóvel",
  "telefoon(?:nummer)?",
  "tlf",
  "puhelin",
  "numer telefonu",
  "тел",
  "телефон",
  "моб",
  "电话",
  "電話",
  "手机",
  "전화",
];

const PHONE_WORDS = wordsPattern(WORDS);

/** Shorter ones are not looked for. */
const DIGITS_MIN = 7;
/** Longer numbers do not exist (ITU-T E.164). */
const DIGITS_MAX = 15;
/** With its separators. */
const LENGTH_MAX = 26;
/** `+44 (0)20 …`: the zero is dialled at home only. */
const OMITTED_ZERO = /^ ?\(0\)[ -]?/;

/**
 * The telephone number whose first digit is at `firstDigit`: with `+` anywhere, in a national form
 * where words say so. Groups are taken in as long as what they make is a number of the plan.
 */
export function phoneAt(text: string, firstDigit: number, naming: Naming): Extent | null {
  const start = startOf(text, firstDigit);
  const plus = text.charAt(start) === "+";
  const doubleZero = text.startsWith("00", firstDigit);
  if (!plus && !startsFree(text, start)) return null;

  if (plus || doubleZero) {
    const end = longestEnd(text, firstDigit + (plus ? 0 : 2), isInternationalNumber);
    if (end !== null && (plus || isGrouped(text, start, end))) return { start, end };
  }
  if (plus || isInsideRun(text, start) || !hasEnoughDigits(text, firstDigit)) return null;
  if (!naming.isNamed(start, PHONE_WORDS) || isDateLike(text, firstDigit)) return null;
  const end = longestEnd(text, firstDigit, isDialledAtHome);
  return end === null ? null : { start, end };
}

/** Versions and dates of day and month have less, and need no look at the words around them. */
function hasEnoughDigits(text: string, from: number): boolean {
  let digits = 0;
  for (let at = from; at < from + LENGTH_MAX && digits < DIGITS_MIN; at++) {
    const code = text.charCodeAt(at);
    if (isDigit(code)) digits++;
    else if (!isJoint(code)) return false;
  }
  return digits === DIGITS_MIN;
}

/** A further group of a row of numbers that was tried from its start. */
function isInsideRun(text: string, start: number): boolean {
  return isJoint(text.charCodeAt(start - 1)) && isDigit(text.charCodeAt(start - 2));
}

/** With the `+` or the parenthesis in front of the first digit. */
function startOf(text: string, firstDigit: number): number {
  let start = firstDigit;
  if (text.charAt(start - 1) === "(") start--;
  if (text.charAt(start - 1) === "+" && startsPlus(text, start - 1)) return start - 1;
  return start;
}

/** `a+49…` and `1+49…` are sums. */
function startsPlus(text: string, plus: number): boolean {
  const before = text.charCodeAt(plus - 1);
  return !(isAlphanumeric(before) || before === 0x2b) || isEscapeBefore(text, plus);
}

/** The end of the last group with which the digits so far are a number; null without one. */
function longestEnd(
  text: string,
  from: number,
  isNumber: (digits: string) => boolean,
): number | null {
  let digits = "";
  let best: number | null = null;
  for (let at = from; at - from < LENGTH_MAX; ) {
    let end = at;
    while (isDigit(text.charCodeAt(end))) end++;
    digits += text.slice(at, Math.min(end, at + LENGTH_MAX));
    if (digits.length > DIGITS_MAX) break;
    if (end > at && endsNumber(text, end) && isNumber(digits)) best = end;
    const next = nextGroup(text, end);
    if (next === null) break;
    at = next;
  }
  return best;
}

/** Where the group of digits behind one separator starts; null when none follows. */
function nextGroup(text: string, end: number): number | null {
  const omitted = OMITTED_ZERO.exec(text.slice(end, end + 6));
  if (omitted !== null) return end + omitted[0].length;
  if (!isJoint(text.charCodeAt(end)) || !goesOn(text, end)) return null;
  return isDigit(text.charCodeAt(end + 1)) ? end + 1 : end + 2;
}

/** Separators are single, but for a parenthesis and a space beside it. */
function goesOn(text: string, at: number): boolean {
  if (isDigit(text.charCodeAt(at + 1))) return true;
  const pair = text.slice(at, at + 2);
  return /^(?: \(|\) |\)-|-\()$/.test(pair) && isDigit(text.charCodeAt(at + 2));
}

/** Digits may follow behind a separator: they were tried as a part of it. */
function endsNumber(text: string, end: number): boolean {
  return endsFree(text, end) || isDigit(text.charCodeAt(end + 1));
}

function isGrouped(text: string, start: number, end: number): boolean {
  return /[^0-9]/.test(text.slice(start, end));
}

/** `2024-01-31`, `31.01.2024`, and the price `12.345.678,90`. */
function isDateLike(text: string, at: number): boolean {
  return DATE_LIKE.some((pattern) => pattern.test(text.slice(at, at + LENGTH_MAX)));
}

const DATE_LIKE = [
  /^(?:19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?![0-9])/,
  /^[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:19|20)[0-9]{2}(?![0-9])/,
  /^[0-9]{1,3}(?:\.[0-9]{3}){1,4},[0-9]/,
];

/** The North American forms, whose grouping is telling. */
export const PHONE_FORMAT: NumberFormat = {
  kind: "phone",
  id: "nanp",
  title: "North American number in its groups of 3, 3 and 4",
  anywhere: [
    "(###) ###-####",
    "(###)###-####",
    "(###) ### ####",
    "###-###-####",
    "###.###.####",
    "#-###-###-####",
    "#.###.###.####",
    "# (###) ###-####",
  ],
  named: [],
  words: WORDS,
  isValid: (digits) =>
    isNorthAmerican(digits) || (/^1.{10}$/.test(digits) && isNorthAmerican(digits.slice(1))),
  examples: {
    match: [
      "(555) 123-4567",
      "555-123-4567",
      "call (212)555-0123 today",
      "415.555.2671",
      "1-800-555-0199",
      "1 (415) 555-2671",
    ],
    noMatch: ["155-123-4567", "555-123-45678", "x555-123-4567", "1.555.123.456", "3-415-555-2671"],
  },
};

/** Of the numbers with `+` and of those that words name. */
export const PHONE_EXAMPLES = {
  match: [
    "+14155552671",
    "+1 (415) 555-2671",
    "+44 20 7946 0958",
    "+44 (0)20 7946 0958",
    "+49 30 901820",
    "tel:+33123456789",
    "+33 1 23 45 67 89",
    "+86 138 0013 8000",
    "+91-98765-43210",
    "+55 (11) 91234-5678",
    "0049 30 901820",
    "Tel. 030 901820",
    "phone_number=4155552671",
    "Telefon: 030/901820-0",
    "téléphone : 01 23 45 67 89",
    "mobile 07700 900123",
    "手机 13800138000",
  ],
  noMatch: [
    "+1234567",
    "@@ -1204,7 +1204,9 @@",
    "a+14155552671",
    "1.2.3.4567890",
    "2024-01-31 12:34",
    "1712345678901",
    "order 0301234567",
    "phone 2024-01-31",
    "price: 12.345.678,90",
    "+0 123 456 789",
    "10.20.30.40",
    "+99999999999",
    "build 20240131.1234",
    "CallStyleSignature = 134217728",
    "cell 4155552671",
  ],
};
