import { suggest } from "../core/suggest.ts";
import { packageVersion } from "../server/package-root.ts";
import { type Command, type CommandGroup, type Listed, parseOptions } from "./command.ts";
import { COMMANDS, WORKER_COMMAND } from "./commands.ts";
import { EXIT, EXIT_HELP } from "./exit-codes.ts";
import { complain, say } from "./output.ts";

/** Runs one command line; resolves to the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    say(overview());
    return name === undefined ? EXIT.misused : EXIT.ok;
  }
  if (name === "--version" || name === "-v") {
    say(packageVersion());
    return EXIT.ok;
  }
  const listed = [...COMMANDS, WORKER_COMMAND].find((each) => each.name === name);
  if (listed === undefined) return unknown(name, COMMANDS, "impedance");
  return runListed(listed, `impedance ${name}`, rest);
}

async function runListed(listed: Listed, called: string, args: readonly string[]): Promise<number> {
  const loaded = await listed.load();
  return "commands" in loaded ? runGroup(loaded, called, args) : runCommand(loaded, called, args);
}

async function runGroup(
  group: CommandGroup,
  called: string,
  args: readonly string[],
): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    say([group.help, "", ...linesOf(group.commands)].join("\n"));
    return name === undefined ? EXIT.misused : EXIT.ok;
  }
  const listed = group.commands.find((each) => each.name === name);
  if (listed === undefined) return unknown(name, group.commands, called);
  return runListed(listed, `${called} ${name}`, rest);
}

async function runCommand(
  command: Command,
  called: string,
  args: readonly string[],
): Promise<number> {
  const options = parseOptions(command, args);
  if (!options.ok) {
    complain(options.error);
    complain(`${called} --help explains its options`);
    return EXIT.misused;
  }
  if (options.value.flag("help")) {
    say(command.help);
    return EXIT.ok;
  }
  return execute(command, options.value);
}

function unknown(name: string, known: readonly Listed[], of: string): number {
  if (name.startsWith("-")) {
    complain(`there is no option ${name}`);
    complain(`${of} --help explains its options`);
    return EXIT.misused;
  }
  const near = suggest(
    name,
    known.map((each) => each.name),
  );
  complain(`there is no command ${name}${near === null ? "" : `; did you mean ${near}?`}`);
  complain(`${of} --help lists them`);
  return EXIT.misused;
}

async function execute(command: Command, options: Parameters<Command["run"]>[0]): Promise<number> {
  try {
    return await command.run(options);
  } catch (error) {
    // What is thrown here is for the operator: our own sentences, and bugs.
    complain(error instanceof Error ? error.message : String(error));
    return EXIT.failed;
  }
}

function overview(): string {
  return [
    "impedance: a data firewall for the Model Context Protocol, behind Envoy",
    "",
    "usage: impedance COMMAND [OPTIONS]",
    "",
    ...linesOf(COMMANDS),
    "",
    EXIT_HELP,
    "",
    "impedance COMMAND --help explains one. A first try, in front of any MCP server:",
    "  impedance up --upstream http://127.0.0.1:3001/mcp",
  ].join("\n");
}

function linesOf(commands: readonly Listed[]): readonly string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
}
