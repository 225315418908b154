import { suggest } from "../core/suggest.ts";
import { packageVersion } from "../server/package-root.ts";
import { approvalCommands } from "./approvals.ts";
import { checkCommand } from "./check.ts";
import { type Command, type CommandGroup, parseOptions } from "./command.ts";
import { doctorCommand } from "./doctor.ts";
import { EXIT, EXIT_HELP } from "./exit-codes.ts";
import { healthCommand } from "./health.ts";
import { keysCommands } from "./keys.ts";
import { logCommands } from "./log.ts";
import { complain, say } from "./output.ts";
import { policyCommands } from "./policy/policy.ts";
import { scanCommand } from "./scan.ts";
import { serveCommand } from "./serve.ts";
import { serveWorkerCommand } from "./serve-worker.ts";
import { toolsCommands } from "./tools-commands.ts";
import { upCommand } from "./up.ts";

/** All that `impedance` can be asked to do. */
export const COMMANDS: readonly (Command | CommandGroup)[] = [
  upCommand,
  serveCommand,
  checkCommand,
  scanCommand,
  policyCommands,
  logCommands,
  approvalCommands,
  doctorCommand,
  healthCommand,
  keysCommands,
  toolsCommands,
];

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
  if (name === serveWorkerCommand.name) {
    return runCommand(serveWorkerCommand, `impedance ${name}`, rest);
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) return unknown(name, COMMANDS, "impedance");
  if (!("commands" in command)) return runCommand(command, `impedance ${name}`, rest);
  return runGroup(command, rest);
}

async function runGroup(group: CommandGroup, args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    say([group.help, "", ...listed(group.commands)].join("\n"));
    return name === undefined ? EXIT.misused : EXIT.ok;
  }
  const command = group.commands.find((each) => each.name === name);
  if (command === undefined) return unknown(name, group.commands, `impedance ${group.name}`);
  return runCommand(command, `impedance ${group.name} ${name}`, rest);
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

function unknown(name: string, known: readonly { readonly name: string }[], of: string): number {
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
    ...listed(COMMANDS),
    "",
    EXIT_HELP,
    "",
    "impedance COMMAND --help explains one. A first try, in front of any MCP server:",
    "  impedance up --upstream http://127.0.0.1:3001/mcp",
  ].join("\n");
}

function listed(commands: readonly (Command | CommandGroup)[]): readonly string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
}
