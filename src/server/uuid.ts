import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";
import { byteText } from "../mcp/json/byte-text.ts";

/** Where the two digits of each byte stand. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const DIGITS = Buffer.from("0123456789abcdef");
const VERSION_PLACE = 14;
const VARIANT_PLACE = 19;

/** The system is asked for so many at once. */
const entropy = new Uint8Array(256 * PLACES.length);
let used = entropy.length;
const text = byteText(Buffer.from("00000000-0000-0000-0000-000000000000"));

/**
 * A random UUID, version 4 (RFC 9562 section 5.4). Node's own makes a buffer and twenty strings for
 * each, and every decision has one.
 */
export function randomUuid(): string {
  if (used === entropy.length) {
    randomFillSync(entropy);
    used = 0;
  }
  for (const place of PLACES) {
    const byte = entropy[used] ?? 0;
    used += 1;
    let high = byte >> 4;
    if (place === VERSION_PLACE) high = 4;
    if (place === VARIANT_PLACE) high = 8 | (high & 3);
    text[place] = DIGITS[high] ?? 0;
    text[place + 1] = DIGITS[byte & 0x0f] ?? 0;
  }
  return text.latin1Slice(0, text.length);
}
