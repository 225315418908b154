import type { CommandGroup } from "./command.ts";
import { toolsDiffCommand } from "./tools-diff.ts";
import { toolsListCommand } from "./tools-list.ts";
import { toolsPinCommand } from "./tools-pin.ts";

export const toolsCommands: CommandGroup = {
  name: "tools",
  summary: "the tools of live servers: list them, pin them, see where they differ",
  help: `usage: impedance tools COMMAND [OPTIONS]

The tools that MCP servers offer, beside the inventory of those that were reviewed.`,
  commands: [toolsListCommand, toolsPinCommand, toolsDiffCommand],
};
