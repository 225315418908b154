import { BACKSLASH, COLON, DOT, isLetter, isName, isWord, SLASH, TILDE } from "./characters.ts";

/** Where names, dots and slashes end that follow each other from `start` on. */
export function runEnd(text: string, start: number): number {
  let at = start;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (!isName(unit) && unit !== SLASH && unit !== DOT) return at;
    at += 1;
  }
}

/** Without the full stop of a sentence, nor the slash that a folder may have or not. */
export function trimmedEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && text.charCodeAt(at - 1) === DOT) at -= 1;
  while (at > start && text.charCodeAt(at - 1) === SLASH) at -= 1;
  return at;
}

/** Where a path in a home folder ends that begins with the `~` or `$` at `start`; null for none. */
export function homeEnd(text: string, start: number): number | null {
  const slash = homeSlash(text, start);
  if (slash === null || text.charCodeAt(slash) !== SLASH) return null;
  const first = text.charCodeAt(slash + 1);
  if (!isName(first) && first !== DOT) return null;
  return trimmedEnd(text, slash, runEnd(text, slash));
}

const LETTER_H = 0x48;
const OPEN_BRACE = 0x7b;
const HOME_VARIABLE = /\$(?:HOME|\{HOME\})/y;

function homeSlash(text: string, start: number): number | null {
  if (text.charCodeAt(start) === TILDE) {
    let at = start + 1;
    while (isWord(text.charCodeAt(at))) at += 1;
    return at;
  }
  const next = text.charCodeAt(start + 1);
  if (next !== LETTER_H && next !== OPEN_BRACE) return null;
  HOME_VARIABLE.lastIndex = start;
  return HOME_VARIABLE.test(text) ? HOME_VARIABLE.lastIndex : null;
}

/** How a backslash is written: as it is, or escaped for JSON, in JSON in JSON, and so on. */
const BACKSLASH_WIDTHS: ReadonlySet<number> = new Set([1, 2, 4, 8]);

/** Where `C:\a\b` ends whose colon is at `colon`, escaped or not. */
export function driveEnd(text: string, colon: number): number | null {
  const separator = backslashes(text, colon + 1);
  if (separator === 0) return namesEnd(text, colon + 1, 1);
  return BACKSLASH_WIDTHS.has(separator) ? namesEnd(text, colon + 1, separator) : null;
}

const UNC_NAME_MIN_LENGTH = 2;

/** Where `\\server\share\a` ends that begins at `start`, escaped or not. */
export function uncEnd(text: string, start: number): number | null {
  const lead = backslashes(text, start);
  if (!BACKSLASH_WIDTHS.has(lead / 2)) return null;
  const server = nameEnd(text, start + lead);
  if (server - start - lead < UNC_NAME_MIN_LENGTH) return null;
  if (backslashes(text, server) !== lead / 2) return null;
  const share = nameEnd(text, server + lead / 2);
  if (share - server - lead / 2 < UNC_NAME_MIN_LENGTH) return null;
  return namesEnd(text, share, lead / 2) ?? withoutDots(text, share);
}

/** Where `\/srv\/a` ends that begins at `start`: slashes as some JSON writers escape them. */
export function escapedSlashEnd(text: string, start: number): number | null {
  let end: number | null = null;
  let at = start;
  while (text.charCodeAt(at) === BACKSLASH && text.charCodeAt(at + 1) === SLASH) {
    const name = nameEnd(text, at + 2);
    if (name === at + 2) break;
    at = name;
    end = name;
  }
  return end === null ? null : withoutDots(text, end);
}

/** Whether `at` is the colon of a drive, and not of a list or a URL. */
export function isDriveColon(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== COLON || !isLetter(text.charCodeAt(at - 1))) return false;
  const next = text.charCodeAt(at + 1);
  return next === BACKSLASH || (next === SLASH && text.charCodeAt(at + 2) !== SLASH);
}

/** Names, each behind `width` backslashes or one slash; null where there is no first one. */
function namesEnd(text: string, start: number, width: number): number | null {
  let end: number | null = null;
  let at = start;
  for (;;) {
    const found = backslashes(text, at);
    const isSlash = found === 0 && text.charCodeAt(at) === SLASH;
    if (found !== width && !isSlash) break;
    const from = at + (isSlash ? 1 : width);
    const name = nameEnd(text, from);
    if (name === from) break;
    at = name;
    end = name;
  }
  return end === null ? null : withoutDots(text, end);
}

function nameEnd(text: string, start: number): number {
  let at = start;
  while (isName(text.charCodeAt(at)) || text.charCodeAt(at) === DOT) at += 1;
  return at;
}

function withoutDots(text: string, end: number): number {
  let at = end;
  while (text.charCodeAt(at - 1) === DOT) at -= 1;
  return at;
}

function backslashes(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) === BACKSLASH) at += 1;
  return at - start;
}
