import type { CommandGroup } from "./command.ts";
import { logKeygenCommand } from "./log-keygen.ts";
import { logShipCommand } from "./log-ship.ts";
import { logShowCommand } from "./log-show.ts";
import { logTailCommand } from "./log-tail.ts";
import { logVerifyCommand } from "./log-verify.ts";

export const logCommands: CommandGroup = {
  name: "log",
  summary: "the decision log: prove it whole, watch it, look one decision up",
  help: `usage: impedance log COMMAND [OPTIONS]

The decision log is a chain of lines with signed checkpoints. docs/decision-log.md says what each
hash covers, and how to check it without this program.`,
  commands: [logVerifyCommand, logTailCommand, logShowCommand, logShipCommand, logKeygenCommand],
};
