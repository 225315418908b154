import { parseArgs } from "node:util";
import { err, ok, type Result } from "../core/result.ts";
import { suggest } from "../core/suggest.ts";

/** One subcommand of `impedance`. */
export interface Command {
  /** What `--help` prints: usage, options, examples. */
  readonly help: string;
  /** Its options, each with a value (`text`) or without (`flag`). */
  readonly options: { readonly [name: string]: "text" | "flag" };
  /** One-letter names of options. */
  readonly letters?: { readonly [letter: string]: string };
  /** Whether words without an option may be given; each is one of `Options.words`. */
  readonly takesWords?: boolean;
  /** Resolves to the exit code. */
  run(options: Options): Promise<number>;
}

/** Several subcommands that belong together: `impedance NAME COMMAND`. */
export interface CommandGroup {
  /** What `--help` prints above the list of its commands. */
  readonly help: string;
  readonly commands: readonly Listed[];
}

/** A subcommand as lists show it. Each needs a part of all the code, and loads that part alone. */
export interface Listed {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  load(): Promise<Command | CommandGroup>;
}

/** The options given: texts by name, and the flags that were set. */
export interface Options {
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** What was given without an option, in order. */
  readonly words: readonly string[];
}

/** Reads a command's arguments; a failure is a sentence for the person who typed them. */
export function parseOptions(command: Command, args: readonly string[]): Result<Options, string> {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
  };
  for (const [name, kind] of Object.entries(command.options)) {
    options[name] = { type: kind === "text" ? "string" : "boolean" };
  }
  for (const [letter, name] of Object.entries(command.letters ?? {})) {
    const option = options[name];
    if (option !== undefined) option.short = letter;
  }
  const unknown = unknownOption(args, Object.keys(options));
  if (unknown !== null) return err(unknown);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      strict: true,
      allowPositionals: command.takesWords === true,
    });
    return ok({
      text: (name) => (typeof values[name] === "string" ? values[name] : undefined),
      flag: (name) => values[name] === true,
      words: positionals,
    });
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

function unknownOption(args: readonly string[], known: readonly string[]): string | null {
  for (const arg of args) {
    if (arg === "--") return null;
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name === undefined || known.includes(name)) continue;
    const near = suggest(name, known);
    return `there is no option --${name}${near === null ? "" : `; did you mean --${near}?`}`;
  }
  return null;
}
