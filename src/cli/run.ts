import { suggest } from "../core/suggest.ts";
import { packageVersion } from "../server/package-root.ts";
import { checkCommand } from "./check.ts";
import { type Command, parseOptions } from "./command.ts";
import { doctorCommand } from "./doctor.ts";
import { complain, say } from "./output.ts";
import { scanCommand } from "./scan.ts";
import { serveCommand } from "./serve.ts";
import { toolsDiffCommand } from "./tools-diff.ts";
import { toolsListCommand } from "./tools-list.ts";
import { toolsPinCommand } from "./tools-pin.ts";
import { upCommand } from "./up.ts";

const COMMANDS: readonly Command[] = [
  upCommand,
  serveCommand,
  checkCommand,
  scanCommand,
  doctorCommand,
  toolsListCommand,
  toolsPinCommand,
  toolsDiffCommand,
];

/** Exit codes (sysexits is not used: scripts test for zero). */
const FAILED = 1;
const MISUSED = 2;

/** Runs one command line; resolves to the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    say(overview());
    return name === undefined ? MISUSED : 0;
  }
  if (name === "--version" || name === "-v") {
    say(packageVersion());
    return 0;
  }
  const family = COMMANDS.filter((each) => each.name.startsWith(`${name} `));
  if (family.length > 0) return runFamily(name, family, rest);
  const command = COMMANDS.find((each) => each.name === name);
  return command === undefined ? unknownCommand(name) : runCommand(command, rest);
}

/** A command of two words: `tools list`. */
async function runFamily(
  name: string,
  family: readonly Command[],
  args: readonly string[],
): Promise<number> {
  const [action, ...rest] = args;
  if (action === undefined || action === "--help" || action === "-h" || action === "help") {
    say([`usage: impedance ${name} COMMAND [OPTIONS]`, "", ...summariesOf(family)].join("\n"));
    return action === undefined ? MISUSED : 0;
  }
  const command = family.find((each) => each.name === `${name} ${action}`);
  return command === undefined ? unknownCommand(`${name} ${action}`) : runCommand(command, rest);
}

function unknownCommand(name: string): number {
  const near = suggest(
    name,
    COMMANDS.map((each) => each.name),
  );
  complain(`there is no command ${name}${near === null ? "" : `; did you mean ${near}?`}`);
  complain("impedance --help lists them");
  return MISUSED;
}

async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  const options = parseOptions(command, args);
  if (!options.ok) {
    complain(options.error);
    complain(`impedance ${command.name} --help explains its options`);
    return MISUSED;
  }
  if (options.value.flag("help")) {
    say(command.help);
    return 0;
  }
  return execute(command, options.value);
}

async function execute(command: Command, options: Parameters<Command["run"]>[0]): Promise<number> {
  try {
    return await command.run(options);
  } catch (error) {
    // What is thrown here is for the operator: our own sentences, and bugs.
    complain(error instanceof Error ? error.message : String(error));
    return FAILED;
  }
}

function overview(): string {
  return [
    "impedance: a data firewall for the Model Context Protocol, behind Envoy",
    "",
    "usage: impedance COMMAND [OPTIONS]",
    "",
    ...summariesOf(COMMANDS),
    "",
    "impedance COMMAND --help explains one. A first try, in front of any MCP server:",
    "  impedance up --upstream http://127.0.0.1:3001/mcp",
  ].join("\n");
}

function summariesOf(commands: readonly Command[]): readonly string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
}
