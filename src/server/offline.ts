import type { Config } from "../config/config.ts";
import type { Clock } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { FaultListener } from "../guard/plugins/plugin.ts";
import { createAnonymousIdentity } from "../identity/anonymous.ts";
import type { Dependencies } from "../pipeline/dependencies.ts";
import { dependenciesOf } from "./dependencies.ts";
import { inspectorOf, loadGuards } from "./load-guards.ts";
import { loadInventory } from "./load-inventory.ts";
import { loadPolicy, type PolicyInForce } from "./load-policy.ts";
import { silentTelemetry } from "./system.ts";

/** The data path of the service, without a network, a log and metrics. */
export interface OfflinePipeline {
  readonly policy: PolicyInForce;
  /** A pipeline that has seen nothing yet. */
  start(): Dependencies;
}

export interface OfflineOptions {
  /** These guards alone, in this order; null leaves it to the configuration. */
  readonly guards: readonly string[] | null;
  readonly clock: Clock;
  /** Nobody waits for the answers: a machine that is busy must not make them others. */
  readonly isPatient?: boolean;
  readonly onFault: FaultListener;
}

const PATIENT = { policyBudgetMs: 10_000, guardBudgetMs: 10_000 };

export async function createOfflinePipeline(
  given: Config,
  { guards: only, clock, onFault, isPatient = false }: OfflineOptions,
): Promise<Result<OfflinePipeline, readonly string[]>> {
  const config = isPatient ? { ...given, limits: { ...given.limits, ...PATIENT } } : given;
  const policy = await loadPolicy(config, clock);
  const redact = policy.ok ? policy.value.redact : null;
  const detect = policy.ok ? policy.value.detect : null;
  const guards = await loadGuards(config, { redact, detect, onFault, only });
  const inventory = await loadInventory(config);
  if (!policy.ok || !guards.ok || !inventory.ok) {
    return err([policy, guards, inventory].flatMap((loaded) => (loaded.ok ? [] : loaded.error)));
  }
  const inForce = { policy: policy.value, inspector: inspectorOf(config, guards.value, clock) };
  const parts = {
    inForce: () => inForce,
    inventory: inventory.value,
    audit: { record: () => true, omit: () => true },
    auth: () => ({ record: () => true }),
    telemetry: silentTelemetry,
    clock,
  };
  // Nobody calls, so that nobody can be asked who they are.
  const identity = createAnonymousIdentity();
  const start = () => ({ ...dependenciesOf(config, parts), identity });
  return ok({ policy: policy.value, start });
}
