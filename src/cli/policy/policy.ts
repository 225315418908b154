import type { CommandGroup } from "../command.ts";

export const policyCommands: CommandGroup = {
  help: `usage: impedance policy COMMAND [OPTIONS]

For whoever writes policies. docs/policy.md goes through all of it, with examples that run. Exit
codes: 0 as asked, 1 something was found or failed, 2 the command line cannot be meant.`,
  commands: [
    {
      name: "init",
      summary: "a starter policy from the tools of a live server, or of a list of them",
      load: async () => (await import("./init.ts")).initCommand,
    },
    {
      name: "build",
      summary: "compile Rego of your own, beside the rules that ship, into a bundle",
      load: async () => (await import("./build.ts")).buildCommand,
    },
    {
      name: "test",
      summary: "run tests of a policy: tables of messages through both layers, and Rego tests",
      load: async () => (await import("./test.ts")).testCommand,
    },
    {
      name: "explain",
      summary: "which rule decided, by which fact, and what would change it",
      load: async () => (await import("./explain.ts")).explainCommand,
    },
    {
      name: "replay",
      summary: "which past decisions a new policy would have made otherwise",
      load: async () => (await import("./replay.ts")).replayCommand,
    },
    {
      name: "lint",
      summary: "rules that do nothing, that nobody tests, that name what is not there",
      load: async () => (await import("./lint.ts")).lintCommand,
    },
    {
      name: "import",
      summary: "turn an allow-list (allowed_tools, denied_tools, policy) into a portable policy",
      load: async () => (await import("./import.ts")).importCommand,
    },
  ],
};
