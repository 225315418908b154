import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { formatConfigError } from "../config/config-error.ts";
import { defaultConfig, loadConfig } from "../config/load-config.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Options } from "./command.ts";

/** The options that every command with a configuration has. */
export const SETTINGS_OPTIONS = { config: "text", policy: "text" } as const;

export const SETTINGS_HELP = `  --config FILE    impedance.yaml (schemas/config.json describes it)
  --policy FILE    a portable policy, YAML or JSON (schemas/policy.json)`;

/** Reads the configuration that the options name, or says everything that is wrong with it. */
export async function loadSettings(options: Options): Promise<Result<Config, readonly string[]>> {
  const file = options.text("config");
  const config = file === undefined ? defaultConfig(process.env) : await readConfig(file);
  if (!config.ok) {
    return err(config.error.map((one) => (typeof one === "string" ? one : formatConfigError(one))));
  }
  const policy = options.text("policy");
  if (policy === undefined) return config;
  return ok({ ...config.value, policy: { ...config.value.policy, file: resolve(policy) } });
}

async function readConfig(file: string) {
  try {
    return loadConfig(await readFile(file, "utf8"), file, process.env);
  } catch {
    return err([`${file}: cannot be read`]);
  }
}
