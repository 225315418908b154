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

/** All places of a text at which a shell might begin to read a command. */
export function commandsOf(text: string): readonly Command[] {
  const commands: Command[] = [];
  OPENING.lastIndex = 0;
  for (const match of text.matchAll(OPENING)) {
    if (commands.length >= COMMANDS_MAX) break;
    const start = match.index + match[0].length;
    WORD.lastIndex = start;
    const found = WORD.exec(text);
    if (found === null) continue;
    const written = found[1] ?? "";
    const rest = text.slice(WORD.lastIndex, WORD.lastIndex + 256);
    commands.push({ word: nameOf(unquoted(written)), written, rest, before: match[0], start });
  }
  return commands;
}

/** The word as a shell reads it: without quotes, backslashes, carets and variables that are empty. */
export function unquoted(word: string): string {
  return word
    .replace(/\$\{IFS[^}]*\}|\$IFS(?:\$?\d)?/gi, " ")
    .replace(/\$(?:\{[A-Za-z_0-9@*?!#-]*\}|[@*?!#\d-]|\(\)|[a-z]\b)/gi, "")
    .replace(/``|\$\(\s*\)|\$[$_](?=[a-z])/gi, "")
    .replace(/\\([\s\S])/g, "$1")
    .replace(/["'^]/g, "");
}

export function nameOf(word: string): string {
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
