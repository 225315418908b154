import type { Config } from "../config/config.ts";
import type { DetectSettings } from "../core/attacks.ts";
import type { RedactSettings } from "../core/pii.ts";
import type { Clock, Guard } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import { createAllowList } from "../guard/allow-list.ts";
import { createGuards, GUARD_NAMES } from "../guard/guards.ts";
import { createInspector, type Inspector } from "../guard/inspect.ts";
import { loadPlugins } from "../guard/plugins/load.ts";
import type { FaultListener } from "../guard/plugins/plugin.ts";

export interface GuardOptions {
  /** What the portable policy wants masked. */
  readonly redact: RedactSettings | null;
  /** Where it wants attacks to be looked for. */
  readonly detect: DetectSettings | null;
  readonly onFault: FaultListener;
  /** These alone, in this order, in place of what the configuration says. */
  readonly only: readonly string[] | null;
}

/** The guards of a configuration, plugins last, or everything that stands against them. */
export async function loadGuards(
  config: Pick<
    Config,
    | "guards"
    | "limits"
    | "pii"
    | "descriptions"
    | "marks"
    | "attacks"
    | "guardExemptions"
    | "plugins"
  >,
  { redact, detect, onFault, only }: GuardOptions,
): Promise<Result<readonly Guard[], readonly string[]>> {
  const plugins = await loadPlugins(config.plugins, GUARD_NAMES, onFault);
  if (!plugins.ok) return plugins;
  const names = only ?? [...config.guards, ...plugins.value.map(({ name }) => name)];
  // FAIL CLOSED: a policy that asks for masking must not run where nothing masks.
  if (redact !== null && only === null && !names.includes("pii")) {
    return err(["the policy's redact needs the guard pii: add it to guards"]);
  }
  if (detect !== null && only === null && !names.includes("attacks")) {
    return err(["the policy's detect_attacks needs the guard attacks: add it to guards"]);
  }
  const guards = createGuards(names, {
    limits: config.limits,
    // Who asks for this guard by name wants to see it at work.
    pii: only?.includes("pii") === true ? { ...config.pii, enabled: true } : config.pii,
    redact,
    descriptions: config.descriptions,
    marks: config.marks,
    attacks:
      only?.includes("attacks") === true ? { ...config.attacks, enabled: true } : config.attacks,
    detect,
    exemptions: config.guardExemptions,
    plugins: plugins.value,
  });
  return guards.ok ? ok(guards.value) : err([guards.error]);
}

/** The guards at work, as a configuration bounds and excuses them. */
export function inspectorOf(
  { allow, audit, limits }: Pick<Config, "allow" | "audit" | "limits">,
  guards: readonly Guard[],
  clock: Clock,
): Inspector {
  return createInspector(guards, {
    clock,
    budgetMs: limits.guardBudgetMs,
    allow: createAllowList(allow),
    valueKey: audit.subjectKey?.reveal() ?? null,
  });
}
