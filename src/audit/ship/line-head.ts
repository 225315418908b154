/** What stands first and last in a line of the log, and travels beside it. */
export interface LineHead {
  readonly seq: number;
  readonly lane: string;
  readonly prevHash: string;
  readonly hash: string;
  readonly kind: string;
  /** RFC 3339, UTC. */
  readonly timestamp: string | null;
  readonly decisionId: string | null;
  /** Lower-case hexadecimal, 32 digits. */
  readonly traceId: string | null;
}

const HEAD =
  /^\{"seq":(\d{1,15}),"lane":"([\w-]{1,64})","prev_hash":"([0-9a-f]{64})","kind":"(\w{1,32})"(?:,"decision_id":"([\w.:-]{1,128})")?(?:,"timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")?/;
const TRACE = /"trace_id":"([0-9a-f]{32})"/y;

/**
 * Reads a line of our own by its form, because parsing each line in whole would cost the process
 * that decides more than the shipping itself.
 */
export function readHead(line: string): LineHead {
  const [, seq = "0", lane = "", prevHash = "", kind = "", decisionId, timestamp] =
    HEAD.exec(line) ?? [];
  return {
    seq: Number(seq),
    lane,
    prevHash,
    hash: line.slice(-66, -2),
    kind,
    timestamp: timestamp ?? null,
    decisionId: decisionId ?? null,
    traceId: kind === "decision" ? traceOf(line) : null,
  };
}

/** Behind the last one of this name nothing in a decision has names that a peer chose. */
function traceOf(line: string): string | null {
  TRACE.lastIndex = Math.max(0, line.lastIndexOf('"trace_id":'));
  return TRACE.exec(line)?.[1] ?? null;
}
