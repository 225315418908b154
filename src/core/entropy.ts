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
  let densest: DensestToken = { bits: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= text.length; index++) {
    if (index < text.length && isTokenCode(text.charCodeAt(index))) continue;

    const length = index - start;
    if (length > 0 && length >= minLength) {
      const bits = shannonEntropy(text.slice(start, index));
      if (bits > densest.bits || densest.length === 0) densest = { bits, length };
    }
    start = index + 1;
  }
  return densest;
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
