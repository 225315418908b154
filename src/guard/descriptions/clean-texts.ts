import type { Role } from "./place.ts";

/** Texts in which nothing was found: listings say the same again and again. */
export interface CleanTexts {
  has(text: string, role: Role): boolean;
  add(text: string, role: Role): void;
}

/** Of a longer text, comparing it costs as much memory as it saves time. */
const TEXT_MAX_LENGTH = 16_384;
/** Characters of one generation, and texts. */
const LENGTH_MAX = 2 * 1024 * 1024;
const TEXTS_MAX = 32_768;

/** Two generations, so that what is still in use outlives what is not, however much there is. */
export function createCleanTexts(): CleanTexts {
  let young = new Set<string>();
  let old = new Set<string>();
  let length = 0;

  function add(key: string): void {
    if (length + key.length > LENGTH_MAX || young.size >= TEXTS_MAX) {
      old = young;
      young = new Set();
      length = 0;
    }
    if (young.has(key)) return;
    young.add(key);
    length += key.length;
  }

  return {
    has(text, role) {
      if (text.length > TEXT_MAX_LENGTH) return false;
      const key = keyOf(text, role);
      if (young.has(key)) return true;
      const isKnown = old.has(key);
      if (isKnown) add(key);
      return isKnown;
    },
    add(text, role) {
      if (text.length <= TEXT_MAX_LENGTH) add(keyOf(text, role));
    },
  };
}

function keyOf(text: string, role: Role): string {
  return `${role} ${text}`;
}
