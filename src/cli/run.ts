import { suggest } from "../core/suggest.ts";
import { packageVersion } from "../server/package-root.ts";
import { checkCommand } from "./check.ts";
import { type Command, parseOptions } from "./command.ts";
import { doctorCommand } from "./doctor.ts";
import { complain, say } from "./output.ts";
import { scanCommand } from "./scan.ts";
import { serveCommand } from "./serve.ts";
import { upCommand } from "./up.ts";

const COMMANDS: readonly Command[] = [
  upCommand,
  serveCommand,
  checkCommand,
  scanCommand,
  doctorCommand,
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
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) {
    const near = suggest(
      name,
      COMMANDS.map((each) => each.name),
    );
    complain(`there is no command ${name}${near === null ? "" : `; did you mean ${near}?`}`);
    complain("impedance --help lists them");
    return MISUSED;
  }
  const options = parseOptions(command, rest);
  if (!options.ok) {
    complain(options.error);
    complain(`impedance ${name} --help explains its options`);
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
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "impedance: a data firewall for the Model Context Protocol, behind Envoy",
    "",
    "usage: impedance COMMAND [OPTIONS]",
    "",
    ...lines,
    "",
    "impedance COMMAND --help explains one. A first try, in front of any MCP server:",
    "  impedance up --upstream http://127.0.0.1:3001/mcp",
  ].join("\n");
}
