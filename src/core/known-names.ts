/** The one string of a name that these bytes spell; undefined for any other name. */
export type KnownNames = (bytes: Uint8Array, start: number, end: number) => string | undefined;

const PLACES = 512;

interface Known {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Names in ASCII that come with nearly every message. To know one by its bytes costs less than to
 * make a text of them, and a text that is the same one each time is found without being compared.
 */
export function createKnownNames(names: readonly string[]): KnownNames {
  /** By length and two characters; few share a place. */
  const places: Known[][] = Array.from({ length: PLACES }, () => []);
  for (const name of names) {
    const bytes = Buffer.from(name);
    places[placeOf(bytes, 0, bytes.length)]?.push({ name, bytes });
  }

  return (bytes, start, end) => {
    if (start === end) return undefined;
    const place = places[placeOf(bytes, start, end)];
    if (place === undefined) return undefined;
    for (let index = 0; index < place.length; index += 1) {
      const known = place[index];
      if (known !== undefined && isAt(known.bytes, bytes, start, end)) return known.name;
    }
    return undefined;
  };
}

function placeOf(bytes: Uint8Array, start: number, end: number): number {
  const middle = bytes[(start + end) >> 1] ?? 0;
  const last = bytes[end - 1] ?? 0;
  return ((end - start) * 31 + middle * 7 + last) % PLACES;
}

function isAt(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (name[index] !== bytes[start + index]) return false;
  }
  return true;
}
