import { loadPolicy } from "../server/load-policy.ts";
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
  const policy = config.ok ? await loadPolicy(config.value, systemClock) : null;
  const errors = [
    ...(config.ok ? [] : config.error),
    ...(policy === null || policy.ok ? [] : policy.error),
  ];
  const found = policy?.ok === true ? policy.value : null;
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
