import { CANARIES, type CanaryName } from "../canaries.ts";

/** Looks through bytes as they come, whatever the pieces are that they come in. */
export interface Search {
  /** The canaries in what was seen so far, as they stand or encoded, those told before left out. */
  look(bytes: Uint8Array): readonly CanaryName[];
}

interface Needle {
  readonly name: CanaryName;
  readonly bytes: Buffer;
}

const NEEDLES: readonly Needle[] = Object.entries(CANARIES).flatMap(([name, text]) =>
  writingsOf(text).map((bytes) => ({ name: name as CanaryName, bytes: Buffer.from(bytes) })),
);
const OVERLAP = Math.max(...NEEDLES.map(({ bytes }) => bytes.length)) - 1;

/** As it stands, in hexadecimal, and in base64 at each of three offsets, less the uncertain ends. */
function writingsOf(text: string): readonly string[] {
  const base64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.from("\0".repeat(offset) + text).toString("base64");
    const end = encoded.replaceAll("=", "").length - (encoded.endsWith("=") ? 1 : 0);
    return encoded.slice(offset === 0 ? 0 : offset + 1, end);
  });
  return [text, Buffer.from(text).toString("hex"), ...base64];
}

export function createSearch(): Search {
  const told = new Set<CanaryName>();
  let rest = Buffer.alloc(0);
  return {
    look(bytes) {
      const all = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes]);
      const found = NEEDLES.filter(({ name, bytes: needle }) => {
        return !told.has(name) && all.includes(needle);
      }).map(({ name }) => name);
      for (const name of found) told.add(name);
      rest = Buffer.from(all.subarray(Math.max(0, all.length - OVERLAP)));
      return [...new Set(found)];
    },
  };
}
