import type { EditReceipt } from "../core/audit.ts";
import type { Finding } from "../core/finding.ts";
import type { PinNotice } from "../core/inventory.ts";
import { reasonOf, refusal } from "../decision/refusals.ts";
import type { Dependencies } from "./dependencies.ts";
import { bareMessage, type Decision } from "./layer2.ts";
import { mostTelling } from "./most-telling.ts";
import type { Scene } from "./scene.ts";

export interface Recorded {
  readonly decision: Decision;
  readonly findings: readonly Finding[];
  readonly receipts: readonly EditReceipt[];
  /** What is remarkable in a listing. */
  readonly pins?: readonly PinNotice[];
  /** The cleaned arguments as JSON text. */
  readonly arguments?: Uint8Array | null;
  readonly scene: Scene;
  /** Milliseconds by phase. */
  readonly timings: { readonly [phase: string]: number };
}

/** One line of the log stays one that a person can read; metrics count the rest. */
const RECEIPTS_MAX = 100;

/**
 * Puts a decision on record. FAIL CLOSED: a decision stands once its event is in the queue; when
 * the log cannot take it, the message is denied, whatever was decided.
 */
export function record(entry: Recorded, dependencies: Dependencies): Decision {
  const { decision, findings, receipts, scene, timings } = entry;
  const { telemetry, events, audit } = dependencies;
  const message = decision.input?.message;
  telemetry.decided({
    server: scene.server,
    method: message?.method ?? null,
    tool: message?.tool ?? null,
    allow: decision.allow,
    reasons: decision.reasons.map(({ code }) => code),
    shadow: decision.shadow.map(({ code }) => code),
  });
  for (const { guard, kind, action } of findings) telemetry.found(guard, kind, action);
  for (const phase in timings) telemetry.phase(phase, (timings[phase] ?? 0) / 1000);

  // Only what passes may go without a line: denials are always told, and what would be one.
  const passes = decision.allow && decision.shadow.length === 0;
  const isOmitted = passes && decision.obligations.audit === "none";
  const accepted = isOmitted
    ? audit.omit()
    : audit.record(
        events.build({
          decisionId: decision.decisionId,
          input: decision.input ?? stubInput(scene, dependencies),
          server: scene.server,
          decision: {
            allow: decision.allow,
            reasons: decision.reasons,
            shadow: decision.shadow,
          },
          showsArguments: decision.obligations.audit === "full" && isClean(findings),
          // A secret that could not be taken out is for nobody's eyes.
          arguments: isClean(findings) ? (entry.arguments ?? null) : null,
          policyRevision: decision.policyRevision,
          findings: mostTelling(findings),
          edits: receipts.slice(0, RECEIPTS_MAX),
          approval: decision.approval,
          pins: entry.pins ?? [],
          requestId: scene.requestId,
          traceId: scene.traceId,
          metrics: nanoseconds(timings),
        }),
      );
  if (accepted) return decision;
  const { rpcCode, httpStatus } = refusal("audit_unavailable");
  const reasons = [reasonOf("audit_unavailable")];
  return { ...decision, allow: false, reasons, rpcCode, httpStatus };
}

/** Values are shown only where all that was found in the message was taken out of it. */
function isClean(findings: readonly Finding[]): boolean {
  return findings.every(({ action }) => action === "redacted");
}

/** What is known of an exchange that ended before the policy was asked. */
function stubInput(scene: Scene, dependencies: Dependencies) {
  const policy = dependencies.policy();
  if (policy === null) return null;
  return policy.input.build({
    phase: scene.direction,
    message: bareMessage("other", null, 0),
    server: scene.server,
    findings: [],
    leaves: [],
    principal: scene.principal,
    client: { name: null, version: null },
    sessionId: scene.sessionId,
    counts: scene.counts,
    source: { ip: scene.source.ip, spiffe: scene.source.spiffe },
    userAgent: scene.source.user_agent,
  });
}

/** Phases are few, and named by us: a name that is made anew is a slow key. */
const TIMERS = new Map<string, string>();

function timerOf(phase: string): string {
  const known = TIMERS.get(phase);
  if (known !== undefined) return known;
  const timer = `timer_impedance_${phase}_ns`;
  TIMERS.set(phase, timer);
  return timer;
}

/** OPA's decision log names its timers `timer_…_ns`. */
function nanoseconds(timings: Recorded["timings"]): { [timer: string]: number } {
  const metrics: { [timer: string]: number } = {};
  for (const phase in timings) metrics[timerOf(phase)] = Math.round((timings[phase] ?? 0) * 1e6);
  return metrics;
}
