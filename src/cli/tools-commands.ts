import type { CommandGroup } from "./command.ts";
import { toolsDiffCommand } from "./tools-diff.ts";
import { toolsListCommand } from "./tools-list.ts";
import { toolsPinCommand } from "./tools-pin.ts";

export const toolsCommands: CommandGroup = {
  name: "tools",
  summary: "the tools of live servers: list, pin in an inventory, and compare with it",
  help: `usage: impedance tools COMMAND [OPTIONS]

An inventory (tools.yaml) holds each tool's definition as a person reviewed it, with what that
person knows of it. docs/inventory.md is a short tutorial.`,
  commands: [toolsListCommand, toolsPinCommand, toolsDiffCommand],
};
