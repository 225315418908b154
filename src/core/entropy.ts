const ASCII = 128;

/** The densest unbroken token of a text: its bits per character, and its length. */
export interface DensestToken {
  readonly bits: number;
  readonly length: number;
}

/** Shannon entropy of a text in bits for each UTF-16 code unit; 0 for the empty text. */
export function shannonEntropy(text: string): number {
  if (text.length === 0) return 0;

  const counts = new Uint32Array(ASCII);
  const others = new Map<number, number>();
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < ASCII) counts[code] = (counts[code] ?? 0) + 1;
    else others.set(code, (others.get(code) ?? 0) + 1);
  }

  let weighted = 0;
  for (const count of counts) if (count > 1) weighted += count * Math.log2(count);
  for (const count of others.values()) if (count > 1) weighted += count * Math.log2(count);
  return Math.log2(text.length) - weighted / text.length;
}

/**
 * The unbroken run of `[A-Za-z0-9+/=_-]` with the most bits for each character, among those of at
 * least `minLength` characters; zero bits and zero length when there is none. Linear time.
 */
export function densestToken(text: string, minLength: number): DensestToken {
  let densest = NO_TOKEN;
  const least = Math.max(minLength, 1);
  let start = 0;
  while (start + least <= text.length) {
    // A run that is long enough has no break in its first characters: the last of these is tried
    // first, so that most of a text of words is not looked at.
    const gap = lastGap(text, start, start + least);
    if (gap >= start) {
      start = gap + 1;
      continue;
    }
    const end = endOfToken(text, start + least);
    const bits = shannonEntropy(text.slice(start, end));
    if (bits > densest.bits || densest.length === 0) densest = { bits, length: end - start };
    start = end + 1;
  }
  return densest;
}

const NO_TOKEN: DensestToken = { bits: 0, length: 0 };

/** Where the last character before `end` stands that is of no token; `start - 1` if there is none. */
function lastGap(text: string, start: number, end: number): number {
  let at = end - 1;
  while (at >= start && isTokenCode(text.charCodeAt(at))) at -= 1;
  return at;
}

function endOfToken(text: string, from: number): number {
  let end = from;
  while (end < text.length && isTokenCode(text.charCodeAt(end))) end += 1;
  return end;
}

const TOKEN_CODES = codesOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-");

function isTokenCode(code: number): boolean {
  return code < ASCII && TOKEN_CODES[code] === 1;
}

function codesOf(characters: string): Uint8Array {
  const codes = new Uint8Array(ASCII);
  for (const character of characters) codes[character.charCodeAt(0)] = 1;
  return codes;
}
