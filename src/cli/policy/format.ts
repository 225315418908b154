import { err, ok, type Result } from "../../core/result.ts";
import type { Options } from "../command.ts";
import { complain, say } from "../output.ts";

export type Format = "text" | "json";

export const FORMAT_HELP =
  "  --format FORMAT  text, or json for machines                       [text]";

export function formatOf(options: Options): Result<Format, string> {
  const format = options.text("format") ?? "text";
  if (format === "text" || format === "json") return ok(format);
  return err(`--format is text or json, not ${format}`);
}

/** Says what stood in the way, in the form that was asked for; the exit code is that of a failure. */
export function failAs(format: Format, errors: readonly string[]): number {
  if (format === "json") say(JSON.stringify({ ok: false, errors }));
  else for (const error of errors) complain(error);
  return 1;
}
