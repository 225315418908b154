import type { Severity } from "../../../core/finding.ts";
import { SIGN } from "../signs.ts";
import type { Reading } from "../suspicion.ts";
import { hasGlobbedName } from "./globs.ts";
import { isLoud } from "./loud.ts";
import { type Command, commandsOf, isBroken, nameOf, unquoted } from "./shell.ts";
import { FIELDLIKE, PROGRAMS, TARGET, WORDLIKE } from "./words.ts";

const HINT =
  /[;|&`$\\<>^!{}()'"\n\r=%/]|^\s*[a-z0-9_.-]+\s+-?\S|^[A-Z]+_[A-Z_]+$|^\s*(?:whoami|ifconfig|ipconfig|netstat|uname)\s*$/i;

const GLOB_SIGNS = SIGN.question | SIGN.star | SIGN.square;

/** Commands for a shell in what is no command: separated, substituted, or quoted to pieces. */
export function judgeCommand({ text, purpose, decoded, signs }: Reading): Severity | null {
  if (!HINT.test(text)) return null;
  // The first line of a script names its shell.
  if (isLoud(text.startsWith("#!") ? text.replace(/^#![^\n]*/, "") : text, signs)) return "high";
  const commands = commandsOf(text, signs);
  if (commands.some(isHidden)) return "high";
  switch (purpose) {
    case "command":
    case "code":
      return commands.length > 0 && SECRET_TARGET.test(text) ? "high" : null;
    case "sql":
      return null;
    default:
      return judgePlain(text, commands, { purpose, decoded, signs });
  }
}

/** Of an argument that is for no command. */
function judgePlain(
  text: string,
  commands: readonly Command[],
  { purpose, decoded, signs }: Pick<Reading, "purpose" | "decoded" | "signs">,
): Severity | null {
  const plain = text.trim();
  if ((signs & GLOB_SIGNS) !== 0 && mayBeGlobbed(plain)) return "high";
  if (areMeant(commands, plain)) return "high";
  if (!decoded && isWholeCommand(plain, commands[0])) return "high";
  if (purpose === "filter" && isNoName(commands[0])) return "medium";
  return isProgramPath(plain) ? "medium" : null;
}

/** `/b?n/c*t`, with or without quotes. */
function mayBeGlobbed(text: string): boolean {
  if (hasGlobbedName(text)) return true;
  return /['"\\]/.test(text) && hasGlobbedName(unquoted(text));
}

/** What begins the text, with nothing in front of it, is judged by itself. */
function areMeant(commands: readonly Command[], text: string): boolean {
  if (commands.every(({ before }) => before === "")) return false;
  const isProse = proseOf(text);
  return commands.some((command) => isMeant(command, text, isProse));
}

/** `/bin/x`, whatever it is; `bin/x` where it is a program of the system. */
function isProgramPath(text: string): boolean {
  const found = /^(\/?)(?:usr\/)?(?:local\/)?s?bin\/([\w.-]+)$/.exec(text);
  if (found === null) return false;
  return found[1] === "/" || PROGRAMS.has(found[2] ?? "");
}

/** `c''at`, `w\ho\am\i`, `$@id`: a program's name that was taken apart. */
function isHidden({ written, word, rest }: Command): boolean {
  if (!isBroken(written)) return false;
  const plain = unquoted(written);
  if (plain === written) return false;
  if (PROGRAMS.has(word) || (WORDLIKE.has(word) && /^\s+\S/.test(rest))) return true;
  return /\s/.test(plain) && PROGRAMS.has(nameOf(plain));
}

/** Blanks between words without any sign of a shell: so people write. */
function proseOf(text: string): boolean {
  if (/^\s*[;|&`$<>]/.test(text)) return false;
  const words = text.split(/\s+/).filter((word) => /^[\p{L}'’(]+[,.:;!?)]{0,2}$/u.test(word));
  return words.length >= 5;
}

/** Whether what begins at a separator is a command that somebody wants to be run. */
function isMeant(command: Command, text: string, isProse: boolean): boolean {
  const { before, word, rest } = command;
  if (before.startsWith("$(")) return isSubstituted(command, isProse);
  if (before.startsWith("<(") || before.startsWith(">(")) return PROGRAMS.has(word) && !isProse;
  const opener = before.replace(/[\s(]+/g, "") || before.trim() || before;
  if (before === "" || opener === "(") return false;
  if (/^[=:]/.test(rest)) return false;
  if (opener.includes("`")) {
    const isOpen = !/`[^`]*`/.test(text) && !/[;|&]/.test(opener);
    return !isOpen && isBackticked(command, text, isProse);
  }
  if (/^(?:\s+|\\[nr])$/.test(before)) return isOnOwnLine(command, text, isProse);
  return isBehindSeparator(command, text, isProse);
}

function isBehindSeparator(command: Command, text: string, isProse: boolean): boolean {
  const { word, rest } = command;
  if (/^[A-Z]{2,}$/.test(command.written)) return isArgument(rest);
  if (/^\/(?:usr\/)?(?:local\/)?s?bin\//.test(command.written)) return !isProse;
  if (/\.(?:exe|bat|cmd|ps1|vbs|hta)$/i.test(command.written)) return !isProse;
  if (PROGRAMS.has(word)) return isProgramCall(command, isProse);
  if (WORDLIKE.has(word)) return isWordMeant(command, text, isProse);
  return /^[./~]\S*\//.test(command.written) && TARGET.test(command.written) && !isProse;
}

/** `$(name)` is a variable of make, `$(".x")` an element: programs are known, or have options. */
function isSubstituted({ word, written, rest }: Command, isProse: boolean): boolean {
  if (PROGRAMS.has(word) || WORDLIKE.has(word)) return true;
  return !isProse && /^[\w./~-]+$/.test(written) && /^\s+\S/.test(rest) && /^[^)]*\)/.test(rest);
}

/** A line break parts commands as well; but most lines are no commands. */
function isOnOwnLine({ word, rest, start }: Command, text: string, isProse: boolean): boolean {
  if (!PROGRAMS.has(word) || isProse) return false;
  return isArgument(rest) || (NOTHING_MORE.test(rest) && !/\s/.test(text.slice(0, start).trim()));
}

/** A name that is a word too: with what follows programs alone, or where nothing else is there. */
function isWordMeant({ written, rest }: Command, text: string, isProse: boolean): boolean {
  if (/^[A-Z]/.test(written)) return false;
  if (/^(?:echo|exit|sleep)$/.test(written) && /^\s+\S+\s*$/.test(rest)) return !isProse;
  if (isArgument(rest)) return true;
  return !isProse && /^\s*[;|&`]/.test(text) && isTerse(text, rest) && !/[|;&]\s*$/.test(text);
}

/** Signs that a shell takes for the end, and quotes of what stands around. */
const NOTHING_MORE = /^(?:[\s;)|&'"#]|\\[nr])*$/;

function isProgramCall({ word, written, rest }: Command, isProse: boolean): boolean {
  if (FIELDLIKE.has(word) && !isArgument(rest)) return !isProse && NOTHING_MORE.test(rest);
  if (/^[.,:]\s|^[.,:]$/.test(rest)) return false;
  if (/[A-Z]/.test(written) && isProse) return false;
  return !isProse || isArgument(rest);
}

/** What follows a program and no word of prose: an option, a file, a redirection, the end. */
function isArgument(rest: string): boolean {
  if (/^\s*(?:$|[|;&`)\n])/.test(rest)) return false;
  return /^\s+(?:--?[a-z]|\/[a-z]|[./~]+[\w/]|[$%*]\w|\S*[/\\]\S|["'][^"']*["']\s*$|\d+\s*(?:$|[;|&]))|^\/[a-z]\b|^<<<|^\s*>/i.test(
    rest,
  );
}

/** A text that is hardly more than the command. */
function isTerse(text: string, rest: string): boolean {
  return text.length < 64 && rest.trim().split(/\s+/).length <= 3;
}

/** Markdown puts programs between backticks too, but in a sentence. */
function isBackticked({ word, start }: Command, text: string, isProse: boolean): boolean {
  if (isProse || !(PROGRAMS.has(word) || WORDLIKE.has(word))) return false;
  // Behind the one that closes nothing is run.
  if (text.slice(0, start).split("`").length % 2 === 1) return false;
  const parts = text.split("`");
  const outside = parts
    .filter((_, index) => index % 2 === 0)
    .join(" ")
    .trim();
  const [first = ""] = outside.split(/\s/, 1);
  const isCommand = start === 1 || PROGRAMS.has(first) || /^[;|&]/.test(outside);
  if (isCommand) return outside.split(/\s+/).length <= 3 && !/^[,.:]/.test(outside);
  // `A`/`B`: two names, and no command.
  if (parts.some((part) => part === "/")) return false;
  return parts.some((_, index) => index % 2 === 1 && isGlued(parts[index - 1], parts[index + 1]));
}

/** No blank parts what is between backticks from what is around it. */
function isGlued(before = "", after = ""): boolean {
  return /[^\s("'[]$/.test(before) || /^(?:[^\s.,:;!?)"'\]]|\.\w)/.test(after);
}

/** What no command has to read. */
const SECRET_TARGET =
  /\/etc\/(?:passwd|shadow|sudoers)\b|\/proc\/(?:self|1)\/environ|\.ssh\/(?:id_|authorized)|\.aws\/credentials|\/var\/run\/secrets\//;

/** Programs that others are asked to run. */
const SHARP: ReadonlySet<string> = new Set(
  "whoami ifconfig ipconfig netstat uname wget curl nc ncat netcat bash zsh ksh lastlog".split(" "),
);

/** In a name or an id, a program with its options is no name. */
function isNoName(first: Command | undefined): boolean {
  if (first !== undefined && /^sleep$/.test(first.word) && /^\s+\d+s?\s*$/.test(first.rest))
    return true;
  if (first === undefined || !PROGRAMS.has(first.word) || /[A-Z]/.test(first.written)) return false;
  return SHARP.has(first.word) || isArgument(first.rest);
}

/** The whole value is one command that no value is: an interpreter with a program, a secret file. */
function isWholeCommand(text: string, first: Command | undefined): boolean {
  if (first === undefined) return false;
  const { word, rest } = first;
  if (!PROGRAMS.has(word) && !WORDLIKE.has(word)) return false;
  if (proseOf(text)) return false;
  if (TARGET.test(rest)) return PROGRAMS.has(word) || SECRET_TARGET.test(rest);
  if (/\b(?:and|or|the|is|are|a|an|to|for|in|with|of|use|vs)\b/i.test(rest)) return false;
  if (SHARP.has(word) && /^\s*[;|&]/.test(rest)) return true;
  if (word === "time" && /^\s+\w+\s*$/.test(rest) && PROGRAMS.has(rest.trim())) return true;
  const runs = rest.split(/\s+/).slice(0, 16);
  return runs.some((one) => SHARP.has(one)) || /^\/(?:usr\/)?(?:local\/)?s?bin\//.test(text);
}
