import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { ManagedAuditSink } from "../audit/sink.ts";
import type { Config } from "../config/config.ts";
import type { Clock } from "../core/ports.ts";

type Cause = "start" | "reload";

/** Puts on record which configuration holds from now on. */
export function noteConfig(
  sink: ManagedAuditSink,
  config: Config,
  clock: Clock,
  cause: Cause,
  old: string | null = sink.before.config,
): boolean {
  const timestamp = new Date(clock.now()).toISOString();
  return sink.note({ kind: "config_history", timestamp, cause, old, new: configHash(config) });
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

/** Of all settings, defaults included; of a secret only the reference is a part. */
function configHash(config: Config): string {
  const text = JSON.stringify(config, (_, value: unknown) =>
    value instanceof Map ? [...value] : value,
  );
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
