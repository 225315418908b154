import { type PathReading, readingsOf, readPath } from "../core/path-text.ts";
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
const EXTENSION = /[^.]\.([a-z0-9]{1,16})$/i;

/**
 * Judges a path as it stands and after each of two percent-decodings, with backslashes as slashes:
 * it climbs, or is sensitive, if one of these readings does; it lies under a root only if all do.
 */
export function judgePath(text: string, roots: readonly Root[]): JudgedPath {
  const isUri = FILE_SCHEME.test(text);
  const readings = readingsOf(isUri ? text.replace(FILE_SCHEME, "") : text).map(readPath);
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
  if (!uri.includes("..") && !uri.includes("%")) return false;
  const path = uri.replace(/^[a-z][a-z0-9+.-]*:/i, "").replace(/[?#].*$/s, "");
  return readingsOf(path).some((reading) => readPath(reading).dots);
}

export function extensionOf(name: string): string | null {
  return EXTENSION.exec(name.slice(-64))?.[1]?.toLowerCase() ?? null;
}

function rootOf(readings: readonly PathReading[], roots: readonly Root[]): string | null {
  for (const root of roots) {
    const base = readPath(root.path).segments;
    if (readings.every((reading) => reading.absolute && startsWith(reading.segments, base))) {
      return root.name;
    }
  }
  return null;
}

function startsWith(segments: readonly string[], base: readonly string[]): boolean {
  return base.length <= segments.length && base.every((name, index) => segments[index] === name);
}
