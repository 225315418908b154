import type { AnalystKey } from "../audit/analyst.ts";
import { isAuth, isDecision, type LogLine, readLog } from "../audit/read-log.ts";
import { codeOf } from "../audit/sink.ts";
import { expand } from "../audit/verify-files.ts";
import type { DecisionEvent } from "../core/audit.ts";
import type { Command, Options } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { readAnalystKey } from "./log-analyst.ts";
import { logFiles } from "./log-files.ts";
import { fail, misuse, say } from "./output.ts";
import { SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";

export const logShowCommand: Command = {
  help: `usage: impedance log show ID [FILE…] [OPTIONS]

Prints the lines of one decision as they stand in the log: ID is a decision id, or a request id,
which finds the request's decision and the response's, and what happened to its caller. A pseudonym
(hmac:…) finds all that happened to that principal or session. Without FILE the log of the
configuration is read, rotated files included. Exit code 1 if there is none.

${SETTINGS_HELP}
  --analyst-key FILE  shows the arguments that were kept for its owner
  --format FORMAT  text (JSON over several lines) or json (as it was written)   [text]

examples:
  impedance log show 1f0c3a2e-… decisions.jsonl`,
  options: { ...SETTINGS_OPTIONS, "analyst-key": "text", format: "text" },
  takesWords: true,
  run: show,
};

async function show(options: Options): Promise<number> {
  const format = options.text("format") ?? "text";
  if (format !== "text" && format !== "json") {
    return misuse(`--format is text or json, not ${format}`);
  }
  const [id, ...given] = options.words;
  if (id === undefined) return misuse("which one? impedance log show ID [FILE…]");
  const files = await logFiles(given, options);
  if (!files.ok) return misuse(files.error);
  const analyst = await readAnalystKey(options);
  if (!analyst.ok) return misuse(analyst.error);
  const shown = (line: LogLine) => {
    const whole = isDecision(line) ? opened(line, analyst.value) : line;
    return JSON.stringify(whole, null, format === "text" ? 2 : 0);
  };
  try {
    const count = await print(id, files.value.flatMap(expand), shown);
    return count > 0 ? EXIT.ok : fail([`there is no decision ${id} in this log`]);
  } catch (error) {
    return misuse(`the log cannot be read (${codeOf(error)})`);
  }
}

type DecisionLine = LogLine & DecisionEvent;

/** With the arguments in the place of what they were sealed in. */
function opened(line: DecisionLine, analyst: AnalystKey | null): unknown {
  const { sealed_arguments: sealed, ...rest } = line;
  const text = sealed === undefined ? null : (analyst?.open(sealed, line.decision_id) ?? null);
  if (text === null) return line;
  return { ...rest, opened_arguments: JSON.parse(Buffer.from(text).toString("utf8")) };
}

async function print(
  id: string,
  files: readonly string[],
  shown: (line: LogLine) => string,
): Promise<number> {
  let count = 0;
  for (const file of files) {
    for await (const line of readLog(file)) {
      if (!isAsked(line, id)) continue;
      say(shown(line));
      count += 1;
    }
  }
  return count;
}

function isAsked(line: LogLine, id: string): boolean {
  if (isDecision(line)) return line.decision_id === id || line.request_id === id;
  return isAuth(line) && [line.request_id, line.principal, line.session].includes(id);
}
