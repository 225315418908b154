import type { AnalystKey } from "../../audit/analyst.ts";
import { readLines } from "../../audit/read-lines.ts";
import type { SealedArguments } from "../../core/audit.ts";
import type { JsonNode } from "../../core/json.ts";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import type { PolicyInput, Reason } from "../../core/policy.ts";
import { parseJson } from "../../mcp/json/parse.ts";
import { argumentFacts } from "../../policy/arguments.ts";

/** A decision as the log keeps it: facts, and sizes in place of values. */
export interface Recorded {
  readonly decisionId: string;
  /** The policy's input, masked; null where the exchange ended before a policy was asked. */
  readonly input: PolicyInput | null;
  readonly allow: boolean;
  readonly reasons: readonly Reason[];
  /** Of rules in shadow. */
  readonly shadow: readonly Reason[];
  /** Pointers of what is not there as it was: `/input/message/arguments/path`. */
  readonly masked: readonly string[];
  readonly erased: readonly string[];
  /** The whole arguments as they were decided on, where they were sealed for whoever asks. */
  readonly arguments: JsonNode | null;
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
  analyst: AnalystKey | null = null,
): AsyncGenerator<Recorded> {
  for await (const { bytes, number, isTooLong } of readLines(input, LINE_MAX_BYTES)) {
    if (bytes.length === 0) continue;
    const value = isTooLong ? undefined : parsed(bytes);
    if (value === undefined) onUnreadable(number);
    const recorded = value === undefined ? null : recordedOf(value, number, analyst);
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

function recordedOf(value: unknown, line: number, analyst: AnalystKey | null): Recorded | null {
  if (!isRecord(value) || typeof value.decision_id !== "string") return null;
  const { decision_id: decisionId, input, result, masked, erased } = value;
  if (!isRecord(result) || typeof result.allow !== "boolean") return null;
  const recorded = {
    decisionId,
    input: isInput(input) ? input : null,
    allow: result.allow,
    reasons: Array.isArray(result.reasons) ? result.reasons.filter(isReason) : [],
    shadow: Array.isArray(result.shadow) ? result.shadow.filter(isReason) : [],
    masked: textsOf(masked),
    erased: textsOf(erased),
    line,
  };
  const opened = analyst === null ? null : openedArguments(value, decisionId, analyst);
  return opened === null ? { ...recorded, arguments: null } : withArguments(recorded, opened);
}

function openedArguments(
  { sealed_arguments: sealed }: { readonly [key: string]: unknown },
  decisionId: string,
  analyst: AnalystKey,
): JsonNode | null {
  if (!isSealed(sealed)) return null;
  const text = analyst.open(sealed, decisionId);
  const document = text === null ? null : parseJson(text, DEFAULT_LIMITS);
  return document?.ok ? document.value.root : null;
}

function isSealed(value: unknown): value is SealedArguments {
  return (
    isRecord(value) && ["alg", "epk", "iv", "data"].every((key) => typeof value[key] === "string")
  );
}

const MASKED_ARGUMENTS = "/input/message/arguments";

/** What the policy saw of them stands in its input again. */
function withArguments(recorded: Omit<Recorded, "arguments">, opened: JsonNode): Recorded {
  const { input, masked } = recorded;
  if (input === null) return { ...recorded, arguments: opened };
  const message = { ...input.message, ...argumentFacts(opened) };
  return {
    ...recorded,
    arguments: opened,
    input: { ...input, message },
    masked: masked.filter((pointer) => !pointer.startsWith(MASKED_ARGUMENTS)),
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
