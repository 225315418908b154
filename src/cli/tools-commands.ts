import type { CommandGroup } from "./command.ts";

export const toolsCommands: CommandGroup = {
  help: `usage: impedance tools COMMAND [OPTIONS]

An inventory (tools.yaml) holds each tool's definition as a person reviewed it, with what that
person knows of it. docs/inventory.md is a short tutorial.`,
  commands: [
    {
      name: "list",
      summary: "the tools of live servers, beside what the inventory says of them",
      load: async () => (await import("./tools-list.ts")).toolsListCommand,
    },
    {
      name: "pin",
      summary: "write what live servers offer into the inventory, to be reviewed and committed",
      load: async () => (await import("./tools-pin.ts")).toolsPinCommand,
    },
    {
      name: "diff",
      summary: "where live servers differ from the inventory; exit 1 if they do",
      load: async () => (await import("./tools-diff.ts")).toolsDiffCommand,
    },
  ],
};
