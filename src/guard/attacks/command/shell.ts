import { SIGN } from "../signs.ts";

/** Where a command may begin: its first word, and what follows up to the next separator. */
export interface Command {
  /** In lower case, without its folder. */
  readonly word: string;
  /** As it was written, quotes and all. */
  readonly written: string;
  /** What follows it. */
  readonly rest: string;
  /** What stands in front: a separator, what opens a substitution, or nothing. */
  readonly before: string;
  readonly start: number;
}

const COMMANDS_MAX = 64;

/** What a command may begin behind. */
const OPENING = /\$\(|[`;|&\n\r(]+|<\(|>\(|\0|\\[nr](?=[/a-z])|^/g;
/** Words that run the next word: `sudo nice -n 5 x`. */
const WORD =
  /[ \t]*[!@({]*[ \t]*(?:\$\w{1,16}[ \t]+){0,4}((?:[^\s;|&<>()`\\]|\\(?![nr](?:$|[\s;|&/]))[\s\S]){1,128})/y;

/** Without one of these, a command begins where the text does. */
const OPENING_SIGNS =
  SIGN.open |
  SIGN.backtick |
  SIGN.semicolon |
  SIGN.bar |
  SIGN.ampersand |
  SIGN.line |
  SIGN.backslash |
  SIGN.foreign;

/**
 * All places of a text at which a shell might begin to read a command; `signs` are those of the
 * text, or more.
 */
export function commandsOf(text: string, signs: number): readonly Command[] {
  const commands: Command[] = [];
  if ((signs & OPENING_SIGNS) === 0) {
    const only = commandAt(text, 0, "");
    return only === null ? commands : [only];
  }
  for (const match of text.matchAll(OPENING)) {
    if (commands.length >= COMMANDS_MAX) break;
    const command = commandAt(text, match.index + match[0].length, match[0]);
    if (command !== null) commands.push(command);
  }
  return commands;
}

function commandAt(text: string, start: number, before: string): Command | null {
  WORD.lastIndex = start;
  const written = WORD.exec(text)?.[1];
  if (written === undefined) return null;
  const rest = text.slice(WORD.lastIndex, WORD.lastIndex + 256);
  return { word: nameOf(unquoted(written)), written, rest, before, start };
}

/** What `unquoted` takes something from. */
const QUOTED = /["'^$`\\]/;

/** The word as a shell reads it: without quotes, backslashes, carets and variables that are empty. */
export function unquoted(word: string): string {
  if (!QUOTED.test(word)) return word;
  return word
    .replace(/\$\{IFS[^}]*\}|\$IFS(?:\$?\d)?/gi, " ")
    .replace(/\$(?:\{[A-Za-z_0-9@*?!#-]*\}|[@*?!#\d-]|\(\)|[a-z]\b)/gi, "")
    .replace(/``|\$\(\s*\)|\$[$_](?=[a-z])/gi, "")
    .replace(/\\([\s\S])/g, "$1")
    .replace(/["'^]/g, "");
}

export function nameOf(word: string): string {
  if (/^[A-Za-z]{1,32}$/.test(word)) return word.toLowerCase();
  const [first = ""] = word.trim().split(/\s/, 1);
  // `bcdboot/r`: an option of Windows, and no folder.
  const name = first
    .replace(/\/[a-z?]$/i, "")
    .replace(/^.*[/\\]/, "")
    .toLowerCase();
  return name
    .replace(/\.(?:exe|com|bat|cmd)$/, "")
    .replace(/^(python|perl|ruby|php|lua|pip|node)-?[\d.]{1,8}$/, "$1");
}

/** Whether quotes and the like stand inside a word, where nobody writes them. */
export function isBroken(written: string): boolean {
  return /\w(?:''|"")\w|\w['"]\w+['"]\w?|^['"]\w+['"]\w|\w\\[a-z]|^\\[a-z]\w|\w\^\w|\w\$(?:[@*!]|\{[^}]*\})|\w\$[\w$]\b|\w\$[$_]\w|\w``\w/i.test(
    written,
  );
}
