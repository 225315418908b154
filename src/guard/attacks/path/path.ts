import type { Severity } from "../../../core/finding.ts";
import { SIGN } from "../signs.ts";
import type { Reading } from "../suspicion.ts";
import { isAgentSetting, isSensitivePath, isSystemPath, mayBeSensitive } from "./places.ts";

/** A text without one of these names no way out of a folder, and no file that tells anything. */
const HINT =
  /^%[a-z]+%|proc[/\\]self|0x2[ef]|0x5c|\.\.|\.[\\/]|^[/\\~.]|[/\\]|\0|%(?:25)?(?:c[01]|f[89a-f])|passwd|shadow|id_rsa|\.env|boot\.ini|win\.ini|::\$|[a-z]:\\/i;
/** Signs that part names, or spell what does; a text without them tells by how it begins. */
const PARTED =
  SIGN.slash | SIGN.backslash | SIGN.percent | SIGN.colon | SIGN.plus | SIGN.zero | SIGN.foreign;
/** Hidden files, homes, options, and contents that an option takes from a file. */
const BEGINNING = /^\s*[.~@-]/;
/** Dots and slashes as some decoders take them. */
const HEXADECIMAL = /0x(?:2e|2f|5c)|\+A(?:C4|C8|Fw)-|(?<=\.\.)%{0,2}(?:2f|5c)/gi;
/** Bytes that no UTF-8 has, in percent: forms that are longer than they need be. */
const OVERLONG = /%(?:25)?(?:c[01](?:[.%]|$)|f[89a-f]%(?:25)?8)/gi;
const CODES: ReadonlyMap<string, string> = new Map([
  ["0x2e", "."],
  ["0x2f", "/"],
  ["2f", "/"],
  ["5c", "\\"],
  ["0x5c", "\\"],
  // UTF-7, RFC 2152.
  ["+ac4-", "."],
  ["+ac8-", "/"],
  ["+afw-", "\\"],
]);
const TOKENS = /[^\s"'`<>|;,()]+/g;
const TOKENS_MAX = 64;

/** Ways out of the folder that a tool works in, and files that nobody hands out. */
export function judgePath({ text, purpose, decoded, signs }: Reading): Severity | null {
  const isParted = (signs & PARTED) !== 0 || text.includes("..");
  if (!isParted && purpose !== "path" && !BEGINNING.test(text)) return null;
  if (!HINT.test(text)) return null;
  const whole = text
    .trim()
    .replace(HEXADECIMAL, (code) => CODES.get(code.toLowerCase().replace(/^%+/, "")) ?? code);
  if (purpose === "path" && isOverlong(text)) return "high";
  const isPath = purpose === "path" || isOnePath(whole);
  if (isPath) {
    const found = judgeWhole(whole, purpose === "path", decoded);
    if (found !== null || purpose === "path") return found;
  }
  return findInText(whole, decoded);
}

function isOverlong(text: string): boolean {
  return text.includes("%") && (text.match(OVERLONG)?.length ?? 0) > 1;
}

/** The same in a sentence or a command: only with a target, or in a code. */
function findInText(text: string, decoded: boolean): Severity | null {
  if (!/\.\.|passwd|shadow|id_rsa|\.ssh|\.aws/i.test(text)) return null;
  // An option, and nothing else: `--output=/etc/passwd`.
  const option = /^(?:-{1,2}[\w-]{1,32}[=\s]\s*|@)(\S+)$/.exec(text)?.[1];
  if (option !== undefined && isSensitivePath(option)) return "high";
  let count = 0;
  for (const [token] of text.matchAll(TOKENS)) {
    if (++count > TOKENS_MAX) break;
    const ups = climbs(token);
    // Of a site's own address one step leads nowhere.
    if (ups === 1 && /^https?:/i.test(token)) continue;
    if (ups >= 1 && mayBeSensitive(token)) return "high";
    if (ups >= 3 && decoded) return "high";
  }
  return null;
}

/** No blanks but at the ends of names, and something that parts names. */
function isOnePath(text: string): boolean {
  if (text.length > 1024) return false;
  if (/^(?:[a-z][a-z0-9+.-]*:)?[/\\~.]/i.test(text)) return !/\s\S+\s\S+\s/.test(text);
  return (
    !/\s/.test(text.replace(/\s[.\s]*$/, "")) && (/[/\\]|\0/.test(text) || text.startsWith("."))
  );
}

function judgeWhole(text: string, isNamed: boolean, decoded: boolean): Severity | null {
  const path = withoutScheme(text);
  if (path === null) return null;
  if (hasNul(text)) return "high";
  const depth = climbs(path);
  if (depth > 0) {
    if (isNamed || decoded || depth > 1 || mayBeSensitive(path)) return "high";
    return /^[^\s]+$/.test(path) && !/\.[a-z]{1,4}$/i.test(path) ? "medium" : null;
  }
  if (hasOddDots(path)) return "high";
  if (isSensitivePath(path)) return "high";
  return isSystemPath(path) || isAgentSetting(path) ? "medium" : null;
}

/** A path in a URL is one where the URL names a file; of another host it is that host's. */
function withoutScheme(text: string): string | null {
  const scheme = /^([a-z][a-z0-9+.-]+):(?!:)(.*)$/is.exec(text);
  if (scheme === null) return text;
  const [, name = "", rest = ""] = scheme;
  if (name.toLowerCase() === "file") return rest.replace(/^\/\/[^/\\]*/, "");
  // Of a site's own address the way out is as good as none; twice up it leads somewhere.
  return climbs(rest) > 1 ? rest : null;
}

/** How often a path goes up, and out of where it began or into what it did not name. */
export function climbs(path: string): number {
  let ups = 0;
  // A backslash before a sign says that the sign is meant.
  const segments = path.replace(/\\(?=\.\\?\.|\/)/g, "").split(/[/\\]+/);
  for (const [index, segment] of segments.entries()) {
    if (/^\s*\.\.\s*(?:;[^/\\]*)?$/.test(segment)) ups++;
    else if (/^\.{3,}$/.test(segment) && index < segments.length - 1) ups++;
  }
  return ups;
}

function hasNul(text: string): boolean {
  return text.includes("\0") && /[/\\.]/.test(text);
}

/** `....//`, `..././`: what is `../` once something has been taken out of it. */
function hasOddDots(path: string): boolean {
  return /(?:\.\s\.?[/\\]){2}|\.{3,}[/\\]|\.\.[/\\]{1,2}\.|\.[/\\]\.[/\\]\.\.|(?:^|[/\\])\.\.?[^\x20-\x7e]/.test(
    path,
  );
}
