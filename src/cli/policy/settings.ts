import { resolve } from "node:path";
import type { Config } from "../../config/config.ts";
import { ok, type Result } from "../../core/result.ts";
import type { Options } from "../command.ts";
import { loadSettings, SETTINGS_HELP, SETTINGS_OPTIONS } from "../settings.ts";

/** The options of the commands that judge messages. */
export const POLICY_OPTIONS = { ...SETTINGS_OPTIONS, bundle: "text", format: "text" } as const;

export const POLICY_HELP = `${SETTINGS_HELP}
  --bundle FILE    an OPA bundle, of impedance policy build          [the rules that ship]`;

/** The configuration, with the policy and the bundle that the command line names. */
export async function loadPolicySettings(
  options: Options,
): Promise<Result<Config, readonly string[]>> {
  const config = await loadSettings(options);
  const bundle = options.text("bundle");
  if (!config.ok || bundle === undefined) return config;
  const { value } = config;
  return ok({ ...value, policy: { ...value.policy, bundle: resolve(bundle) } });
}
