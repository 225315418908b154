import { err, ok, type Result } from "../core/result.ts";
import type { Options } from "./command.ts";
import { loadSettings } from "./settings.ts";

/** The files that were named; without a name, those that the configuration writes. */
export async function logFiles(
  given: readonly string[],
  options: Options,
): Promise<Result<readonly string[], string>> {
  if (given.length > 0) return ok(given);
  const config = await loadSettings(options);
  if (!config.ok) return err(config.error.join("\n"));
  const { file, fallbackFiles } = config.value.audit;
  if (file === null) return err("name the log, or give --config FILE with an audit.file");
  return ok([file, ...fallbackFiles]);
}
