import type { DecisionEvent } from "../core/audit.ts";

/** One event as one line of the log. `seq` comes first: a gap in it is an event that was lost. */
export function encodeLine(event: DecisionEvent, seq: number): string {
  return `${JSON.stringify({ seq, ...event })}\n`;
}

/** The `seq` of a line; null when it is no line of the log. */
export function decodeSeq(line: string): number | null {
  try {
    const json: unknown = JSON.parse(line);
    const seq = typeof json === "object" && json !== null && "seq" in json ? json.seq : null;
    return typeof seq === "number" && Number.isSafeInteger(seq) ? seq : null;
  } catch {
    return null;
  }
}
