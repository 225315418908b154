import type { Buffer } from "node:buffer";

/** No token that is known by its form alone is shorter. */
const RUN_LEAST_LENGTH = 16;
const NUL = "\0";
const READABLE = readableBytes();

/**
 * The runs of printable ASCII in bytes, and of UTF-16 that is ASCII. Looks at every sixteenth byte,
 * and around it only where a run may be: what it reads is a fraction of compressed data.
 */
export function readableRuns(bytes: Buffer): {
  readonly readable: string;
  /** How many bytes the runs are. */
  readonly covered: number;
} {
  const { length } = bytes;
  const runs: string[] = [];
  let covered = 0;
  let from = 0;
  for (let probe = RUN_LEAST_LENGTH - 1; probe < length; ) {
    if (!isReadable(bytes, probe)) {
      from = probe + 1;
      probe += RUN_LEAST_LENGTH;
      continue;
    }
    let start = probe;
    while (start > from && isReadable(bytes, start - 1)) start -= 1;
    let end = probe + 1;
    while (end < length && isReadable(bytes, end)) end += 1;
    if (end - start >= RUN_LEAST_LENGTH) {
      runs.push(textOfRun(bytes.toString("latin1", start, end)));
      covered += end - start;
    }
    from = end + 1;
    probe = end + RUN_LEAST_LENGTH;
  }
  return { readable: runs.join("\n"), covered };
}

/** Every second one is a zero in UTF-16; elsewhere a zero ends a name, and is left to do so. */
function textOfRun(run: string): string {
  const letters = run.replaceAll(NUL, "");
  return letters.length * 3 < run.length * 2 ? letters : run;
}

/** Of zeros only a single one, with something to read on both sides. */
function isReadable(bytes: Buffer, at: number): boolean {
  const byte = bytes[at] ?? 0x80;
  if (byte !== 0) return READABLE[byte] === 1;
  return READABLE[bytes[at - 1] ?? 0x80] === 1 && READABLE[bytes[at + 1] ?? 0x80] === 1;
}

/** Printable ASCII, and white space. */
function readableBytes(): Uint8Array {
  const table = new Uint8Array(256).fill(1, 0x20, 0x7f);
  for (const code of [0x09, 0x0a, 0x0d]) table[code] = 1;
  return table;
}
