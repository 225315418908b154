import { createHmac } from "node:crypto";
import { createRecent } from "../core/recent.ts";

export type Pseudonym = (subject: string) => string;

const PSEUDONYM_BYTES = 16;
/** Remembered subjects; one that is forgotten costs time only. */
const REMEMBERED_MAX = 4096;
/** Longer subjects are not worth the memory. */
const REMEMBERED_MAX_LENGTH = 256;

/**
 * Names that are equal for equal subjects and say nothing of them without `key`: the first half of
 * an HMAC-SHA-256, in hexadecimal.
 */
export function createPseudonyms(key: Uint8Array): Pseudonym {
  const remembered = createRecent<string>(REMEMBERED_MAX);
  const nameOf = (subject: string): string => {
    const digest = createHmac("sha256", key).update(subject).digest();
    return `hmac:${digest.subarray(0, PSEUDONYM_BYTES).toString("hex")}`;
  };
  return (subject) =>
    subject.length > REMEMBERED_MAX_LENGTH
      ? nameOf(subject)
      : remembered.of(subject, () => nameOf(subject));
}
