import { readFile } from "node:fs/promises";
import { type AnalystKey, createAnalystKey } from "../audit/analyst.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Options } from "./command.ts";

/** The analyst's private key that `--analyst-key` names; null without it. */
export async function readAnalystKey(options: Options): Promise<Result<AnalystKey | null, string>> {
  const file = options.text("analyst-key");
  if (file === undefined) return ok(null);
  try {
    const key = createAnalystKey(await readFile(file));
    return key.ok ? key : err(`--analyst-key: ${file} ${key.error}`);
  } catch {
    return err(`--analyst-key: ${file} cannot be read`);
  }
}
