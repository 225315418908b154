import { shannonEntropy } from "../../core/entropy.ts";
import { patternOf } from "./format.ts";
import { hasInnocentLead, isInAddress } from "./innocent.ts";
import { isFilledIn } from "./placeholders.ts";
import type { Candidate } from "./rule.ts";
import { VENDOR_KEYS } from "./rules/vendors.ts";
import { isStrong, isWordy } from "./values.ts";
import { wholeToken } from "./whole-token.ts";

/** What the keys of one service look like. */
export interface Vendor {
  readonly name: string;
  readonly key: RegExp;
}

/** What the name of a key ends with: between it and the service's name stand a few words. */
const KEY_WORD_REACH = 40;
/** Between the name and the key stand a separator, quotes, and a type. */
const KEY_REACH = 48;
const KEY_MAX_LENGTH = 1100;
/** The text between is no sentence and no other assignment. */
const JOINT =
  /^[\w.-]{0,24}["'`)\]]{0,2}[ \t\r\n]{0,8}(?:[:=|,>(~?+]{0,4}|is|->)[ \t\r\n"'`>([{|=:~]{0,12}(?:Bearer |Token )?$/;

/** Words that a key is named by. */
export const KEY_WORDS: ReadonlySet<string> = new Set(
  "secret private access key token apikey api auth password passwd credential login pat crumb client consumer".split(
    " ",
  ),
);

/** Whether an identifier, or a word of one, begins at `start`: `box_key`, `theBoxKey`, no `inbox`. */
export function isNameStart(text: string, start: number): boolean {
  const before = text.charAt(start - 1);
  if (!/[A-Za-z]/.test(before)) return true;
  return /[a-z]/.test(before) && /[A-Z]/.test(text.charAt(start));
}

const SIGN = String.raw`["'\`\])]{0,2}[ \t]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,|[ \t])`;
/** A cheap look before the dear one: does a sign of assignment follow the name? */
const ASSIGNED = new RegExp(String.raw`[\w.-]{0,24}${SIGN}`, "y");
const ASSIGNMENT = new RegExp(String.raw`^[\w.-]{0,24}${SIGN}[\s"'\`=]{0,16}$`);

/** Services by their name in lower case. */
export function vendorsByName(): ReadonlyMap<string, Vendor> {
  const shapes = new Map<string, string[]>();
  for (const [template, names] of VENDOR_KEYS) {
    for (const name of names.split(" ")) {
      shapes.set(name, [...(shapes.get(name) ?? []), patternOf(template)]);
    }
  }
  return new Map(
    [...shapes].map(([name, patterns]) => {
      const key = new RegExp(`(?<![A-Za-z0-9_+])(?:${patterns.join("|")})(?![A-Za-z0-9_+-])`, "gi");
      return [name, { name: name.replace(/[^a-z0-9]/g, "-").replace(/^-/, ""), key }];
    }),
  );
}

/** Where a service was named last. */
export interface VendorMention {
  readonly vendor: Vendor;
  readonly end: number;
}

/** The key that follows the word for it, when a service was named right before. */
export function vendorKeyAt(
  text: string,
  mention: VendorMention,
  wordStart: number,
  wordEnd: number,
): Candidate | null {
  const { vendor, end: vendorEnd } = mention;
  if (wordEnd - vendorEnd > KEY_WORD_REACH || wordStart < vendorEnd - 8) return null;
  if (/[\n;]/.test(text.slice(vendorEnd, wordStart))) return null;
  return keyBehind(text, wordEnd, vendor, JOINT);
}

/** The key that is assigned to the name of a service itself: `datadog = "…"`. */
export function assignedKeyAt(text: string, { vendor, end }: VendorMention): Candidate | null {
  ASSIGNED.lastIndex = end;
  if (!ASSIGNED.test(text)) return null;
  const isBare = isBlank(text, ASSIGNED.lastIndex - 1);
  if (isBare && OFTEN_WITH_HASHES.has(vendor.name)) return null;
  return keyBehind(text, end, vendor, ASSIGNMENT);
}

/** Names beside which commits, objects and common words stand: a blank is not enough of a sign. */
const OFTEN_WITH_HASHES: ReadonlySet<string> = new Set(
  (
    "github gitea gogs forgejo bitbucket jenkins drone line front envoy segment box azure linear " +
    "column daily privacy guardian hunter polygon raven impala enigma magnetic holistic coda apollo " +
    "courier karma juro streak float flat less monday sentry mongodb atlas kafka confluent " +
    "artifactory web3 npm-token storage-key chatbot cicero steam riot apify heroku sauce clubhouse railway"
  ).split(" "),
);

function isBlank(text: string, at: number): boolean {
  return text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09;
}

function keyBehind(text: string, from: number, vendor: Vendor, joint: RegExp): Candidate | null {
  const view = text.slice(from, keyLimit(text, from));
  vendor.key.lastIndex = 0;
  const match = vendor.key.exec(view);
  if (match === null || match.index > KEY_REACH) return null;
  const key = match[0];
  if (isFilledIn(key) || !isChance(key)) return null;
  const between = view.slice(0, match.index);
  if (!joint.test(between) && !(joint === JOINT && isNear(between) && isStrong(key))) return null;
  const start = from + match.index;
  if (hasInnocentLead(text, start) || isInAddress(text, start)) return null;
  return {
    kind: `${vendor.name}-key`,
    severity: "high",
    ...wholeToken(text, start, start + key.length),
  };
}

/**
 * Where no key that begins in reach can go on: at the blank or quote that ends the word standing
 * there. The pattern then sees a few dozen characters of a text full of names, not a thousand.
 */
function keyLimit(text: string, from: number): number {
  const limit = Math.min(text.length, from + KEY_REACH + KEY_MAX_LENGTH);
  let at = Math.min(limit, from + KEY_REACH + 1);
  while (at < limit && !ENDS_WORD.has(text.charCodeAt(at))) at += 1;
  return Math.min(limit, at + 1);
}

/** Space, tab, line ends, and quotes. */
const ENDS_WORD: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0x22, 0x27, 0x60]);

/** The rest of a clause: no new line, no end of a sentence, no other member of an object. */
function isNear(between: string): boolean {
  return !/[\n;,{}]|\. /.test(between);
}

function isChance(key: string): boolean {
  return (
    /[0-9]/.test(key) || (/[a-z][A-Z]/.test(key) && shannonEntropy(key) >= 3.5 && !isWordy(key))
  );
}
