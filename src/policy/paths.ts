import type { PathFact } from "../core/policy.ts";
import { isSensitive } from "./sensitive-paths.ts";

/** A folder that arguments may name, with the name that the policy knows it by. */
export interface Root {
  readonly name: string;
  /** Absolute and normalised. */
  readonly path: string;
  /** The servers it holds for; without it, all of them. */
  readonly servers?: readonly string[];
}

/** What a path turns out to be, once it is read in every way that a server might. */
export interface JudgedPath extends Omit<PathFact, "at"> {
  readonly absolute: boolean;
}

const FILE_SCHEME = /^file:(?:\/\/[^/\\]*)?/i;
const ABSOLUTE = /^(?:\/|~|[a-z]:)/i;
const EXTENSION = /[^.]\.([a-z0-9]{1,16})$/i;

/**
 * Judges a path as it stands and after each of two percent-decodings, with backslashes as slashes:
 * it climbs, or is sensitive, if one of these readings does; it lies under a root only if all do.
 */
export function judgePath(text: string, roots: readonly Root[]): JudgedPath {
  const isUri = FILE_SCHEME.test(text);
  const readings = readingsOf(isUri ? text.replace(FILE_SCHEME, "") : text).map(readSegments);
  const segments = readings.at(isUri ? 1 : 0)?.segments ?? readings[0]?.segments ?? [];
  return {
    absolute: isUri || readings.some(({ absolute }) => absolute),
    traversal: readings.some(({ climbs, dots }) => climbs || (isUri && dots)),
    sensitive: readings.some((reading) => isSensitive(reading.segments, reading.absolute)),
    root: rootOf(readings, roots),
    ext: extensionOf(segments.at(-1) ?? ""),
  };
}

/** Whether a URI of any scheme has a `..` segment, in one of its readings. */
export function hasDotSegment(uri: string): boolean {
  const path = uri.replace(/^[a-z][a-z0-9+.-]*:/i, "").replace(/[?#].*$/s, "");
  return readingsOf(path).some((reading) => readSegments(reading).dots);
}

export function extensionOf(name: string): string | null {
  return EXTENSION.exec(name.slice(-64))?.[1]?.toLowerCase() ?? null;
}

function readingsOf(text: string): readonly string[] {
  const readings = [text];
  for (let round = 0; round < 2; round++) {
    const before = readings.at(-1) ?? "";
    const after = decodeAscii(before);
    if (after === before) break;
    readings.push(after);
  }
  return readings;
}

/** Percent-decoding of ASCII, where all that matters to a path is; also in overlong UTF-8. */
function decodeAscii(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%c0%ae|%c0%af|%c1%9c|%[0-7][0-9a-f]/gi, (encoded) => {
    const code = encoded.toLowerCase();
    if (code === "%c0%ae") return ".";
    if (code.length > 3) return "/";
    return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  });
}

interface Reading {
  readonly absolute: boolean;
  readonly climbs: boolean;
  readonly dots: boolean;
  /** Resolved: without `.`, `..` and empty ones. */
  readonly segments: readonly string[];
}

function readSegments(text: string): Reading {
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

function rootOf(readings: readonly Reading[], roots: readonly Root[]): string | null {
  for (const root of roots) {
    const base = readSegments(root.path).segments;
    if (readings.every((reading) => reading.absolute && startsWith(reading.segments, base))) {
      return root.name;
    }
  }
  return null;
}

function startsWith(segments: readonly string[], base: readonly string[]): boolean {
  return base.length <= segments.length && base.every((name, index) => segments[index] === name);
}
