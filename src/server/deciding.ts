import { err, ok, type Result } from "../core/result.ts";
import { describeError } from "../telemetry/log.ts";
import { type LiveInventory, startLiveInventory } from "./live-inventory.ts";
import { type LivePolicy, startLivePolicy } from "./live-policy.ts";
import type { PolicyInForce } from "./load-policy.ts";
import { missingForPosture } from "./posture/missing.ts";
import { type LivePosture, startPosture } from "./posture/start.ts";
import { type Notes, noteReload } from "./reloads.ts";
import { systemClock } from "./system.ts";

/** What is decided by: each follows its files, its addresses, and the host, until it is stopped. */
export interface Deciding {
  readonly inventory: LiveInventory;
  readonly posture: LivePosture;
  readonly policy: LivePolicy;
  stop(): void;
}

export interface DecidingFailure {
  readonly part: "policy" | "posture";
  readonly errors: readonly string[];
}

export interface DecidingOptions {
  /** The file system whose /proc and /sys tell of the host; `/` unless told otherwise. */
  readonly hostRoot?: string | undefined;
  /** What stands against a policy that can be used otherwise; null for nothing. */
  readonly objection: (policy: PolicyInForce) => string | null;
}

/** Reads all of it once, or says what stands against a start, with nothing left running. */
export async function startDeciding(
  notes: Notes,
  { hostRoot = "/", objection }: DecidingOptions,
): Promise<Result<Deciding, DecidingFailure>> {
  const { config, metrics, log } = notes;
  const missing = missingForPosture(config);
  if (missing.length > 0) return err({ part: "posture", errors: missing });
  const inventory = await startLiveInventory(config);
  // What a policy may ask of the inventory it cannot decide without it.
  if (!inventory.ok) return err({ part: "policy", errors: inventory.error });
  const host = { config, metrics, log, clock: systemClock, root: hostRoot };
  const posture = await startPosture(host);
  if (!posture.ok) {
    inventory.value.stop();
    return err({ part: "posture", errors: posture.error });
  }
  const policy = await startLivePolicy({
    config,
    clock: systemClock,
    posture: posture.value,
    onGuardFault: (guard, error) => log.error("guard_fault", { guard, ...describeError(error) }),
    objection,
    onReload: (reload) => noteReload(reload, notes),
  });
  const stop = () => {
    if (policy.ok) policy.value.stop();
    posture.value.stop();
    inventory.value.stop();
  };
  if (policy.ok) {
    const parts = { inventory: inventory.value, posture: posture.value, policy: policy.value };
    return ok({ ...parts, stop });
  }
  stop();
  return err({ part: "policy", errors: policy.error });
}
