import { createHmac } from "node:crypto";

export type Pseudonym = (subject: string) => string;

const PSEUDONYM_BYTES = 16;
/** Remembered subjects; when as many are known, all are forgotten, which costs time only. */
const REMEMBERED_MAX = 4096;
/** Longer subjects are not worth the memory. */
const REMEMBERED_MAX_LENGTH = 256;

/**
 * Names that are equal for equal subjects and say nothing of them without `key`: the first half of
 * an HMAC-SHA-256, in hexadecimal.
 */
export function createPseudonyms(key: Uint8Array): Pseudonym {
  const remembered = new Map<string, string>();

  return (subject) => {
    const known = remembered.get(subject);
    if (known !== undefined) return known;

    const digest = createHmac("sha256", key).update(subject).digest();
    const name = `hmac:${digest.subarray(0, PSEUDONYM_BYTES).toString("hex")}`;
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    if (subject.length <= REMEMBERED_MAX_LENGTH) remembered.set(subject, name);
    return name;
  };
}
