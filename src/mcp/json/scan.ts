/** Byte scanners of RFC 8259: pure, and each looks at a byte once. */

const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const ONE = 0x31;
const NINE = 0x39;
const UPPER_E = 0x45;
const BACKSLASH = 0x5c;
const LOWER_E = 0x65;
const LOWER_U = 0x75;

/** `"`, `\`, `/`, `b`, `f`, `n`, `r`, `t`: what may follow a backslash on its own. */
const SHORT_ESCAPES: ReadonlySet<number> = new Set([
  QUOTE,
  BACKSLASH,
  0x2f,
  0x62,
  0x66,
  0x6e,
  0x72,
  0x74,
]);

/** Bytes of the escape sequence whose backslash is at `at`; 0 when it is none. */
export function escapeLength(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1];
  if (kind === undefined) return 0;
  if (kind !== LOWER_U) return SHORT_ESCAPES.has(kind) ? 2 : 0;
  for (let index = at + 2; index < at + 6; index += 1) {
    if (!isHexDigit(bytes[index])) return 0;
  }
  return 6;
}

/** The offset behind the number that begins at `at`; `at` itself when there is none. */
export function numberEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at] === MINUS ? at + 1 : at;
  let end = integerEnd(bytes, first);
  if (end === first) return at;
  if (bytes[end] === DOT) {
    const fraction = digitsEnd(bytes, end + 1);
    if (fraction === end + 1) return at;
    end = fraction;
  }
  if (bytes[end] === LOWER_E || bytes[end] === UPPER_E) {
    const sign = bytes[end + 1];
    const digits = sign === PLUS || sign === MINUS ? end + 2 : end + 1;
    const exponent = digitsEnd(bytes, digits);
    if (exponent === digits) return at;
    end = exponent;
  }
  return end;
}

/** Skips space, tab, line feed and carriage return. */
export function spaceEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  for (;;) {
    const byte = bytes[end];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return end;
    end += 1;
  }
}

function integerEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === ZERO) return at + 1;
  if (first === undefined || first < ONE || first > NINE) return at;
  return digitsEnd(bytes, at + 1);
}

function digitsEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  for (;;) {
    const byte = bytes[end];
    if (byte === undefined || byte < ZERO || byte > NINE) return end;
    end += 1;
  }
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return (byte >= ZERO && byte <= NINE) || (lower >= 0x61 && lower <= 0x66);
}
