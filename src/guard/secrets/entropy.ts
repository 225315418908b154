import { shannonEntropy } from "../../core/entropy.ts";
import type { Run } from "./decode/runs.ts";
import { hasInnocentLead, isInAddress, isInnocentShape } from "./innocent.ts";
import { isFilledIn } from "./placeholders.ts";
import type { Candidate } from "./rule.ts";
import { isWordy } from "./values.ts";
import { wholeToken } from "./whole-token.ts";

/**
 * Bounds of an unnamed token. Shorter ones are too often words; longer ones are data in base64,
 * not keys (a 512-bit key is 88 characters).
 */
const LEAST_LENGTH = 32;
const MOST_LENGTH = 128;

/** One spelling of letters only over so many characters is prose or an identifier, not chance. */
const SAME_CLASS = /[a-z]{8}|[A-Z]{8}|[0-9]{8}/;
const ALL_CLASSES = /^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9].*[0-9].*[0-9])/;

/** Random text of 32 letters and digits has 4.3 bits for each on average, of 64 has 5. */
const LEAST_BITS = 4;

/** `PKCS12_SAFEBAG_create`: words in one spelling each. */
const SNAKE_WORD = /^(?:[a-z]*[0-9]{0,4}[a-z]*|[A-Z]*[0-9]{0,4}[A-Z]*[0-9]{0,2})$/;

/** A name with a digest behind it: build artefacts, cache keys, fuses. */
const PREFIXED_DIGEST = /[_-][0-9a-f]{32,64}$/;

const NOTHING: readonly Candidate[] = [];

/** Tokens that nothing names and no rule knows: random by every measure, and nothing innocent. */
export function unnamedSecrets(text: string, runs: readonly Run[]): readonly Candidate[] {
  if (runs.length === 0) return NOTHING;
  const found: Candidate[] = [];
  for (const { start, end } of runs) {
    const length = end - start;
    if (length < LEAST_LENGTH || length > MOST_LENGTH) continue;
    const token = text.slice(start, end);
    if (!isRandom(token) || isInnocentHere(text, start, token)) continue;
    found.push({
      kind: "high-entropy-token",
      severity: "medium",
      ...wholeToken(text, start, end),
    });
  }
  return found;
}

function isRandom(token: string): boolean {
  return (
    ALL_CLASSES.test(token) &&
    !SAME_CLASS.test(token) &&
    shannonEntropy(token) >= LEAST_BITS &&
    !isWordy(token) &&
    !isFilledIn(token)
  );
}

function isInnocentHere(text: string, start: number, token: string): boolean {
  return (
    isInnocentShape(token) ||
    PREFIXED_DIGEST.test(token) ||
    isSnakeCase(token) ||
    token.split(/[-_/=+]/).length > 6 ||
    hasInnocentLead(text, start) ||
    isInAddress(text, token.startsWith("/") ? start + 1 : start) ||
    /(?:^|[/_-])[a-z]{3,}\//.test(token) ||
    isEncodedText(token)
  );
}

function isSnakeCase(token: string): boolean {
  const words = token.split("_");
  return words.length > 2 && words.every((word) => word.length < 12 && SNAKE_WORD.test(word));
}

/** Base64 of readable text: what it holds is judged where it is decoded. */
function isEncodedText(token: string): boolean {
  const decoded = Buffer.from(token, "base64");
  return decoded.every((byte) => byte >= 0x09 && byte < 0x7f);
}
