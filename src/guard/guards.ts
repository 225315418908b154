import type { AttacksConfig, DetectSettings } from "../core/attacks.ts";
import type { DescriptionsConfig } from "../core/descriptions.ts";
import type { Limits } from "../core/limits.ts";
import type { PiiConfig, RedactSettings } from "../core/pii.ts";
import type { Guard } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import { createAttacksGuard } from "./attacks/attacks.ts";
import { createDescriptionsGuard } from "./descriptions/descriptions.ts";
import { exempt, type GuardExemption } from "./exempt.ts";
import { createLimitsGuard } from "./limits/limits.ts";
import { createMarksGuard, type MarksConfig } from "./marks/marks.ts";
import { createPiiGuard } from "./pii/pii.ts";
import { createSecretsGuard } from "./secrets/secrets.ts";

/** What the guards need to know of the configuration, and of the portable policy. */
export interface GuardsConfig {
  readonly limits: Pick<Limits, "stringMaxLength">;
  readonly pii: PiiConfig;
  readonly redact: RedactSettings | null;
  readonly descriptions: DescriptionsConfig;
  readonly marks: MarksConfig;
  readonly attacks: AttacksConfig;
  readonly detect: DetectSettings | null;
  readonly exemptions: readonly GuardExemption[];
  /** Guards of plugins: they are named beside ours. */
  readonly plugins: readonly Guard[];
}

const FACTORIES: ReadonlyMap<string, (config: GuardsConfig) => Guard> = new Map([
  ["limits", ({ limits }: GuardsConfig) => createLimitsGuard(limits)],
  ["secrets", () => createSecretsGuard()],
  ["pii", ({ pii, redact }: GuardsConfig) => createPiiGuard(pii, redact)],
  ["descriptions", (config: GuardsConfig) => createDescriptionsGuard(config.descriptions)],
  ["marks", (config: GuardsConfig) => createMarksGuard(config.marks, makesBareMarks(config))],
  ["attacks", ({ attacks, detect }: GuardsConfig) => createAttacksGuard(attacks, detect)],
]);

const PLANNED: ReadonlySet<string> = new Set(["schema", "paths", "padding"]);

/** The guards of this version, in the order they run. */
export const GUARD_NAMES: readonly string[] = [...FACTORIES.keys()];

/**
 * The guards named, each once, in the order named; `"all"` is every guard of this version, then
 * every plugin. A name that cannot be had is an error: a missing guard must not look like one that
 * found nothing.
 */
export function createGuards(
  names: readonly string[] | "all",
  config: GuardsConfig,
): Result<Guard[], string> {
  const plugins = new Map(config.plugins.map((guard) => [guard.name, guard]));
  const known = [...FACTORIES.keys(), ...plugins.keys()];
  const unknown = config.exemptions.find(({ guard }) => !known.includes(guard));
  if (unknown !== undefined) return err(`guard_exemptions: ${refusal(unknown.guard, known)}`);

  const guards: Guard[] = [];
  for (const name of names === "all" ? known : new Set(names)) {
    const guard = FACTORIES.get(name)?.(config) ?? plugins.get(name);
    if (guard === undefined) return err(refusal(name, known));
    guards.push(exempt(guard, config.exemptions));
  }
  return ok(guards);
}

function refusal(name: string, known: readonly string[]): string {
  if (PLANNED.has(name)) return `guard "${name}" is not part of this version`;
  return `unknown guard ${JSON.stringify(name)}; known guards: ${known.join(", ")}`;
}

/** Whether values are masked without saying as what. */
function makesBareMarks({ pii, redact }: GuardsConfig): boolean {
  const settings = [pii, ...pii.servers.values()];
  const configured = settings.some(({ enabled, denyKeys }) => enabled && denyKeys.length > 0);
  return configured || (redact?.denyKeys ?? []).length > 0;
}
