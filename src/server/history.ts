import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { ManagedAuditSink } from "../audit/sink.ts";
import type { Config } from "../config/config.ts";
import type { Clock } from "../core/ports.ts";

type Cause = "start" | "reload";

/** Puts on record which configuration holds from now on. */
export function noteConfig(
  sink: ManagedAuditSink,
  hash: string,
  clock: Clock,
  cause: Cause,
  old: string | null = sink.before.config,
): boolean {
  const timestamp = new Date(clock.now()).toISOString();
  return sink.note({ kind: "config_history", timestamp, cause, old, new: hash });
}

/** Puts on record which policy decides from now on. */
export function notePolicy(
  sink: ManagedAuditSink,
  config: Pick<Config, "policy">,
  revision: string,
  clock: Clock,
  cause: Cause,
  old: string | null = sink.before.policy,
): boolean {
  const { bundle, file } = config.policy;
  return sink.note({
    kind: "policy_history",
    timestamp: new Date(clock.now()).toISOString(),
    cause,
    old,
    new: revision,
    bundle: bundle === null ? null : basename(URL.parse(bundle)?.pathname ?? bundle),
    file: file === null ? null : basename(file),
  });
}

/**
 * Of all settings, defaults included, and of the inventory where there is one; of a secret only the
 * reference is a part.
 */
export function configHash(config: Config, inventoryDigest: string | null): string {
  const text = JSON.stringify(config, (_, value: unknown) =>
    value instanceof Map ? [...value] : value,
  );
  const digest = createHash("sha256")
    .update(text)
    .update(inventoryDigest ?? "");
  return `sha256:${digest.digest("hex")}`;
}
