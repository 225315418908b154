import {
  BACKSLASH,
  COLON,
  canBegin,
  canEnd,
  DOLLAR,
  DOT,
  isClosingTag,
  isName,
  SLASH,
  TILDE,
  UNDERSCORE,
} from "./characters.ts";
import { isBelow, isMachinePath } from "./places.ts";
import { hasCheck } from "./short-code.ts";
import {
  driveEnd,
  escapedSlashEnd,
  homeEnd,
  isDriveColon,
  runEnd,
  trimmedEnd,
  uncEnd,
} from "./spans.ts";
import { encodeSpelled, type Spelled, spelledInUri } from "./spelling.ts";
import { isUriPath, OPAQUE_WORD, ROOT_WORD, tokenAt } from "./token.ts";
import { type AliasView, keptExtension, type PathEdit, type RootAlias } from "./view.ts";

/**
 * How much of a text may be a path. `roots`: only what lies under a configured root. `paths`: what
 * has the form of a path, too. `path`: the text as a whole is one, by the key that names it.
 */
export type Expectation = "roots" | "paths" | "path";

/**
 * Finds the paths in a text and says what shall stand in their place. `reveal` is the exact
 * inverse, on the whole text and on any part cut at a line: an alias stands for the very characters
 * it replaced, and what looked like a live alias already is stuffed with one more underscore, as
 * SLIP stuffs bytes (RFC 1055). One pass over the text.
 */
export function conceal(text: string, view: AliasView, expected: Expectation): PathEdit[] {
  const whole = expected === "path" ? wholePath(text, view) : null;
  return whole === null ? scan(text, view, expected) : [whole];
}

function scan(text: string, view: AliasView, expected: Expectation): PathEdit[] {
  const edits: PathEdit[] = [];
  // Paths may begin only behind here; aliases may stand anywhere but in what is replaced.
  let pathsFrom = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 128 || ANCHORS[unit] === 0) continue;
    const found =
      unit === UNDERSCORE
        ? stuffing(text, at, pathsFrom, view)
        : pathAt(text, at, pathsFrom, view, expected);
    if (found === null || isTooNear(found, pathsFrom, edits)) continue;
    pathsFrom = found.pathsFrom;
    if (found.edit === null) continue;
    edits.push(found.edit);
    at = Math.max(at, found.edit.end - 1);
  }
  return edits;
}

/**
 * A drive's letter stands in front of the colon by which it is found, perhaps in another path; and
 * of two aliases without anything between, the first would not end.
 */
function isTooNear({ edit }: Found, pathsFrom: number, edits: readonly PathEdit[]): boolean {
  if (edit === null || edit.start === edit.end) return false;
  return edit.start < pathsFrom || edit.start === edits.at(-1)?.end;
}

interface Found {
  readonly edit: PathEdit | null;
  readonly pathsFrom: number;
}

const ANCHORS = new Uint8Array(128);
for (const unit of [UNDERSCORE, SLASH, COLON, BACKSLASH, TILDE, DOLLAR]) ANCHORS[unit] = 1;

/** Longer ones are no path of any system; nor must they come back as one. */
const PATH_MAX_LENGTH = 4096;
const HIDDEN = "[REDACTED:path]";

function stuffing(
  text: string,
  underscore: number,
  pathsFrom: number,
  view: AliasView,
): Found | null {
  const token = tokenAt(text, underscore);
  if (token === null) return null;
  const isLive =
    token.kind === "root"
      ? view.rootOf.has(token.code) || hasCheck(view.scope.key, token.code)
      : view.store.open(token.code, view.scope).kind !== "foreign";
  if (!isLive) return null;
  return { edit: { start: underscore, end: underscore, replacement: "_" }, pathsFrom };
}

function pathAt(
  text: string,
  at: number,
  pathsFrom: number,
  view: AliasView,
  expected: Expectation,
): Found | null {
  if (at < pathsFrom) return null;
  const unit = text.charCodeAt(at);
  if (unit === COLON) return behindColon(text, at, view, expected);
  // Asked first: it is what keeps the work linear, for no path begins inside another one.
  if (!canBegin(text, at)) return null;
  switch (unit) {
    case SLASH:
      return unixPath(text, at, view, expected);
    case TILDE:
    case DOLLAR:
      return expected === "roots" ? null : beginning(text, at, homeEnd(text, at), view);
    default:
      if (expected === "roots") return null;
      return beginning(text, at, uncEnd(text, at) ?? escapedEnd(text, at, view), view);
  }
}

function unixPath(text: string, at: number, view: AliasView, expected: Expectation): Found | null {
  const root = rootAt(text, at, view.roots, "path");
  if (root !== null) return rootFound(text, at, at + root.path.length, ROOT_WORD + root.code);

  let slash = at;
  while (text.charCodeAt(slash + 1) === SLASH) slash += 1;
  const first = text.charCodeAt(slash + 1);
  if (!isName(first) && first !== DOT) return null;
  const pathsFrom = runEnd(text, at);
  const end = trimmedEnd(text, at, pathsFrom);
  const path = text.slice(at, end);
  const isKnown =
    expected !== "roots" && !isClosingTag(text, at, end) && isMachinePath(path, view.rootFolders);
  const edit = isKnown && !isPublic(text, at, path, view) ? opaque(at, end, path, view) : null;
  return { edit, pathsFrom };
}

/** What follows a colon: a drive's folder, the path of a URI, or a URL that is none of our paths. */
function behindColon(
  text: string,
  colon: number,
  view: AliasView,
  expected: Expectation,
): Found | null {
  if (isDriveColon(text, colon)) {
    const isUnix = text.charCodeAt(colon + 1) === SLASH && isUnixPath(text, colon + 1, view);
    if (isUnix || expected === "roots" || !canBegin(text, colon - 1)) return null;
    return beginning(text, colon - 1, driveEnd(text, colon), view);
  }
  if (!text.startsWith("//", colon + 1)) return null;
  const slash = colon + (text.startsWith("localhost/", colon + 3) ? 12 : 3);
  if (!isUriPath(text, slash)) return { edit: null, pathsFrom: runEnd(text, colon + 1) };

  const root = rootAt(text, slash, view.roots, "uriPath");
  if (root !== null) {
    return rootFound(text, slash, slash + root.uriPath.length, `/${ROOT_WORD}${root.code}`);
  }
  const isDrive = isDriveColon(text, slash + 2);
  const pathsFrom = runEnd(text, isDrive ? slash + 3 : slash);
  const end = trimmedEnd(text, slash, pathsFrom);
  const path = text.slice(slash, end);
  const isFile = text.slice(Math.max(0, colon - 4), colon).toLowerCase() === "file";
  const isHidden =
    expected !== "roots" && isFile && path.includes("/", 1) && !isBelow(path, view.publicPaths);
  if (!isHidden) return { edit: null, pathsFrom };
  const { replacement } = opaque(slash, end, path, view, spelledInUri(path));
  return { edit: { start: slash, end, replacement: `/${replacement}` }, pathsFrom };
}

/** A path that is one by its beginning alone. */
function beginning(text: string, start: number, end: number | null, view: AliasView): Found | null {
  if (end === null || !canEnd(text, end)) return null;
  return { edit: opaque(start, end, text.slice(start, end), view), pathsFrom: end };
}

function escapedEnd(text: string, start: number, view: AliasView): number | null {
  if (text[start - 1] !== '"') return null;
  const end = escapedSlashEnd(text, start);
  if (end === null) return null;
  const path = text.slice(start, end).replaceAll("\\/", "/");
  return isMachinePath(path, view.rootFolders) ? end : null;
}

function isUnixPath(text: string, slash: number, view: AliasView): boolean {
  if (rootAt(text, slash, view.roots, "path") !== null) return true;
  return isMachinePath(text.slice(slash, runEnd(text, slash)), view.rootFolders);
}

function rootAt(
  text: string,
  at: number,
  roots: readonly RootAlias[],
  form: "path" | "uriPath",
): RootAlias | null {
  for (const root of roots) {
    if (text.startsWith(root[form], at) && canEnd(text, at + root[form].length)) return root;
  }
  return null;
}

/** Only the root is replaced: what is below it stays readable, and can be joined and sorted. */
function rootFound(text: string, start: number, end: number, replacement: string): Found {
  return { edit: { start, end, replacement }, pathsFrom: runEnd(text, end) };
}

function opaque(
  start: number,
  end: number,
  text: string,
  view: AliasView,
  spelled: Spelled = { form: "plain", text },
): PathEdit {
  if (text.length > PATH_MAX_LENGTH) return { start, end, replacement: HIDDEN };
  const code = view.store.codeOf(encodeSpelled(spelled), view.scope);
  const replacement = `${OPAQUE_WORD}${code}${keptExtension(spelled.text, view)}`;
  return { start, end, replacement };
}

/** Interpreters and devices mean the same on every machine: scripts must stay readable. */
function isPublic(text: string, at: number, path: string, view: AliasView): boolean {
  return isBelow(path, view.publicPaths) || /#! ?$/.test(text.slice(Math.max(0, at - 3), at));
}

/** What is no absolute path, or a pattern of some. */
const ABSOLUTE = /^(?:\/+[^/\s]|~\w*\/.|[A-Za-z]:[\\/].|\\\\[^\\])/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a path has none
const NO_PATH = /[\0-\x1f{}*?<>|]|:\/\//;

/** A text that is one path, spaces and all; null where a root or a public folder names it. */
function wholePath(text: string, view: AliasView): PathEdit | null {
  if (text.length > PATH_MAX_LENGTH || !ABSOLUTE.test(text) || NO_PATH.test(text)) return null;
  if (!text.isWellFormed() || rootAt(text, 0, view.roots, "path") !== null) return null;
  let end = text.length;
  while (text.charCodeAt(end - 1) === SLASH) end -= 1;
  const path = text.slice(0, end);
  const isTopFolder = path.startsWith("/") && !path.includes("/", 1);
  if (isTopFolder || isBelow(path, view.publicPaths)) return null;
  return opaque(0, end, path, view);
}
