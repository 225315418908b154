import type { PostureNote } from "../audit/records.ts";
import type { ManagedAuditSink } from "../audit/sink.ts";
import type { Config } from "../config/config.ts";
import type { PostureChange } from "../core/posture.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { configHash, noteConfig, notePolicy } from "./history.ts";
import type { LiveInventory } from "./live-inventory.ts";
import type { LiveOptions } from "./live-policy.ts";
import { hasPassingAliases } from "./paths.ts";
import { isPostureOnRecord, type LivePosture } from "./posture/start.ts";
import { systemClock } from "./system.ts";

/** Where it is told that something else holds now, and who has to judge anew by it. */
export interface Notes {
  readonly config: Config;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly sink: () => ManagedAuditSink;
  readonly judgeAgain: () => void;
}

/** What holds in this run is on record before its first decision. */
export function noteStart(notes: Notes, inventory: LiveInventory, revision: string): void {
  const { config, log } = notes;
  if (hasPassingAliases(config)) {
    log.warn("aliases_pass", { remedy: "set aliases.key: path aliases end with this run" });
  }
  noteConfig(notes.sink(), configHash(config, inventory.digest()), systemClock, "start");
  notePolicy(notes.sink(), config, revision, systemClock, "start");
}

/** An inventory is a part of the configuration, and told as one. */
export function followInventory(inventory: LiveInventory, notes: Notes): void {
  const { config, metrics, log } = notes;
  inventory.follow((reload) => {
    metrics.inventoryReloaded(reload.kind);
    if (reload.kind === "refused") {
      // The inventory before it goes on to hold.
      for (const error of reload.errors) {
        log.error("inventory_refused", { error: error.slice(0, 256) });
      }
      return;
    }
    const { from, to } = reload;
    notes.judgeAgain();
    log.info("inventory_reloaded", { from, to });
    const [before, after] = [configHash(config, from), configHash(config, to)];
    noteConfig(notes.sink(), after, systemClock, "reload", before);
  });
}

/** What is known of the host is on record before the first decision, and whenever it changes. */
export function followPosture(posture: LivePosture, notes: Notes): void {
  const { config } = notes;
  const note = (cause: "start" | "change", checks: readonly PostureNote[]): void => {
    const timestamp = new Date(systemClock.now()).toISOString();
    notes.sink().note({ kind: "posture_history", timestamp, cause, checks });
  };
  if (isPostureOnRecord(config)) {
    note(
      "start",
      posture.checks().map((check) => postureNote({ ...check, before: null })),
    );
  }
  posture.follow((changes) => {
    if (changes.length > 0) note("change", changes.map(postureNote));
    notes.judgeAgain();
  });
}

function postureNote(change: PostureChange): PostureNote {
  const { group, name, state, before, onFailure, digests } = change;
  const check = { check: `${group}.${name}`, old: before, new: state, on_failure: onFailure };
  return digests === undefined ? check : { ...check, ...digests };
}

/** A reload is on record whether it succeeded or not. */
export function noteReload(reload: Parameters<LiveOptions["onReload"]>[0], notes: Notes): void {
  const { config, metrics, log } = notes;
  metrics.policyReloaded(reload.kind);
  if (reload.kind === "loaded") {
    notes.judgeAgain();
    log.info("policy_reloaded", { from: reload.from, to: reload.to });
    notePolicy(notes.sink(), config, reload.to, systemClock, "reload", reload.from);
  } else {
    // The policy before it stays in force.
    for (const error of reload.errors) log.error("policy_refused", { error: error.slice(0, 256) });
  }
}
