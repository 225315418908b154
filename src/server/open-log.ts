import { basename } from "node:path";
import { type AnalystSeal, createAnalystSeal } from "../audit/analyst.ts";
import type { Beginning } from "../audit/beginning.ts";
import { createFileSink } from "../audit/file-sink.ts";
import { createSigner, type Signer } from "../audit/signing.ts";
import type { ManagedAuditSink, QueueOptions } from "../audit/sink.ts";
import { createStreamSink } from "../audit/stream-sink.ts";
import type { LineTap } from "../audit/tap.ts";
import type { AuditConfig, Config } from "../config/config.ts";
import type { Clock } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { packageVersion } from "./package-root.ts";

/** Who hears of the log, and what it is made with. */
export interface LogSurroundings {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly tap?: LineTap | undefined;
}

/** Opens the decision log (or takes the one that is given); FAIL CLOSED: or says why it cannot. */
export function openLog(
  { audit }: Pick<Config, "audit">,
  surroundings: LogSurroundings,
  given: ManagedAuditSink | undefined,
): Result<ManagedAuditSink, string> {
  const { metrics } = surroundings;
  const signer = signerOf(audit);
  if (!signer.ok) return signer;
  const failures: string[] = [];
  const sink = given ?? createSink(audit, signer.value, surroundings, failures);
  metrics.auditHealth(() => sink.healthy);
  if (sink.healthy) return ok(sink);
  void sink.close();
  const remedy =
    failures[0] === "IN_USE"
      ? "another process writes it: give each its own audit.file"
      : "make one of audit.file and audit.fallback_files writable";
  return err(`audit: the decision log cannot be written (${failures[0] ?? "UNKNOWN"}); ${remedy}`);
}

/** The signer of the configured key; null without one. */
export function signerOf({ signingKey }: AuditConfig): Result<Signer | null, string> {
  if (signingKey === null) return ok(null);
  const signer = createSigner(signingKey.reveal());
  if (signer.ok) return signer;
  const remedy = "make one with: impedance log keygen --out FILE";
  return err(`audit.signing_key: ${signingKey.reference} ${signer.error}; ${remedy}`);
}

/** Keeps arguments for the configured analyst; null where there is none. */
export function analystOf({ analystKey }: AuditConfig): Result<AnalystSeal | null, string> {
  if (analystKey === null) return ok(null);
  const seal = createAnalystSeal(analystKey.reveal());
  if (seal.ok) return seal;
  const remedy = "impedance log keygen --analyst --out FILE makes a pair";
  return err(`audit.analyst_key: ${analystKey.reference} ${seal.error}; ${remedy}`);
}

function createSink(
  audit: AuditConfig,
  signer: Signer | null,
  { metrics, log, clock, tap }: LogSurroundings,
  failures: string[],
): ManagedAuditSink {
  const chain = {
    clock,
    signer,
    version: packageVersion(),
    checkpointEvents: audit.checkpointEvents,
    ...(tap === undefined ? {} : { tap }),
  };
  const queue: QueueOptions = {
    queueMaxEvents: audit.queueMaxEvents,
    checkpointMs: audit.checkpointMs,
    healthIntervalMs: audit.healthIntervalMs,
    onFailure: ({ code, pending }) => {
      failures.push(code);
      metrics.auditFailed();
      log.error("audit_failed", { system_code: code, pending });
    },
  };
  if (audit.sink !== "file" || audit.file === null) {
    const stream = audit.sink === "stderr" ? process.stderr : process.stdout;
    return createStreamSink({ ...queue, stream, lines: chain });
  }
  return createFileSink({
    ...queue,
    ...chain,
    paths: [audit.file, ...audit.fallbackFiles],
    sync: audit.sync,
    rotation: audit.rotation,
    onStart: (beginning) => tellStart(beginning, audit.file ?? "", log, metrics),
    ...(audit.headFile === null ? {} : { headPath: audit.headFile }),
    onHeadFailure: (code) => log.error("audit_head_failed", { system_code: code }),
    onSwitch: ({ from, to, code, index }) => {
      metrics.auditSwitched();
      log.error("audit_switched", { from, to, system_code: code, index });
    },
  });
}

/** What the last run has left is the operator's to know; nothing of it holds a value. */
function tellStart(
  { previous, torn, crash, position, lost, isHeadMalformed }: Beginning,
  file: string,
  log: Logger,
  metrics: Metrics,
): void {
  const fields = { file: basename(file), previous, seq: position?.seq ?? 0 };
  if (previous === "none" || previous === "clean") log.debug("audit_opened", fields);
  else log.warn("audit_opened", fields);
  if (lost !== null) {
    metrics.logLost();
    const code = previous === "missing" ? "log_missing" : "log_cut";
    log.error(code, { file: basename(file), lane: lost.lane, seq: lost.seq });
  }
  if (isHeadMalformed) log.error("audit_head_malformed");
  if (torn !== null) log.warn("audit_torn_line", { file: torn.file, bytes: torn.bytes });
  if (previous === "killed" || previous === "crashed") metrics.crashFound();
  if (crash === null) return;
  const { error, system_code, frames, timestamp } = crash;
  log.error("crash_before", { error, system_code, at: frames[0] ?? null, timestamp });
}
