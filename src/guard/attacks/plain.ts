import { isProgramName, PROGRAMS, WORDLIKE } from "./command/words.ts";
import { hostKind } from "./ssrf/host.ts";
import type { Purpose } from "./suspicion.ts";

/**
 * Most values are a name, a number, a date, a path or a sentence. What consists of letters, digits and
 * single signs between them holds an attack only in some words, or as a whole that is a code: such
 * texts are told from the rest in one look at each character, without a copy of any.
 */

const MAX_LENGTH = 512;
/** What a character is: 0 is what no plain text has. */
const LETTER = 1;
const DIGIT = 2;
const SPACE = 3;
const SIGN = 4;
const CLASSES = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  if (/[A-Za-z_]/.test(character)) CLASSES[code] = LETTER;
  else if (/[0-9]/.test(character)) CLASSES[code] = DIGIT;
  else if (/[ \t]/.test(character)) CLASSES[code] = SPACE;
  else if (/[-.,:/?!@#'()]/.test(character)) CLASSES[code] = SIGN;
}

function classOf(code: number): number {
  if (code < 128) return CLASSES[code] ?? 0;
  // Letters that nothing folds to ASCII: Latin with accents, kana, ideographs, Hangul.
  const isLetter =
    (code >= 0xc0 && code <= 0x17e) ||
    (code >= 0x3041 && code <= 0x30ff) ||
    (code >= 0x4e00 && code <= 0x9fff) ||
    (code >= 0xac00 && code <= 0xd7a3);
  return isLetter ? LETTER : 0;
}

/** Words that a judge may ask about though no sign stands near: in any argument. */
const WORDS: ReadonlySet<string> = new Set(
  (
    "union except intersect minus having procedure waitfor sleep benchmark program infile outfile dumpfile " +
    "attach rlike regexp extractvalue updatexml openrowset opendatasource " +
    "all_tables all_tab_columns user_tables dba_users msysobjects sqlite_master sqlite_schema " +
    "localhost localhost4 localhost6 metadata kubernetes loopback broadcasthost " +
    "javascript vbscript constructor require child_process execsync spawnsync " +
    "etc proc passwd shadow id_rsa id_dsa id_ecdsa id_ed25519 authorized_keys known_hosts environ " +
    "sys dev boot root var usr opt run private cygdrive windows winnt inetpub bin sbin library mnt sam " +
    "ini cnf dat tfstate httpd error_log access_log " +
    "sh bash zsh ksh dash ash csh tcsh cmd powershell pwsh mshta regsvr32 rundll32 cmstp installutil msbuild " +
    "bitsadmin certutil wscript cscript msiexec wmic vssadmin reg regedit schtasks net nc ncat netcat socat " +
    "busybox python python2 python3 perl ruby php node lua awk find rm dd osascript alias iex ld_preload " +
    "iwr curl wget fetch xxd openssl whoami ifconfig ipconfig netstat uname lastlog cd tar git ssh " +
    "ld_library_path ld_audit bash_env prompt_command dyld_insert_libraries eval assert system " +
    "load_file load_extension lo_import lo_export lo_get lo_put randomblob substr substring overlay database version " +
    "div gopher dict tftp jar netdoc phar expect glob jndi rmi ldapi local_file data url ldap file"
  ).split(" "),
);
/** Of names and ids, also these. */
const STATEMENTS: ReadonlySet<string> = new Set(
  (
    "select insert update delete merge replace drop alter create truncate rename exec execute call " +
    "grant revoke declare goto shutdown or and xor like between is in not case when order group from where"
  ).split(" "),
);
/** Where one of these comes first, or right behind `/`, the rest may make it a command. */
const FIRST: ReadonlySet<string> = new Set("or and xor like if for".split(" "));
/** And with these, what comes next tells. */
const NEXT: ReadonlyMap<string, RegExp> = new Map([
  ["or", /[ \t]*(?:[0-9@(]|(?:not|true|null|exists)\b)/iy],
  ["and", /[ \t]*(?:[0-9@(]|(?:not|true|null|exists)\b)/iy],
  ["xor", /[ \t]*(?:[0-9@(]|(?:not|true|null|exists)\b)/iy],
  ["order", /[ \t]+by\b/iy],
  ["like", /[ \t]*[0-9(]/y],
  ["select", /[ \t]*\(|(?<=\([ \t]*select)/iy],
  ["values", /[ \t]*\(/y],
  ["between", /[ \t]*[0-9(]/y],
  ["as", /[^\n]{0,64}\bfrom\s*$/iy],
]);
/** Beginnings that are looked up whole. */
const PREFIX =
  /^(?:0x|[xs]p_|pg_|sys|dbms_|utl_|information_|mysql|ip[v]?6|invoke|download|frombase64|new$|start$|get$|set$)/;
/** Names of hosts that are known by an end, and files by what is before it. */
const NEAR_DOT: ReadonlySet<string> = new Set(
  (
    "internal intranet corp lan arpa svc consul localdomain localdomain4 localdomain6 localhost nip sslip xip " +
    "localtest lvh vcap lacolhost yoogle 1u rbndr rebind rbnd dnsrebinder nicob localho traefik backname ipq " +
    "local access error debug setuperr web credentials wp server tomcat applicationhost autoexec " +
    "pagefile unattend sysprep ntuser system desktop log config goog env exec terraform readme master"
  ).split(" "),
);

/**
 * By the first three letters: most words are in none of the lists, and are not copied to know it.
 * `LISTED`: a word of the lists above; `PROGRAM`: the name of a program, at the beginning.
 */
const STARTS = new Uint8Array(1 << 15);
const LISTED = 1;
const PROGRAM = 2;
const BEGINNING = 4;
for (const word of [...WORDS, ...STATEMENTS, ...NEXT.keys(), ...NEAR_DOT, ...FIRST])
  mark(word, LISTED);
for (const start of "0x xp_ sp_ pg_ sys dbm utl inf mys ip inv dow fro new sta get set".split(
  " ",
)) {
  mark(start, LISTED | BEGINNING);
}
for (const word of [...PROGRAMS, ...WORDLIKE]) mark(word, PROGRAM);

/** A shorter word has anything behind it. */
function mark(word: string, what: number): void {
  const rest = 1 << (5 * Math.max(0, 3 - word.length));
  const key = word.length < 3 ? keyAt(word.padEnd(3, "\0"), 0) & ~(rest - 1) : keyAt(word, 0);
  for (let tail = 0; tail < rest; tail++) STARTS[key | tail] = (STARTS[key | tail] ?? 0) | what;
}

/** Five bits of each of three characters: upper and lower case are one. */
function keyAt(text: string, at: number): number {
  const pair = ((text.charCodeAt(at) & 31) << 5) | (text.charCodeAt(at + 1) & 31);
  return (pair << 5) | (text.charCodeAt(at + 2) & 31);
}

const ORIGIN = /^https?:\/\/([A-Za-z0-9.-]{1,253})(?=$|\/)/;

/** Whether no judge can have anything to say. False costs time alone; true must be right. */
export function isPlain(text: string, purpose: Purpose): boolean {
  const { length } = text;
  if (length > MAX_LENGTH || purpose === "url") return false;
  const start = behindOrigin(text);
  const first = text.charCodeAt(start);
  // `.`, `-`, `!`: hidden files, options, what was run before.
  if (first === 0x2e || first === 0x2d || first === 0x21) return false;
  if (purpose === "filter" && text.includes("(")) return false;
  if (hasQuotes(text, start)) return false;
  if (!isMadeOfPlain(text, start) || !areWordsPlain(text, start, purpose)) return false;
  if (start > 0) return true;
  const hasSpace = /[ \t]/.test(text);
  if ((hasSpace || purpose === "filter") && beginsWithProgram(text)) return false;
  return hasSpace || !mayBeCode(text);
}

/** Behind `https://host` of an ordinary host, or 0. */
function behindOrigin(text: string): number {
  if (text.charCodeAt(0) !== 0x68 || !text.startsWith("http")) return 0;
  const found = ORIGIN.exec(text);
  const host = found?.[1] ?? "";
  return host.includes(".") && hostKind(host) === "name" ? (found?.[0].length ?? 0) : 0;
}

/** Whether there is no character, and no two that stand together, that plain text has not. */
function isMadeOfPlain(text: string, start: number): boolean {
  let before = SPACE;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const one = classOf(code);
    if (one === 0 || (one === SIGN && !isPlainSign(text, at, code, before))) return false;
    before = one;
  }
  return !mayBeAddress(text, start);
}

/** Numbers parted by dots. */
function mayBeAddress(text: string, start: number): boolean {
  const code = text.charCodeAt(start);
  if (code < 0x30 || code > 0x39) return false;
  const dot = text.indexOf(".", start);
  if (dot === -1) return false;
  return text.includes(".", dot + 1) || text.includes("/") || /^\d+\.\d{5}/.test(text);
}

/** Two apostrophes may be quotes, but for those of `it's` and `they're`. */
function hasQuotes(text: string, start: number): boolean {
  let count = 0;
  for (let at = text.indexOf("'", start); at !== -1; at = text.indexOf("'", at + 1)) {
    if (classOf(text.charCodeAt(at + 3)) === LETTER && ++count > 1) return true;
  }
  return false;
}

function isPlainSign(text: string, at: number, code: number, before: number): boolean {
  const next = at + 1 < text.length ? classOf(text.charCodeAt(at + 1)) : SPACE;
  if (before === SIGN)
    return next === SPACE && text.charCodeAt(at - 1) === 0x29 && (code === 0x2e || code === 0x2c);
  switch (code) {
    case 0x28:
      return before === SPACE && (next === LETTER || next === DIGIT);
    case 0x29:
      return (before === LETTER || before === DIGIT) && next !== LETTER && next !== DIGIT;
    case 0x27:
      return before === LETTER && next === LETTER;
    case 0x40:
      return before !== SPACE && next === LETTER;
    case 0x2e:
      return before === LETTER || before === DIGIT;
    // `port:8080` may be a scheme, `O:8` an object.
    case 0x3a:
      return before !== SPACE && !(before === LETTER && next === DIGIT);
    case 0x3f:
      return next === SPACE;
    case 0x23:
      return before === SPACE && next === DIGIT && at > 0;
    default:
      return true;
  }
}

function areWordsPlain(text: string, start: number, purpose: Purpose): boolean {
  let inWord = false;
  for (let at = start; at < text.length; at++) {
    const one = classOf(text.charCodeAt(at));
    const isInside = one === LETTER || one === DIGIT;
    if (isInside && !inWord) {
      const what = STARTS[keyAt(text, at)] ?? 0;
      if ((what & LISTED) !== 0 && !isWordPlain(text, at, what, purpose)) return false;
    }
    inWord = isInside;
  }
  return !text.includes("__");
}

function isWordPlain(text: string, at: number, what: number, purpose: Purpose): boolean {
  let end = at;
  while (
    end < text.length &&
    classOf(text.charCodeAt(end)) <= DIGIT &&
    classOf(text.charCodeAt(end)) > 0
  )
    end++;
  const word = text.slice(at, end).toLowerCase();
  if (WORDS.has(word)) return false;
  if ((what & BEGINNING) !== 0 && PREFIX.test(word)) return false;
  if ((purpose === "filter" || purpose === "sql") && STATEMENTS.has(word)) return false;
  if (NEAR_DOT.has(word) && (text[at - 1] === "." || text[end] === "." || text[end] === "-"))
    return false;
  const isFirst = at === 0 || text[at - 1] === "/" || text[at - 1] === "'";
  if (isFirst && FIRST.has(word)) return false;
  const next = NEXT.get(word);
  if (next === undefined) return true;
  next.lastIndex = end;
  return !next.test(text);
}

/** Its folder is no part of a program's name; what begins with blanks is not looked at further. */
function beginsWithProgram(text: string): boolean {
  if (classOf(text.charCodeAt(0)) === SPACE) return true;
  let at = 0;
  for (let end = 0; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 0x20 || code === 0x09) break;
    if (code === 0x2f) at = end + 1;
  }
  if (((STARTS[keyAt(text, at)] ?? 0) & PROGRAM) === 0) return false;
  const word = /^[\w.-]{0,32}/.exec(text.slice(at, at + 32))?.[0].toLowerCase() ?? "";
  return isProgramName(word) || isProgramName(word.replace(/[.\d-]+$/, ""));
}

/** Base64 or hexadecimal of readable text, as far as its first characters tell. */
function mayBeCode(text: string): boolean {
  if (text.length < 8) return false;
  return mayBeBase64(text) || /^(?:[2-7][0-9a-f]){6,}$/i.test(text);
}

/** Each byte below 0x80: of four characters the first is below 32, the second has no bit 3. */
function mayBeBase64(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const value = sextet(text.charCodeAt(at));
    if (value === -1) return false;
    if (at % 4 === 0 && value >= 32) return false;
    if (at % 4 === 1 && (value & 8) !== 0) return false;
    if (at % 4 === 2 && (value & 2) !== 0) return false;
  }
  return true;
}

function sextet(code: number): number {
  if (code >= 0x41 && code <= 0x5a) return code - 0x41;
  if (code >= 0x61 && code <= 0x7a) return code - 0x61 + 26;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 52;
  if (code === 0x2b || code === 0x2d) return 62;
  return code === 0x2f || code === 0x5f ? 63 : -1;
}
