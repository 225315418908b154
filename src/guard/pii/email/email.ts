import { isAlphanumeric, isEscapeBefore } from "../characters.ts";
import type { Extent } from "../subject.ts";
import { isMailDomain } from "./top-level-domains.ts";

/** RFC 5321, section 4.5.3.1. */
const LOCAL_MAX_LENGTH = 64;
const DOMAIN_MAX_LENGTH = 253;
const LABEL_MAX_LENGTH = 63;

/** The e-mail addresses in a text, in its order: whatever stands around an `@` is looked at. */
export function findEmails(text: string): readonly Extent[] {
  const found: Extent[] = [];
  let free = 0;
  for (const [at, signLength] of signsIn(text)) {
    const start = localStart(text, at, free);
    if (start === at) continue;
    const end = domainEnd(text, at + signLength);
    if (end === null || isNoAddress(text, start, at, end)) continue;
    // `%2F%2Fuser%3Apass%40host` is a URL inside another.
    if (signLength > 1 && text.slice(start - 1, at).includes("%")) continue;
    found.push({ start, end });
    free = end;
  }
  return found;
}

/** Where `@` stands, as itself or as `%40` in a URL, and how long it is. */
function signsIn(text: string): readonly (readonly [at: number, length: number])[] {
  const signs: [number, number][] = [];
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) signs.push([at, 1]);
  const plain = signs.length;
  for (let at = text.indexOf("%40"); at !== -1; at = text.indexOf("%40", at + 3)) {
    signs.push([at, 3]);
  }
  return signs.length === plain ? signs : signs.sort(([left], [right]) => left - right);
}

/** Where the local part begins; at the sign itself when there is none. */
function localStart(text: string, at: number, free: number): number {
  const floor = Math.max(free, at - LOCAL_MAX_LENGTH);
  if (text.charAt(at - 1) === '"') return quotedStart(text, at, floor);
  let start = at;
  while (start > floor && continuesLocal(text, start, at)) start--;
  // Two dots in a row end what can belong to an address.
  const dots = text.slice(start, at).lastIndexOf("..");
  if (dots !== -1) start += dots + 2;
  if (start > 0 && isEscapeBefore(text, start + 1)) start++;
  while (start < at && !startsLocal(text.charCodeAt(start))) start++;
  return endsLocal(text.charCodeAt(at - 1)) ? start : at;
}

/** `"Jane Doe"@example.com`; a JSON member or a decorator behind a string has no such form. */
function quotedStart(text: string, at: number, floor: number): number {
  const open = text.lastIndexOf('"', at - 2);
  if (open < floor || open === at - 2) return at;
  return /^[\w .!#$%&'*+/=?^`{|}~-]+$/.test(text.slice(open + 1, at - 1)) ? open : at;
}

const LOCAL_SYMBOLS = new Set(Array.from("._%+'-", (symbol) => symbol.charCodeAt(0)));

/** Of RFC 5322 what people have, and letters of any script (RFC 6531). */
function isLocalCode(code: number): boolean {
  return isAlphanumeric(code) || LOCAL_SYMBOLS.has(code) || isForeignLetter(code);
}

/** Chinese and the like leave no space before an address in Latin letters. */
function continuesLocal(text: string, start: number, at: number): boolean {
  const code = text.charCodeAt(start - 1);
  return isLocalCode(code) && (start === at || !isBreak(code, text.charCodeAt(start)));
}

const FIRST_UNSPACED = 0x2e80;

/** Whether one script without spaces and another meet between two characters. */
function isBreak(left: number, right: number): boolean {
  return (
    left >= FIRST_UNSPACED !== right >= FIRST_UNSPACED && isAlphanumeric(Math.min(left, right))
  );
}

function startsLocal(code: number): boolean {
  return isAlphanumeric(code) || code === 0x5f || isForeignLetter(code);
}

function endsLocal(code: number): boolean {
  return startsLocal(code) || code === 0x2b || code === 0x2d;
}

function isForeignLetter(code: number): boolean {
  return code > 0x7f && /[\p{L}\p{M}\p{N}]/u.test(String.fromCharCode(code));
}

const IP_LITERAL = /^\[(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|IPv6:[0-9A-Fa-f:.]{2,45})\]/;

/** Where the domain ends; null when it has no form of one, or a top-level domain nobody knows. */
function domainEnd(text: string, from: number): number | null {
  if (text.charAt(from) === "[") {
    const literal = IP_LITERAL.exec(text.slice(from, from + LABEL_MAX_LENGTH));
    return literal === null ? null : from + literal[0].length;
  }
  const ends = labelEnds(text, from);
  for (let count = ends.length; count >= 2; count--) {
    const end = ends[count - 1] ?? from;
    const label = text.slice((ends[count - 2] ?? from) + 1, end);
    if (isMailDomain(label)) return end;
    // `a@example.com.Then` is the end of a sentence; `a@b.prototype` is code.
    if (!/^\p{Lu}/u.test(label)) return null;
  }
  return null;
}

/** The end of each label of a name that starts at `from`. */
function labelEnds(text: string, from: number): readonly number[] {
  const ends: number[] = [];
  const limit = Math.min(text.length, from + DOMAIN_MAX_LENGTH);
  for (let start = from; start < limit; ) {
    let end = start;
    while (end < limit && continuesLabel(text, start, end)) end++;
    while (end > start && text.charCodeAt(end - 1) === 0x2d) end--;
    const length = end - start;
    if (length === 0 || length > LABEL_MAX_LENGTH || text.charCodeAt(start) === 0x2d) break;
    ends.push(end);
    if (text.charAt(end) !== ".") break;
    start = end + 1;
  }
  return ends;
}

function continuesLabel(text: string, start: number, at: number): boolean {
  const code = text.charCodeAt(at);
  return isLabelCode(code) && (at === start || !isBreak(text.charCodeAt(at - 1), code));
}

function isLabelCode(code: number): boolean {
  return isAlphanumeric(code) || code === 0x2d || isForeignLetter(code);
}

/** Names of accounts that machines log in with, and words of programming languages. */
const NO_LOCAL_PARTS: ReadonlySet<string> = new Set(
  "git hg svn bzr this super return break continue it self".split(" "),
);
/** `host:path` and `host:~$`, as scp, git and shell prompts write it. */
const PATH_BEHIND = /^:(?:~|\/|[\w.-]{1,64}\/)/;
const PROMPT_BEHIND = /^ [^\]\s]{1,64}\][#$]/;
const LOGIN_BEFORE =
  /(?:^|[\s;&|`"'(])(?:ssh|scp|sftp|rsync|mosh|ssh-copy-id)(?:\s+-{1,2}\S+(?:\s+[^\s@-]\S*)?)*\s+$/;
const LOGIN_REACH = 64;
const URL_REACH = 128;

/** What has the form of an address and is a login, a part of a URL, or code. */
function isNoAddress(text: string, start: number, at: number, end: number): boolean {
  const before = text.charAt(start - 1);
  if (before === "@" || NO_LOCAL_PARTS.has(text.slice(start, at))) return true;
  if (before === "/" && text.charAt(start - 2) === "/") return true;
  if (before === ":" && isUserInfo(text, start)) return true;
  const behind = text.slice(end, end + URL_REACH);
  if (PATH_BEHIND.test(behind) || (before === "[" && PROMPT_BEHIND.test(behind))) return true;
  return isLogin(text, start);
}

/** `scheme://user:password@host` */
function isUserInfo(text: string, start: number): boolean {
  const window = text.slice(Math.max(0, start - URL_REACH), start);
  return /:\/\/[^\s/@]*$/.test(window);
}

function isLogin(text: string, start: number): boolean {
  const from = Math.max(0, start - LOGIN_REACH, text.lastIndexOf("\n", start - 1) + 1);
  return LOGIN_BEFORE.test(text.slice(from, start));
}

export const EMAIL_EXAMPLES = {
  match: [
    "alice@example.com",
    "Write to <bob.o'neill+news@mail.example.co.uk>.",
    "mailto:carol@example.org?subject=x",
    'Author: Dave <dave@users.noreply.github.com>, "x"',
    "erin@bücher.example",
    "δοκιμή@παράδειγμα.δοκιμή",
    "frank@xn--bcher-kva.xn--p1ai",
    "a_b-c@sub-domain.example.io;",
    "?email=grace%40example.com&x=1",
    '"Heidi H"@example.com',
    "ivan@[192.0.2.1]",
    "judy@example.com.Then she left",
    "\\nkim@example.com",
    "heidi@example.com:hunter2",
    "LEO@EXAMPLE.COM",
    "请联系mia@example.com谢谢",
  ],
  noMatch: [
    "git@github.com:org/repo.git",
    "ssh://deploy@host.example.com/srv",
    "https://user:pass@example.com/",
    "deploy@web01.example.com:~$ ls",
    "[root@web01.example.com ~]# ls",
    "ssh -p 22 ubuntu@ec2.example.com",
    "scp a.txt bob@example.com:/tmp/",
    "@scope/package.name",
    "lodash@4.17.21",
    "react@next",
    "@import url(a.com)",
    "@app.route('/')",
    "icon@2x.png",
    "user@host",
    "x@w.transpose",
    "getty@tty1.service",
    "@alice@mastodon.social",
    "[A-Z0-9._%+-]+@[A-Z0-9.-]+\\.[A-Z]{2,}",
    "this@MainActivity.name",
    "a@b..com",
    "?proxy=http%3A%2F%2Fuser%3Apass%40example.com",
    "@.com",
    "ssh -i key.pem -p 22 admin@box.example.com",
  ],
};
