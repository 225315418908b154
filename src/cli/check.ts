import type { Config } from "../config/config.ts";
import { err, type Result } from "../core/result.ts";
import { loadGuards } from "../server/load-guards.ts";
import { loadPolicy, type PolicyInForce } from "../server/load-policy.ts";
import { systemClock } from "../server/system.ts";
import type { Command, Options } from "./command.ts";
import { complain, say } from "./output.ts";
import { loadSettings, SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";

export const checkCommand: Command = {
  name: "check",
  summary: "validate configuration, policy and bundle; exit 1 with every error",
  help: `usage: impedance check [OPTIONS]

Reads everything that serve would read, as serve would, and says all that is wrong with it, each
with file, line and column. Nothing is started. Exit code 0: serve would start.

${SETTINGS_HELP}
  --format FORMAT  text or json                                     [text]

examples:
  impedance check --config impedance.yaml
  impedance check --policy policy.yaml --format json`,
  options: { ...SETTINGS_OPTIONS, format: "text" },
  run: check,
};

async function check(options: Options): Promise<number> {
  const format = options.text("format") ?? "text";
  if (format !== "text" && format !== "json") {
    complain(`--format is text or json, not ${format}`);
    return 2;
  }
  const config = await loadSettings(options);
  const loaded = config.ok ? await loadAll(config.value) : config;
  const errors = loaded.ok ? [] : loaded.error;
  const found = loaded.ok ? loaded.value : null;
  if (format === "json") {
    const summary = found && { default: found.default, revision: found.engine.revision };
    say(JSON.stringify({ ok: errors.length === 0, errors, policy: summary }));
  } else if (found !== null) {
    const source = found.isBuiltIn ? "built in: only handshake, discovery and listing pass" : "ok";
    say(`configuration: ok\npolicy: ${source}\ndefault: ${found.default}`);
    say(`revision: ${found.engine.revision}`);
  } else {
    for (const error of errors) complain(error);
  }
  return errors.length === 0 ? 0 : 1;
}

/** The policy, once all that stands beside it was found to load too. */
async function loadAll(config: Config): Promise<Result<PolicyInForce, readonly string[]>> {
  const policy = await loadPolicy(config, systemClock);
  const redact = policy.ok ? policy.value.redact : null;
  const guards = await loadGuards(config, { redact, only: null, onFault() {} });
  if (guards.ok) return policy;
  return err([...(policy.ok ? [] : policy.error), ...guards.error]);
}
