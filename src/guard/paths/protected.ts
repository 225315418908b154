import { readingsOf, readPath } from "../../core/path-text.ts";

/** A folder through which a process sees the whole file system once more. */
const PROCESS_ROOT = /^\/proc\/[^/]+(?:\/task\/[^/]+)?\/root(?=\/|$)/;
const FILE_SCHEME = /^file:(?:\/\/[^/\\]*)?/i;

/** What stands beside a log: files that were rotated away, torn lines, the marks of a run. */
const BESIDE = /\.(?:\d{12,15}(?=(?:\.[^./]{1,32})?$)|(?:running|crash|head|torn-[0-9a-f]{8})$)/;

/**
 * Whether an argument names one of our own files, or something in one of our own folders, in one
 * of the readings a server might give it. A relative path is tried in each folder it may start in.
 */
export function createProtection(
  own: readonly string[],
): (path: string, startFolders: readonly string[]) => boolean {
  const protectedPaths = own.map((path) => canonical(path));

  return (text, startFolders) => {
    if (protectedPaths.length === 0) return false;
    const path = text.trim().replace(FILE_SCHEME, "");
    return readingsOf(path).some((reading) => {
      const isAbsolute = readPath(reading).absolute;
      const places = isAbsolute ? [reading] : startFolders.map((folder) => `${folder}/${reading}`);
      return places
        .map(canonical)
        .some((place) => isWithin(place, protectedPaths) || isBeside(place, protectedPaths));
    });
  };
}

/** Resolved, with `/` between its names; file systems may not tell capitals apart. */
function canonical(path: string): string {
  let text = slashed(path);
  for (let at = PROCESS_ROOT.exec(text); at !== null; at = PROCESS_ROOT.exec(text)) {
    text = slashed(text.slice(at[0].length));
  }
  return text.toLowerCase();
}

function slashed(path: string): string {
  return `/${readPath(path).segments.join("/")}`;
}

function isBeside(path: string, files: readonly string[]): boolean {
  const file = path.replace(BESIDE, "");
  return file !== path && files.includes(file);
}

function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
