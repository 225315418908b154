import type { Finding } from "../../core/finding.ts";
import type { Direction } from "../../core/message.ts";
import { NO_COUNTS, type PolicyInput, type Principal, type Reason } from "../../core/policy.ts";
import { faultReason } from "../../decision/faults.ts";
import type { PendingRequest } from "../../mcp/message/read.ts";
import type { Dependencies } from "../../pipeline/dependencies.ts";
import { judge } from "../../pipeline/judge.ts";
import { readRequest, readResponse } from "../../pipeline/reading.ts";

/** One message in its place, to be judged as the data path would. */
export interface Trial {
  readonly direction: Direction;
  readonly server: string;
  readonly principal: Principal;
  readonly source: PolicyInput["source"];
  readonly sessionId: string | null;
  /** What a response answers. */
  readonly request: PendingRequest;
  readonly body: Uint8Array;
}

export interface Outcome {
  readonly allow: boolean;
  readonly reasons: readonly Reason[];
  /** What would have denied it, of rules that are only tried. */
  readonly shadow: readonly Reason[];
  readonly findings: readonly Finding[];
  /** The body as it would go on; null for what could not be read. */
  readonly cleaned: string | null;
  /** What was decided on, message by message. */
  readonly inputs: readonly PolicyInput[];
}

/** Sends one message through Layer 1 and Layer 2. */
export function tryOut(trial: Trial, dependencies: Dependencies): Outcome {
  const { direction, server, principal, source, sessionId } = trial;
  const scene = {
    ...{ direction, server, principal, source, sessionId, counts: NO_COUNTS, session: null },
    headerRevision: null,
    requestId: null,
    traceId: null,
  };
  const { limits } = dependencies;
  const read =
    direction === "request"
      ? readRequest(null, limits)
      : readResponse(limits, null, () => trial.request);
  const outcome = judge(trial.body, read, scene, dependencies);
  if (!outcome.ok) {
    const reasons = [faultReason(outcome.error.code, outcome.error.detail)];
    return { allow: false, reasons, shadow: [], findings: [], cleaned: null, inputs: [] };
  }
  const { judged, reading } = outcome.value;
  const decisions = judged.map(({ decision }) => decision);
  return {
    allow: decisions.every(({ allow }) => allow),
    reasons: decisions.flatMap(({ reasons }) => reasons),
    shadow: decisions.flatMap(({ shadow }) => shadow),
    findings: judged.flatMap(({ cleaned }) => cleaned.findings),
    cleaned: Buffer.from(reading.document.bytes).toString("utf8"),
    inputs: decisions.flatMap(({ input }) => (input === null ? [] : [input])),
  };
}
