import type { Guard } from "../../core/ports.ts";

/**
 * What a module exports to be a guard plugin:
 *
 *     export function createGuard(options: unknown): Guard
 *
 * It is called once, at start, with the `options` of the configuration, and may throw to refuse
 * them. The guard it returns obeys the contract in `core/ports.ts`; what it does against it is a
 * fault, and denies the message.
 */
export interface GuardPlugin {
  createGuard(options: unknown): Guard | Promise<Guard>;
}

/** A plugin as the configuration names it. */
export interface PluginConfig {
  /** Absolute path of the module. */
  readonly module: string;
  readonly options: unknown;
}

/** Told of each fault of a plugin; `error` is what it threw, or says what was wrong with its hits. */
export type FaultListener = (guard: string, error: unknown) => void;
