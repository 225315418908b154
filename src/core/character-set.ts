/** Code points, as ranges with both ends included. */
export type CharacterSet = readonly (readonly [low: number, high: number])[];

const CODE_POINT_MAX = 0x10ffff;
const ASCII = 128;

export const DIGITS: CharacterSet = [[0x30, 0x39]];
export const WORDS: CharacterSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
/** ECMAScript's WhiteSpace and LineTerminator. */
export const SPACES: CharacterSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
/** What ends a line. */
export const LINE: CharacterSet = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];

export function setOf(character: string): CharacterSet {
  const code = character.codePointAt(0) ?? 0;
  return [[code, code]];
}

export function negated(set: CharacterSet): CharacterSet {
  const rest: [number, number][] = [];
  let from = 0;
  for (const [low, high] of set.toSorted(([a], [b]) => a - b)) {
    if (low > from) rest.push([from, low - 1]);
    from = Math.max(from, high + 1);
  }
  if (from <= CODE_POINT_MAX) rest.push([from, CODE_POINT_MAX]);
  return rest;
}

/** A quick test for membership. */
export function membership(set: CharacterSet): (code: number) => boolean {
  const ascii = new Uint8Array(ASCII);
  for (const [low, high] of set) ascii.fill(1, low, Math.min(high + 1, ASCII));
  const others = set.filter(([, high]) => high >= ASCII);
  return (code) => {
    if (code < ASCII) return ascii[code] === 1;
    return others.some(([low, high]) => low <= code && code <= high);
  };
}
