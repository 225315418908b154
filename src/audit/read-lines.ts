const LINE_BREAK = 0x0a;

/** One line of a file of any size. */
export interface RawLine {
  /** Without its line break; the first bytes only of one that is too long. */
  readonly bytes: Buffer;
  /** From 1. */
  readonly number: number;
  readonly isTooLong: boolean;
  /** False of a last line without its line break. */
  readonly isEnded: boolean;
}

/** The lines of a stream, with no more than `maxBytes` of one in memory. */
export async function* readLines(
  input: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<RawLine> {
  const begun = createBegun(maxBytes);
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_BREAK); end !== -1; end = chunk.indexOf(LINE_BREAK, start)) {
      begun.add(chunk.subarray(start, end));
      yield begun.take(true);
      start = end + 1;
    }
    begun.add(chunk.subarray(start));
  }
  if (begun.length > 0) yield begun.take(false);
}

function createBegun(maxBytes: number) {
  let parts: Uint8Array[] = [];
  let length = 0;
  let number = 0;
  return {
    get length() {
      return length;
    },
    add(part: Uint8Array): void {
      const room = Math.max(0, maxBytes - length);
      if (part.length > 0 && room > 0) parts.push(part.subarray(0, room));
      length += part.length;
    },
    take(isEnded: boolean): RawLine {
      number += 1;
      const [only] = parts;
      const bytes =
        parts.length === 1 && only !== undefined
          ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
          : Buffer.concat(parts);
      const line = { bytes, number, isTooLong: length > maxBytes, isEnded };
      parts = [];
      length = 0;
      return line;
    },
  };
}
