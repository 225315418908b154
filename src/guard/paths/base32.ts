/** Crockford's base 32, in lower case; letters that look like digits are read as those. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const VALUES = valuesOf();
const DIGIT_BITS = 5;

/** The first `bits` bits of `bytes`, from the most significant one; the last digit is filled up. */
export function encodeBase32(bytes: Uint8Array, bits = bytes.length * 8): string {
  let text = "";
  let pending = 0;
  let count = 0;
  let left = bits;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    count += 8;
    while (count >= DIGIT_BITS && left > 0) {
      count -= DIGIT_BITS;
      left -= DIGIT_BITS;
      text += DIGITS[(pending >>> count) & 31];
    }
    pending &= (1 << count) - 1;
  }
  if (left > 0) text += DIGITS[(pending << (DIGIT_BITS - count)) & 31];
  return text;
}

/** The whole bytes in `text`; null when it is not exactly what `encodeBase32` makes of bytes. */
export function decodeBase32(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Math.floor((text.length * DIGIT_BITS) / 8));
  let pending = 0;
  let count = 0;
  let at = 0;
  for (let index = 0; index < text.length; index += 1) {
    const value = base32Value(text.charCodeAt(index));
    if (value === NO_DIGIT) return null;
    pending = (pending << DIGIT_BITS) | value;
    count += DIGIT_BITS;
    if (count < 8) continue;
    count -= 8;
    bytes[at] = pending >>> count;
    at += 1;
    pending &= (1 << count) - 1;
  }
  return count < DIGIT_BITS && pending === 0 ? bytes : null;
}

/** Spelled as `encodeBase32` does: lower case, `o` as 0, `i` and `l` as 1. */
export function canonicalBase32(text: string): string {
  let canonical = "";
  for (let index = 0; index < text.length; index += 1) {
    canonical += DIGITS[base32Value(text.charCodeAt(index))] ?? "";
  }
  return canonical;
}

export function isBase32(unit: number): boolean {
  return base32Value(unit) !== NO_DIGIT;
}

const NO_DIGIT = 255;

function base32Value(unit: number): number {
  return unit < VALUES.length ? (VALUES[unit] ?? NO_DIGIT) : NO_DIGIT;
}

function valuesOf(): Uint8Array {
  const values = new Uint8Array(128).fill(255);
  const assign = (digit: string, value: number): void => {
    values[digit.charCodeAt(0)] = value;
    values[digit.toUpperCase().charCodeAt(0)] = value;
  };
  for (const [value, digit] of [...DIGITS].entries()) assign(digit, value);
  assign("o", 0);
  assign("i", 1);
  assign("l", 1);
  return values;
}
