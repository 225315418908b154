import { Counter, type Registry } from "prom-client";

export interface ReloadMetrics {
  /** Another policy was found, and is in force or was refused. */
  policyReloaded(outcome: "loaded" | "refused"): void;
  /** Another inventory was found, and holds or was refused. */
  inventoryReloaded(outcome: "loaded" | "refused"): void;
}

export function createReloadMetrics(registry: Registry): ReloadMetrics {
  const registers = [registry];
  const policies = new Counter({
    name: "impedance_policy_reloads_total",
    help: "Policies found while running: in force now, or refused for what is wrong with them.",
    labelNames: ["outcome"],
    registers,
  });
  const inventories = new Counter({
    name: "impedance_inventory_reloads_total",
    help: "Inventories found while running: they hold now, or were refused.",
    labelNames: ["outcome"],
    registers,
  });
  return {
    policyReloaded: (outcome) => policies.labels(outcome).inc(),
    inventoryReloaded: (outcome) => inventories.labels(outcome).inc(),
  };
}
