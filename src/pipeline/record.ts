import type { DecisionFacts } from "../audit/event.ts";
import { decodeMask, maskEvent, withoutMaskable } from "../audit/mask-policy.ts";
import type { DecisionEvent, EditReceipt } from "../core/audit.ts";
import type { Finding } from "../core/finding.ts";
import type { PinNotice } from "../core/inventory.ts";
import type { JudgedSpan } from "../core/trace.ts";
import { type RefusalCode, reasonOf, refusal } from "../decision/refusals.ts";
import type { Dependencies } from "./dependencies.ts";
import { bareMessage, type Decision } from "./layer2.ts";
import { mostTelling } from "./most-telling.ts";
import type { Scene } from "./scene.ts";
import type { Laps } from "./stopwatch.ts";

export interface Recorded {
  readonly decision: Decision;
  readonly findings: readonly Finding[];
  readonly receipts: readonly EditReceipt[];
  /** What is remarkable in a listing. */
  readonly pins?: readonly PinNotice[];
  /** The cleaned arguments as JSON text. */
  readonly arguments?: Uint8Array | null;
  readonly scene: Scene;
  /** Null where it took none that could be told. */
  readonly timings: Laps | null;
}

/** One line of the log stays one that a person can read; metrics count the rest. */
const RECEIPTS_MAX = 100;

/**
 * Puts a decision on record. FAIL CLOSED: a decision stands once its event is in the queue; when
 * the log cannot take it, or nobody can say what of it may be kept, the message is denied, whatever
 * was decided.
 */
export function record(entry: Recorded, dependencies: Dependencies): Decision {
  const { span } = entry.scene;
  if (span === undefined) return putOnRecord(entry, dependencies);
  const { clock } = dependencies;
  const recordStartMs = clock.monotonic();
  const decision = putOnRecord(entry, dependencies);
  span.judged(judgedSpan(entry, decision, { recordStartMs, recordEndMs: clock.monotonic() }));
  return decision;
}

function judgedSpan(
  { scene, timings, findings, receipts }: Recorded,
  { decisionId, allow, reasons, rpcCode }: Decision,
  recorded: Pick<JudgedSpan, "recordStartMs" | "recordEndMs">,
): JudgedSpan {
  return {
    ...recorded,
    ...{ direction: scene.direction, timings: timings ?? {}, decisionId, allow, rpcCode },
    reasons: reasons.map(({ code }) => code),
    findings: findings.length,
    edits: receipts.length,
  };
}

function putOnRecord(entry: Recorded, dependencies: Dependencies): Decision {
  const { telemetry, audit } = dependencies;
  // Only what passes may go without a line: denials are always told, and what would be one.
  const passes = entry.decision.allow && entry.decision.shadow.length === 0;
  const isOmitted = passes && entry.decision.obligations.audit === "none";
  const { decision, write } = isOmitted
    ? { decision: entry.decision, write: () => audit.omit() }
    : lineOf(entry, dependencies);

  const message = decision.input?.message;
  telemetry.decided({
    server: entry.scene.server,
    method: message?.method ?? null,
    tool: message?.tool ?? null,
    allow: decision.allow,
    reasons: decision.reasons,
    shadow: decision.shadow,
  });
  for (const { guard, kind, action } of entry.findings) telemetry.found(guard, kind, action);
  if (entry.timings !== null) tellPhases(entry.timings, telemetry);

  if (!write()) return deniedAfterAll(decision, "audit_unavailable");
  count(entry, decision);
  return decision;
}

/** What puts the event in the queue, as the log may keep it, with the decision that it tells of. */
function lineOf(entry: Recorded, dependencies: Dependencies): Line {
  const { decision } = entry;
  const { audit, events } = dependencies;
  const mask = dependencies.policy()?.engine.mask;
  if (mask === undefined) return { decision, write: () => recordSoon(entry, dependencies) };
  const event = events.build(factsOf(entry, decision, dependencies));
  const answer = mask(event);
  const rules = answer.ok ? decodeMask(answer.value) : answer;
  if (rules.ok) return { decision, write: () => audit.record(maskEvent(event, rules.value)) };
  const denied = { ...deniedAfterAll(decision, "log_mask_failed"), shadow: [] };
  const told = withoutMaskable(events.build(factsOf(entry, denied, dependencies)));
  return { decision: denied, write: () => audit.record(told) };
}

interface Line {
  readonly decision: Decision;
  /** False where it cannot be taken. */
  readonly write: () => boolean;
}

/** The event itself is made where it is written, if nobody wants to see it before. */
function recordSoon(entry: Recorded, dependencies: Dependencies): boolean {
  const { audit, events } = dependencies;
  const draft = events.draft(factsOf(entry, entry.decision, dependencies));
  return audit.recordLater === undefined ? audit.record(draft()) : audit.recordLater(draft);
}

/** Whatever the policy said of it, the log has the last word. */
function deniedAfterAll(decision: Decision, code: RefusalCode): Decision {
  const { rpcCode, httpStatus } = refusal(code);
  const { told: _, ...rest } = decision;
  return { ...rest, allow: false, reasons: [reasonOf(code)], rpcCode, httpStatus };
}

function tellPhases(timings: Laps, telemetry: Dependencies["telemetry"]): void {
  telemetry.phase("read", timings.read / MS_PER_S);
  telemetry.phase("guard", timings.guard / MS_PER_S);
  telemetry.phase("policy", timings.policy / MS_PER_S);
  telemetry.phase("enforce", timings.enforce / MS_PER_S);
}

const MS_PER_S = 1_000;

function factsOf(entry: Recorded, decision: Decision, dependencies: Dependencies): DecisionFacts {
  const { findings, receipts, scene, timings } = entry;
  const isClean = isCleaned(findings);
  const isSealed = isClean && dependencies.events.sealsArguments;
  return {
    decisionId: decision.decisionId,
    input: decision.input ?? stubInput(scene, dependencies),
    server: scene.server,
    decision: { allow: decision.allow, reasons: decision.reasons, shadow: decision.shadow },
    showsArguments: decision.obligations.audit === "full" && isClean,
    // A secret that could not be taken out is for nobody's eyes.
    arguments: isSealed ? (entry.arguments ?? null) : null,
    policyRevision: decision.policyRevision,
    findings: mostTelling(findings),
    edits: receipts.length > RECEIPTS_MAX ? receipts.slice(0, RECEIPTS_MAX) : receipts,
    approval: decision.approval,
    pins: entry.pins,
    requestId: scene.requestId,
    traceId: scene.traceId,
    metrics: timings === null ? {} : timersOf(timings),
  };
}

/** The session that a client's message came in remembers what became of it. */
function count({ findings, scene: { session, direction } }: Recorded, decision: Decision): void {
  if (decision.endsSession === true) session?.end("policy");
  // What failed on our side, or the server's, is no fault of the caller's.
  if (session === null || direction !== "request" || (!decision.allow && isOurs(decision))) return;
  if (findings.some(({ guard }) => guard === "attacks")) session.note("attack");
  session.note(decision.allow ? "allowed" : "denied");
}

function isOurs({ httpStatus }: Decision): boolean {
  return httpStatus >= 500;
}

/** Values are shown only where all that was found in the message was taken out of it. */
function isCleaned(findings: readonly Finding[]): boolean {
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

/** OPA's decision log names its timers `timer_…_ns`. */
function timersOf({ read, guard, policy, enforce }: Laps): DecisionEvent["metrics"] {
  return {
    timer_impedance_read_ns: nanoseconds(read),
    timer_impedance_guard_ns: nanoseconds(guard),
    timer_impedance_policy_ns: nanoseconds(policy),
    timer_impedance_enforce_ns: nanoseconds(enforce),
  };
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * NS_PER_MS);
}

const NS_PER_MS = 1e6;
