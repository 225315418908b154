/**
 * The code of RFC 7541, Appendix B. It is canonical: codes of one length follow one another in the
 * order of the octets, and a longer one begins behind the last shorter one. So lengths tell it all.
 */
// biome-ignore format: sixteen in a row, as in the tables of others
const LENGTHS = Uint8Array.of(
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
);
/** Its end mark, which no text may hold, is thirty bits of one. */
const LONGEST = 30;
const PADDING_MAX_BITS = 7;

/** For each length: the first code of it, and where its octets begin in `OCTETS`. */
const FIRST = new Uint32Array(LONGEST + 2);
const BEGIN = new Uint16Array(LONGEST + 2);
const OCTETS = buildTables();

function buildTables(): Uint8Array {
  const octets: number[] = [];
  let code = 0;
  for (let length = 1; length <= LONGEST; length += 1) {
    code *= 2;
    FIRST[length] = code;
    BEGIN[length] = octets.length;
    for (const [octet, own] of LENGTHS.entries()) if (own === length) octets.push(octet);
    code += octets.length - (BEGIN[length] ?? 0);
  }
  BEGIN[LONGEST + 1] = octets.length;
  return Uint8Array.from(octets);
}

/** Null for what the code cannot have written (RFC 7541, section 5.2). */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | null {
  const text: number[] = [];
  let code = 0;
  let length = 0;
  for (let bit = start * 8; bit < end * 8; bit += 1) {
    code = code * 2 + (((bytes[bit >>> 3] ?? 0) >>> (7 - (bit & 7))) & 1);
    length += 1;
    const octet = octetOf(code, length);
    if (octet === undefined) {
      if (length === LONGEST) return null;
      continue;
    }
    text.push(octet);
    code = 0;
    length = 0;
  }
  // What is left over is the beginning of the end mark: ones.
  if (length > PADDING_MAX_BITS || code !== 2 ** length - 1) return null;
  return textOf(text);
}

function octetOf(code: number, length: number): number | undefined {
  const place = (BEGIN[length] ?? 0) + code - (FIRST[length] ?? 0);
  return place < (BEGIN[length + 1] ?? 0) ? OCTETS[place] : undefined;
}

const AT_ONCE = 4096;

function textOf(codes: readonly number[]): string {
  let text = "";
  for (let at = 0; at < codes.length; at += AT_ONCE) {
    text += String.fromCharCode(...codes.slice(at, at + AT_ONCE));
  }
  return text;
}
