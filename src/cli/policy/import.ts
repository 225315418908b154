import { importPolicy } from "../../server/workbench/import.ts";
import type { Command, Options } from "../command.ts";
import { complain, misuse, say } from "../output.ts";
import { FORMAT_HELP, failAs, formatOf } from "./format.ts";

export const importCommand: Command = {
  help: `usage: impedance policy import FILE [OPTIONS]

Reads YAML or JSON of the form
  allowed_tools: { files: { methods: [read_file], rate_limit: 10/min, audit: true } }
  denied_tools: [delete_file]
  policy: deny
and prints it as a portable policy. A name of a method of MCP selects the method, any other a tool.
What this version does not enforce is told on standard error and stands in a comment. Exit code 0:
all of it was carried over. 1: something was left out, or it could not be read.

${FORMAT_HELP}

examples:
  impedance policy import allow-list.yaml > policy.yaml`,
  options: { format: "text" },
  takesWords: true,
  run: importOne,
};

async function importOne(options: Options): Promise<number> {
  const format = formatOf(options);
  if (!format.ok) return misuse(format.error);
  const [file, another] = options.words;
  if (file === undefined || another !== undefined) return misuse("name one file");
  const imported = await importPolicy(file);
  if (!imported.ok) return failAs(format.value, imported.error);
  const { text, left } = imported.value;
  const isOk = left.length === 0;
  if (format.value === "json") say(JSON.stringify({ ok: isOk, policy: text, left }));
  else {
    process.stdout.write(text);
    for (const one of left) complain(one);
  }
  return isOk ? 0 : 1;
}
