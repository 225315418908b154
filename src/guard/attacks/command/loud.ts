import { SIGN } from "../signs.ts";

/**
 * What nobody writes but to have it run. Each is tried once where one of the signs stands that it
 * needs (parted by blanks), and reads a bounded stretch.
 */
const LOUD: readonly (readonly [needs: string, RegExp])[] = [
  // other words for blanks
  ["$", /\$\{IFS[^}]{0,16}\}|\$IFS\b/],
  [
    "{",
    /(?:^|[\s;|&`($])\{(?:[a-z]{0,16},(?:[-/][^\s{}]{1,64}|\}|[^\s{},]{1,32},[-/][^\s{}]{1,64})|,(?:[a-z]{2,16}|\$["'][a-z]))[^\s{}]{0,64}\}?(?=$|[\s;|&)])/i,
  ],
  // a function that calls itself, and one that bash takes out of a variable
  ["{", /\(\)\s{0,4}\{\s{0,4}:\s{0,4};\s{0,4}\}\s{0,4};/],
  [
    "{",
    /(?:^|[;\s])([\w:.]{1,32})\s{0,4}\(\)\s{0,4}\{[^}]{0,64}\1(?:\(\))?\s{0,4}[|&;][^}]{0,64}\}/,
  ],
  // reverse shells, and what is fetched to be run
  ["/", /\/dev\/(?:tcp|udp)\/|\$\w{1,16}\/(?:tcp|udp)\/\d/],
  ["-", /\b(?:nc|ncat|netcat)(?:\.\w+)?\s[^\n]{0,80}-\w*(?:[ecl]\b|lv)/],
  ["sh", /\b(?:ba|z|k|da|a)?sh\s{1,4}-[a-z]*i[a-z]*\s{0,4}[<>&\d]/],
  [
    "|",
    /\b(?:curl|wget|fetch|iwr|base64|base32|xxd|rev|printf|gzip|zcat|openssl)\b[^\n|;]{0,256}\|(?:[^\n|]{0,64}\|)?\s{0,4}(?:sudo\s{1,4})?(?:\/\S{0,32}\/)?(?:ba|z|k|da|a|c)?(?:sh|python[23]?|perl|ruby|node|php)\b/i,
  ],
  [
    "word",
    /\b(?:iex|invoke-expression)\b\s{0,4}[("'$&]|\bdownload(?:string|file)\s{0,4}\(|\bfrombase64string\b/i,
  ],
  // interpreters with a program, and those that the system brings along
  ["sh", /(?:^|[\s;|&`($'"/])(?:ba|z|k|da|a|c|tc)?sh(?:\.exe)?\s{1,4}-l?c\b/],
  [
    "-",
    /(?:^|[\s;|&`($'"/])(?:busybox|python[23]?|perl|ruby|php|node|lua)(?:\.exe)?\s{1,4}-[a-z]*[cer]\b\s{0,4}["'(\w\\]/i,
  ],
  [
    "-",
    /\bpowershell(?:\.exe)?\b[^\n]{0,80}\s-{1,2}(?:e|en|enc|enco\w*|c|com\w*|nop\w*|w\w*|ex\w*|file|noni\w*)\b|\bpwsh\s+-c/i,
  ],
  ["/ %", /\bcmd(?:\.exe)?\s{1,4}\/[ckq]\b|%comspec%/i],
  [
    "word",
    /\b(?:mshta|regsvr32|rundll32|cmstp|installutil|msbuild|bitsadmin|certutil|wscript|cscript|msiexec)(?:\.exe)?\s{1,4}(?:https?:|\\\\|[-/]\w|javascript:|vbscript:|\S{1,64}\.(?:dll|hta|sct|js|vbs|xml|inf|msi)\b)/i,
  ],
  [
    "word",
    /\bwmic\b[^\n]{0,64}\b(?:process|os|useraccount|service|product|nicconfig)\b|\bvssadmin\s{1,4}delete|\breg(?:\.exe)?\s{1,4}(?:add|query|save|delete)\s|\bregedit\s{1,4}\/|\bschtasks\s{1,4}\/|\bnet(?:\.exe)?\s{1,4}(?:user|localgroup)\s/i,
  ],
  [
    "_ P",
    /(?:^|[;&|\s])(?:LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|BASH_ENV|PROMPT_COMMAND|GIT_SSH_COMMAND|PYTHONSTARTUP|PERL5OPT|NODE_OPTIONS|DYLD_INSERT_LIBRARIES)\s{0,2}=|^(?:LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|BASH_ENV|DYLD_INSERT_LIBRARIES|PROMPT_COMMAND)$/,
  ],
  // loops and conditions of cmd.exe, with its variables
  [
    "%",
    /(?:^|[&|(]\s{0,4})for\s{1,16}(?:\/[dflr]\s{1,16}){0,4}(?:"[^"]{0,64}"\s{0,16}|[a-z]:\\\S{0,64}\s{1,16})?%{1,2}\S{1,16}\s{1,16}in\s{0,16}\(/i,
  ],
  [
    "word",
    /(?:^|[&|(]\s{0,4})if\s{1,16}(?:\/i\s{1,16})?(?:not\s{1,16})?(?:exist\s{1,16}\S{1,64}\s{1,16}(?:\(|echo|cmd|del|copy|call|start|goto|@)|errorlevel\s{1,4}\d|defined\s{1,16}\w{1,32}\s{1,16}(?:\(|set|echo|cmd|call|goto|@)|[^\s(=]{1,32}==[^\s=]{1,32}\s{1,16}[@(\w]|["[%!][^\n=]{0,32}["\]%!]\s{0,16}==\s{0,16}["[%!]|\S{1,32}\s{1,16}(?:equ|neq|lss|leq|gtr|geq)\s{1,16}\S)/i,
  ],
  [
    "word",
    /(?:^|[&|(;])\s{0,4}if\s{0,16}(?:\/i\s{0,16})?\s(?:not\s{1,16})?(?:cmdextversion\s|["{[(]?%{1,2}~?\w[^\n=]{0,32}==|[^\s(=]{1,32}==[^\s=]{1,32}\s{1,64}(?:cmd|@|\w{3,}\s*$))/i,
  ],
  // a shell in place of a program, found where it is
  [
    "sh",
    /\b(?:nohup|timeout|setsid|stdbuf|nice|flock|env|xargs|time|chroot|sudo|find|awk|vim?|ex|ssh|tar|cpulimit|script)\b[^\n;|]{0,64}\s(?:-?exec\s+|-c\s*|\/)?(?:\/bin\/)?(?:ba|z|k|da)?sh\b(?:\s+-c|\s*$)/,
  ],
  [
    "- (",
    /\bfind\s[^\n]{0,128}\s-exec(?:dir)?\s|\bawk\s{1,4}["'][^"']{0,32}\bsystem\s{0,4}\(|\btar\s[^\n]{0,128}--checkpoint-action|\b(?:git|ssh)\s[^\n]{0,64}(?:--upload-pack|-oProxyCommand)=|^\s*-oProxyCommand=|^--(?:upload-pack|checkpoint-action|use-compress-program|exec)=/,
  ],
  ["!", /(?:^|[;|\n])\s{0,16}!\s{0,4}(?:whoami|id|sh|bash|cat|ls|pwd)\b|\bsilent\\{1,4} \\{0,2}!/],
  [".", /^\s{0,4}\.\\?["']?(?:system|shell|databases|tables|schema|import|output|once|load)\b/],
  [
    "; | \\ line",
    /(?:[;|\n]|\\n)\s{0,4}\.\\?["']?(?:system|shell|databases|tables|schema|import|output|once|load)\b|[;|\n]\s{0,4}\.sh\s+\S/,
  ],
  ["-", /\brm\s{1,4}-[a-z]*[rf][a-z]*\s{1,4}(?:-\S+\s{1,4})?["']?[~/*.]/i],
  [
    ">",
    />{1,2}\s{0,4}(?:\/etc\/|(?:~|\/root|\/home\/\w+)\/\.|\/var\/spool\/cron|\/dev\/(?:sd|mem))/,
  ],
  [
    ": =",
    /\$\{PATH:\d|%[a-z]{3,16}:~-?\d|\bext::(?:sh|bash)\b|-o\s?ProxyCommand\s?=|\bsocat\b[^\n]{0,64}\bexec:/i,
  ],
  ["$", /(?:^|[;&\s])([a-z]{1,8})=\w{1,16};(?:[a-z]{1,8}=\w{1,16};){0,8}\$[a-z{]/],
  ["=", /(?:^|[;&\s])PATH=\S{1,64}\s/],
  ["$ < =", /\$env:\w|\b(?:ba|z|da)?sh\s{0,4}<<<?|\bdd\s{1,4}if=|<!--#(?:exec|include)\b/i],
  [
    "< > - /",
    /[<>]\s{0,4}\/(?:etc|proc|root)\/|--to-command=|\s-c\s{0,4}['"]?:?!|\bfind\s{1,4}\/\s|\s-v\s{0,4}\/:\/|\bosascript\s{1,4}-e|\bphp\s{1,4}-S\b|-m\s{1,4}http\.server\b/,
  ],
  [
    "-",
    /\b(?:start-process|invoke-(?:expression|command|webrequest)|new-object\s{1,4}net\.)\s{0,4}\S/i,
  ],
  ["=", /\balias\s{1,4}(?:[-+]\w\s{1,4}|\+?\w{1,16}\+?\s{1,4})?['"]?\w{1,16}['"]?=['"\w]/],
  ["; | & $", /^\s*cd\s{1,4}\S{1,64}\s{0,4}[;&|]|\$\{?SHELL\}?\s/i],
  ["$", /\b(\w{1,8})=[^\s;&]{1,32}(?:;|&&)[^\n]{0,128}\$\{?\1\b/],
  [
    "=",
    /(?:^|[&|(]\s{0,4})if\s{1,16}(?:\/i\s{1,16})?(?:not\s{1,16})?\S{1,32}\s{0,4}={2,3}\s{0,4}\S{1,32}\s{1,16}@?(?:echo|cmd|cd|call|set|del|goto|foo)\b/i,
  ],
  [
    "$ ` < >",
    /\w\$\(\s{0,4}\)|\w``\w|\w[<>]\(\)\w|\$\(\s{0,4}`|\$\[\s{0,4}\d+\s{0,4}[-+*/]|\$\{\w{1,16}#[^}]/,
  ],
  ["{", /^\w{0,8}\{[a-z]{1,8},-?[a-z]{1,8}\}[a-z]{1,8}(?:\s|$)/],
  ["? [", /\/(?:usr\/)?(?:local\/)?s?bin\/[\w.-]*[?[]/],
  ["$", /\$'(?:\\(?:x[0-9a-f]{2}|[0-7]{2,3})){2}/i],
  ["$", /\$\((?:printf|echo|<|\()|\$\(\(.{0,32}\)\)\s{0,4}[;|&]/],
];

/** What one of is needed; `word` is a word without any sign. */
const NEEDS: ReadonlyMap<string, number> = new Map([
  ["$", SIGN.dollar],
  ["{", SIGN.brace],
  ["/", SIGN.slash],
  ["-", SIGN.dash],
  ["|", SIGN.bar],
  ["_", SIGN.underscore],
  ["%", SIGN.percent],
  ["(", SIGN.open],
  ["!", SIGN.bang],
  [".", SIGN.dot],
  [">", SIGN.greater],
  [":", SIGN.colon],
  ["=", SIGN.equals],
  [";", SIGN.semicolon],
  ["&", SIGN.ampersand],
  ["<", SIGN.less],
  ["?", SIGN.question],
  ["[", SIGN.square],
  ["`", SIGN.backtick],
  ["\\", SIGN.backslash],
  ["line", SIGN.line],
  ["word", SIGN.loudWord],
]);

const ALL_NEEDS = [...NEEDS.values()].reduce((all, sign) => all | sign, 0);

interface Loud {
  readonly signs: number;
  /** Letters that are needed where none of the signs is there. */
  readonly letters: string | null;
  readonly pattern: RegExp;
}

const PATTERNS: readonly Loud[] = LOUD.map(([needs, pattern]) => {
  const parts = needs.split(" ");
  const signs = parts.reduce((all, part) => all | (NEEDS.get(part) ?? 0), 0);
  return { signs, letters: parts.find((part) => /^[A-Z]|^sh$/.test(part)) ?? null, pattern };
});

/** Texts have the same few signs again and again; so many are kept, and then it begins anew. */
const NEAR = new Map<number, readonly Loud[]>();
const NEAR_MAX = 512;

/** Those that a text with these signs may fit. */
function patternsNear(signs: number): readonly Loud[] {
  const known = NEAR.get(signs);
  if (known !== undefined) return known;
  const near = PATTERNS.filter((loud) => (loud.signs & signs) !== 0 || loud.letters !== null);
  if (NEAR.size >= NEAR_MAX) NEAR.clear();
  NEAR.set(signs, near);
  return near;
}

/** `signs` are those of the text, or more. */
export function isLoud(text: string, signs: number): boolean {
  const hasShell = text.includes("sh");
  for (const { signs: needed, letters, pattern } of patternsNear(signs & ALL_NEEDS)) {
    const isNear =
      (signs & needed) !== 0 || (letters === "sh" ? hasShell : text.includes(letters ?? ""));
    if (isNear && pattern.test(text)) return true;
  }
  return false;
}
