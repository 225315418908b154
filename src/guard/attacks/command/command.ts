import type { Severity } from "../../../core/finding.ts";
import type { Reading } from "../suspicion.ts";
import { hasGlobbedName } from "./globs.ts";
import { isLoud } from "./loud.ts";
import { type Command, commandsOf, isBroken, nameOf, unquoted } from "./shell.ts";
import { FIELDLIKE, PROGRAMS, TARGET, WORDLIKE } from "./words.ts";

const HINT = /[;|&`$\\<>^!{}()'"\n\r=%/]|^\s*[a-z0-9_.-]+\s+-?\S|^[A-Z]+_[A-Z_]+$/i;

/** Commands for a shell in what is no command: separated, substituted, or quoted to pieces. */
export function judgeCommand({ text, purpose, decoded }: Reading): Severity | null {
  if (!HINT.test(text)) return null;
  if (isLoud(text)) return "high";
  const allowed = purpose === "command" || purpose === "code";
  const plain = text.trim();
  const commands = commandsOf(text);
  if (commands.some((command) => isHidden(command))) return "high";
  if (allowed || purpose === "sql") return null;
  if (hasGlobbedName(plain)) return "high";
  const isProse = proseOf(plain);
  for (const command of commands) {
    if (isMeant(command, plain, isProse)) return "high";
  }
  return !decoded && isWholeCommand(plain, commands[0]) ? "high" : null;
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
  const opener = before.replace(/[\s(]+/g, "") || before.trim() || before;
  if (before === "" || opener === "(") return false;
  if (/^[=:]/.test(rest)) return false;
  if (opener === "$(" || opener.startsWith("<(") || opener.startsWith(">(")) {
    return PROGRAMS.has(word) || WORDLIKE.has(word) || !isProse;
  }
  if (opener.includes("`")) return isBackticked(command, text, isProse);
  if (/^(?:\s+|\\[nr])$/.test(before)) return isOnOwnLine(command, text, isProse);
  if (/^[A-Z]{2,}$/.test(command.written)) return isArgument(rest);
  if (/^\/(?:usr\/)?(?:local\/)?s?bin\//.test(command.written)) return !isProse;
  if (PROGRAMS.has(word)) return isProgramCall(command, isProse);
  if (WORDLIKE.has(word)) return isWordMeant(command, text, isProse);
  return /^[./~]\S*\//.test(command.written) && TARGET.test(command.written) && !isProse;
}

/** A line break parts commands as well; but most lines are no commands. */
function isOnOwnLine({ word, rest, start }: Command, text: string, isProse: boolean): boolean {
  if (!PROGRAMS.has(word) || isProse) return false;
  return isArgument(rest) || (NOTHING_MORE.test(rest) && !/\s/.test(text.slice(0, start).trim()));
}

/** A name that is a word too: with what follows programs alone, or where nothing else is there. */
function isWordMeant({ written, rest }: Command, text: string, isProse: boolean): boolean {
  if (/^[A-Z]/.test(written)) return false;
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
  const parts = text.split("`");
  const outside = parts
    .filter((_, index) => index % 2 === 0)
    .join(" ")
    .trim();
  const [first = ""] = outside.split(/\s/, 1);
  const isCommand = start === 1 || PROGRAMS.has(first) || /^[;|&]/.test(outside);
  if (isCommand) return outside.split(/\s+/).length <= 3;
  return parts.some((_, index) => index % 2 === 1 && isGlued(parts[index - 1], parts[index + 1]));
}

/** No blank parts what is between backticks from what is around it. */
function isGlued(before = "", after = ""): boolean {
  return /[^\s("'[]$/.test(before) || /^(?:[^\s.,:;!?)"'\]]|\.\w)/.test(after);
}

/** The whole value is one command that no value is: an interpreter with a program, a secret file. */
function isWholeCommand(text: string, first: Command | undefined): boolean {
  if (first === undefined) return false;
  const { word, rest } = first;
  if (!PROGRAMS.has(word) && !WORDLIKE.has(word)) return false;
  if (proseOf(text)) return false;
  if (TARGET.test(rest)) return PROGRAMS.has(word);
  return false;
}
