import { lookAlikeOf } from "../secrets/decode/look-alikes.ts";
import { CONCEPTS } from "./concepts.ts";
import type { Spot } from "./spot.ts";
import { wordsOf } from "./words.ts";

/** What a name is made of, after Unicode TR39: look-alikes among letters of another script. */

const NAME_MAX_LENGTH = 256;
const ASCII = /^[\x20-\x7e]*$/;
const WORD = /[\p{L}\p{M}]+/gu;
const LATIN = /[A-Za-z]/;
/** Greek letters that stand for quantities are drawn like Latin ones, and mean no harm. */
const QUANTITY = /[α-ξπ-ω]/;
const WHOLE_WORD_LEAST_LENGTH = 3;

/** Words of a name that pretend to be others, and names that say what to steal. */
export function findInName(name: string): readonly Spot[] {
  const part = name.slice(0, NAME_MAX_LENGTH);
  return ASCII.test(part) ? findOrders(part) : [...findLookAlikes(part), ...findOrders(part)];
}

function findLookAlikes(name: string): readonly Spot[] {
  const spots: Spot[] = [];
  for (const { index, 0: word } of name.matchAll(WORD)) {
    const severity = severityOf(word);
    if (severity === null) continue;
    const end = index + word.length;
    spots.push({
      concern: "names",
      kind: "confusable_name",
      severity,
      start: index,
      end,
      replacement: null,
    });
  }
  return spots;
}

function severityOf(word: string): "high" | "medium" | null {
  const letters = Array.from(word);
  const odd = letters.filter((letter) => !ASCII.test(letter));
  const alike = odd.filter((letter) => lookAlikeOf(letter) !== null && !QUANTITY.test(letter));
  if (alike.length === 0) return null;
  if (LATIN.test(word) || alike.some((letter) => letter.normalize("NFKC") !== letter))
    return "high";
  const isWhole = alike.length === letters.length && letters.length >= WHOLE_WORD_LEAST_LENGTH;
  return isWhole ? "medium" : null;
}

/** `content_from_reading_id_rsa`: the model fills a parameter with what its name asks for. */
function findOrders(name: string): readonly Spot[] {
  let bits = 0;
  for (const word of wordsOf(name)) bits |= word.bits;
  for (const word of wordsOf(name.replaceAll(/[_.-]|(?<=[a-z])(?=[A-Z])/g, " "))) bits |= word.bits;
  const asks = (bits & CONCEPTS.read) !== 0 || (bits & CONCEPTS.content) !== 0;
  if ((bits & CONCEPTS.file) === 0 || !asks) return [];
  const shared = { concern: "instructions", kind: "instruction", severity: "high" } as const;
  return [{ ...shared, start: 0, end: name.length, replacement: null }];
}
