/** One way in which a server might read a path. */
export interface PathReading {
  readonly absolute: boolean;
  /** It leaves the folder it starts in, or holds a NUL, behind which it may be cut off. */
  readonly climbs: boolean;
  /** It has a `..`, wherever that leads. */
  readonly dots: boolean;
  /** Resolved: without `.`, `..` and empty ones. */
  readonly segments: readonly string[];
}

const ABSOLUTE = /^(?:\/|~|[a-z]:)/i;

/** A path as it stands, and after each of two percent-decodings. */
export function readingsOf(text: string): readonly string[] {
  const readings = [text];
  for (let round = 0; round < 2; round++) {
    const before = readings.at(-1) ?? "";
    const after = decodeAscii(before);
    if (after === before) break;
    readings.push(after);
  }
  return readings;
}

/** Resolves a path's text, with backslashes as slashes. */
export function readPath(text: string): PathReading {
  const absolute = ABSOLUTE.test(text) || text.startsWith("\\");
  const segments: string[] = [];
  let climbs = text.includes("\0");
  let dots = false;
  for (const segment of text.split(/[/\\]/)) {
    const name = segment.trim();
    if (name === "" || name === ".") continue;
    if (name !== "..") {
      segments.push(segment);
      continue;
    }
    dots = true;
    climbs ||= absolute || segments.length === 0;
    segments.pop();
  }
  return { absolute, climbs, dots, segments };
}

/** A dot or a slash in UTF-8 that is longer than it may be: some decoders take it all the same. */
const OVERLONG = "%c0%ae|%c0%af|%c1%9c|%e0%80%ae|%e0%80%af|%f0%80%80%ae|%f0%80%80%af";
const ENCODED = new RegExp(`${OVERLONG}|%[0-7][0-9a-f]`, "gi");

/** Percent-decoding of ASCII, where all that matters to a path is; also in overlong UTF-8. */
function decodeAscii(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(ENCODED, (encoded) => {
    if (encoded.length > 3) return /ae$/i.test(encoded) ? "." : "/";
    return String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  });
}
