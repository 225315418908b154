import type { CommandGroup } from "./command.ts";

export const logCommands: CommandGroup = {
  help: `usage: impedance log COMMAND [OPTIONS]

The decision log is a chain of lines with signed checkpoints. docs/decision-log.md says what each
hash covers, and how to check it without this program.`,
  commands: [
    {
      name: "verify",
      summary: "is the log whole? names each line that was edited, removed, added or moved",
      load: async () => (await import("./log-verify.ts")).logVerifyCommand,
    },
    {
      name: "tail",
      summary: "the last decisions, and with --follow each new one",
      load: async () => (await import("./log-tail.ts")).logTailCommand,
    },
    {
      name: "show",
      summary: "one decision, by its id",
      load: async () => (await import("./log-show.ts")).logShowCommand,
    },
    {
      name: "ship",
      summary: "send lines of a log again, to a destination that has missed them",
      load: async () => (await import("./log-ship.ts")).logShipCommand,
    },
    {
      name: "keygen",
      summary: "a fresh key pair: for signing checkpoints, or for an analyst",
      load: async () => (await import("./log-keygen.ts")).logKeygenCommand,
    },
  ],
};
