import { readLines } from "../../audit/read-lines.ts";
import type { PolicyInput, Reason } from "../../core/policy.ts";

/** A decision as the log keeps it: facts, and sizes in place of values. */
export interface Recorded {
  readonly decisionId: string;
  /** The policy's input, masked; null where the exchange ended before a policy was asked. */
  readonly input: PolicyInput | null;
  readonly allow: boolean;
  readonly reasons: readonly Reason[];
  /** Pointers of what is not there as it was: `/input/message/arguments/path`. */
  readonly masked: readonly string[];
  readonly erased: readonly string[];
  readonly line: number;
}

const LINE_MAX_BYTES = 32 * 1024 * 1024;

/**
 * The decisions of a log, line by line; what else stands in it is passed over. `onUnreadable` hears
 * of lines that are no JSON.
 */
export async function* readDecisions(
  input: AsyncIterable<Uint8Array>,
  onUnreadable: (line: number) => void,
): AsyncGenerator<Recorded> {
  for await (const { bytes, number, isTooLong } of readLines(input, LINE_MAX_BYTES)) {
    if (bytes.length === 0) continue;
    const value = isTooLong ? undefined : parsed(bytes);
    if (value === undefined) onUnreadable(number);
    const recorded = value === undefined ? null : recordedOf(value, number);
    if (recorded !== null) yield recorded;
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

function recordedOf(value: unknown, line: number): Recorded | null {
  if (!isRecord(value) || typeof value.decision_id !== "string") return null;
  const { decision_id: decisionId, input, result, masked, erased } = value;
  if (!isRecord(result) || typeof result.allow !== "boolean") return null;
  return {
    decisionId,
    input: isInput(input) ? input : null,
    allow: result.allow,
    reasons: Array.isArray(result.reasons) ? result.reasons.filter(isReason) : [],
    masked: textsOf(masked),
    erased: textsOf(erased),
    line,
  };
}

/** Whether it has the parts that are read of it here; a log may be of another version. */
function isInput(value: unknown): value is PolicyInput {
  if (!isRecord(value)) return false;
  const { message, server, principal, rules, phase, facts } = value;
  const parts = [
    message,
    server,
    principal,
    facts,
    value.resource,
    value.strings,
    value.tool,
    value.posture,
  ];
  return (
    parts.every(isRecord) &&
    isRecord(message) &&
    isRecord(message.arguments) &&
    isRecord(principal) &&
    Array.isArray(principal.roles) &&
    [rules, value.findings, value.paths, value.flow, message.truncated].every(Array.isArray) &&
    typeof phase === "string"
  );
}

function isReason(value: unknown): value is Reason {
  return isRecord(value) && typeof value.code === "string" && typeof value.rule === "string";
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
