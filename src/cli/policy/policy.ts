import type { CommandGroup } from "../command.ts";
import { buildCommand } from "./build.ts";
import { explainCommand } from "./explain.ts";
import { importCommand } from "./import.ts";
import { initCommand } from "./init.ts";
import { lintCommand } from "./lint.ts";
import { replayCommand } from "./replay.ts";
import { testCommand } from "./test.ts";

export const policyCommands: CommandGroup = {
  name: "policy",
  summary: "write, build, test, explain, replay and check policies",
  help: `usage: impedance policy COMMAND [OPTIONS]

For whoever writes policies. docs/policy.md goes through all of it, with examples that run. Exit
codes: 0 as asked, 1 something was found or failed, 2 the command line cannot be meant.`,
  commands: [
    initCommand,
    buildCommand,
    testCommand,
    explainCommand,
    replayCommand,
    lintCommand,
    importCommand,
  ],
};
