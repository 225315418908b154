import type { Config } from "../config/config.ts";
import { err, type Result } from "../core/result.ts";
import { missingForAuthentication } from "../server/authentication.ts";
import { loadGuards } from "../server/load-guards.ts";
import { loadInventory } from "../server/load-inventory.ts";
import { loadPolicy, type PolicyInForce } from "../server/load-policy.ts";
import { analystOf, signerOf } from "../server/open-log.ts";
import { destinationOf } from "../server/open-shipping.ts";
import { missingForPosture } from "../server/posture/missing.ts";
import { systemClock } from "../server/system.ts";
import { transportErrors } from "../server/transport.ts";
import type { Command, Options } from "./command.ts";
import { complain, misuse, say } from "./output.ts";
import { loadSettings, SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";

export const checkCommand: Command = {
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
    return misuse(`--format is text or json, not ${format}`);
  }
  const checked = await readAll(options);
  if (format === "json") say(JSON.stringify(summaryOf(checked)));
  else if (checked.ok) say(describe(checked.value));
  else for (const error of checked.error) complain(error);
  return checked.ok ? 0 : 1;
}

async function readAll(options: Options): Promise<Result<PolicyInForce, readonly string[]>> {
  const config = await loadSettings(options);
  return config.ok ? loadAll(config.value) : config;
}

function summaryOf(checked: Result<PolicyInForce, readonly string[]>) {
  if (!checked.ok) return { ok: false, errors: checked.error, policy: null };
  const { default: byDefault, engine } = checked.value;
  return { ok: true, errors: [], policy: { default: byDefault, revision: engine.revision } };
}

function describe({ isBuiltIn, default: byDefault, engine }: PolicyInForce): string {
  const source = isBuiltIn ? "built in: only handshake, discovery and listing pass" : "ok";
  return [
    "configuration: ok",
    `policy: ${source}`,
    `default: ${byDefault}`,
    `revision: ${engine.revision}`,
  ].join("\n");
}

/** The policy, once all that stands beside it was found to load too. */
async function loadAll(config: Config): Promise<Result<PolicyInForce, readonly string[]>> {
  const policy = await loadPolicy(config, systemClock);
  const redact = policy.ok ? policy.value.redact : null;
  const detect = policy.ok ? policy.value.detect : null;
  const guards = await loadGuards(config, { redact, detect, only: null, onFault() {} });
  const inventory = await loadInventory(config);
  // A destination is made without being connected to: that reads the files it names.
  const destinations = config.audit.ship.map((each) => destinationOf(each));
  const keys = [signerOf(config.audit), analystOf(config.audit), ...destinations];
  const missing = [
    ...missingForAuthentication(config),
    ...missingForPosture(config),
    ...(await transportErrors(config)),
  ];
  const isWhole = missing.length === 0 && keys.every(({ ok }) => ok);
  if (guards.ok && inventory.ok && isWhole) return policy;
  return err([
    ...missing,
    ...[policy, guards, inventory].flatMap((loaded) => (loaded.ok ? [] : loaded.error)),
    ...keys.flatMap((key) => (key.ok ? [] : [key.error])),
  ]);
}
