import type { Limits } from "../core/limits.ts";
import type { Guard } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import { createLimitsGuard } from "./limits/limits.ts";
import { createSecretsGuard } from "./secrets/secrets.ts";

/** What the guards need to know of the configuration. */
export interface GuardsConfig {
  readonly limits: Pick<Limits, "stringMaxLength">;
}

const FACTORIES: ReadonlyMap<string, (config: GuardsConfig) => Guard> = new Map([
  ["limits", (config: GuardsConfig) => createLimitsGuard(config.limits)],
  ["secrets", () => createSecretsGuard()],
]);

const PLANNED: ReadonlySet<string> = new Set([
  "schema",
  "paths",
  "attacks",
  "pii",
  "descriptions",
  "padding",
]);

/**
 * The guards named, each once, in the order named; `"all"` is every guard of this version. A name
 * that cannot be had is an error: a missing guard must not look like one that found nothing.
 */
export function createGuards(
  names: readonly string[] | "all",
  config: GuardsConfig,
): Result<Guard[], string> {
  const wanted = names === "all" ? FACTORIES.keys() : new Set(names);
  const guards: Guard[] = [];
  for (const name of wanted) {
    const create = FACTORIES.get(name);
    if (create === undefined) return err(refusal(name));
    guards.push(create(config));
  }
  return ok(guards);
}

function refusal(name: string): string {
  if (PLANNED.has(name)) return `guard "${name}" is not part of this version`;
  const known = [...FACTORIES.keys()].join(", ");
  return `unknown guard ${JSON.stringify(name)}; known guards: ${known}`;
}
