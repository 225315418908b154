import { createReadStream } from "node:fs";
import type { DecisionEvent } from "../core/audit.ts";
import { readLines } from "./read-lines.ts";
import type { AuthRecord } from "./records.ts";

const LINE_MAX_BYTES = 32 * 1024 * 1024;

/** A line of the log as JSON; which fields it has, its kind tells. */
export interface LogLine {
  readonly kind: string;
  readonly seq: number;
  readonly [field: string]: unknown;
}

/** The lines of a file that are lines of the log; what is not is passed over. */
export async function* readLog(file: string, start = 0): AsyncGenerator<LogLine> {
  for await (const { bytes, isEnded } of readLines(
    createReadStream(file, { start }),
    LINE_MAX_BYTES,
  )) {
    const line = isEnded ? parseLine(bytes.toString("utf8")) : null;
    if (line !== null) yield line;
  }
}

export function parseLine(text: string): LogLine | null {
  try {
    const json: unknown = JSON.parse(text);
    return isLine(json) ? json : null;
  } catch {
    return null;
  }
}

function isLine(json: unknown): json is LogLine {
  if (typeof json !== "object" || json === null) return false;
  return "kind" in json && typeof json.kind === "string" && "seq" in json;
}

/** Whether a line tells of a decision, with all that is shown of one. */
export function isDecision(line: object): line is LogLine & DecisionEvent {
  const known: { readonly [field: string]: unknown } = { ...line };
  const { kind, timestamp, input, result, findings, edits, metrics } = known;
  return (
    kind === "decision" &&
    typeof timestamp === "string" &&
    input !== undefined &&
    typeof result === "object" &&
    result !== null &&
    "reasons" in result &&
    Array.isArray(result.reasons) &&
    Array.isArray(findings) &&
    Array.isArray(edits) &&
    typeof metrics === "object" &&
    metrics !== null
  );
}

/** Whether a line tells of a caller, with all that is shown of it. */
export function isAuth(line: object): line is LogLine & AuthRecord {
  const known: { readonly [field: string]: unknown } = { ...line };
  const { kind, timestamp, event, details } = known;
  const isWhole = typeof timestamp === "string" && typeof event === "string";
  return kind === "auth" && isWhole && typeof details === "object" && details !== null;
}
