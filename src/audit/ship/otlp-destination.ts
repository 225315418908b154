import type { Destination } from "./destination.ts";
import { type LineHead, readHead } from "./line-head.ts";
import { createPoster, failureOf, isSuccess, type PostOptions } from "./post.ts";

export interface OtlpOptions extends PostOptions {
  readonly version: string;
  /** Of the resource, beside `service.name` and `service.version`. */
  readonly attributes: { readonly [name: string]: string };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * OpenTelemetry's logs over HTTP in JSON (OTLP 1.x, opentelemetry-proto `logs/v1`). The body of a
 * record is the line as one string, which collectors pass on as it is.
 */
export function createOtlpDestination(options: OtlpOptions): Destination {
  const poster = createPoster(options);
  return {
    async send(lines, signal) {
      const posted = await poster.post(encodeRequest(lines, options), signal);
      if (posted.kind === "answered" && isSuccess(posted)) {
        return { kind: "taken", rejected: rejectedIn(posted.body) };
      }
      return failureOf(posted);
    },
    close: () => poster.close(),
  };
}

/** `ExportLogsServiceRequest` in the JSON mapping: 64-bit numbers as text, ids in hexadecimal. */
export function encodeRequest(
  lines: readonly string[],
  { version, attributes, now }: Pick<OtlpOptions, "version" | "attributes" | "now">,
): string {
  const observed = nanoseconds(now());
  const resource = { "service.name": "impedance", "service.version": version, ...attributes };
  return JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: Object.entries(resource).map(([key, text]) => named(key, text)) },
        scopeLogs: [
          {
            scope: { name: "impedance.decision_log", version },
            logRecords: lines.map((line) => recordOf(line, readHead(line), observed)),
          },
        ],
      },
    ],
  });
}

/** SEVERITY_NUMBER_INFO */
const INFO = 9;

function recordOf(line: string, head: LineHead, observed: string) {
  const { seq, lane, prevHash, hash, kind, timestamp, decisionId, traceId } = head;
  return {
    timeUnixNano: timestamp === null ? observed : nanoseconds(Date.parse(timestamp)),
    observedTimeUnixNano: observed,
    severityNumber: INFO,
    severityText: "INFO",
    eventName: `impedance.${kind}`,
    body: { stringValue: line },
    attributes: [
      { key: "impedance.seq", value: { intValue: String(seq) } },
      named("impedance.lane", lane),
      named("impedance.prev_hash", prevHash),
      named("impedance.hash", hash),
      named("impedance.kind", kind),
      ...(decisionId === null ? [] : [named("impedance.decision_id", decisionId)]),
    ],
    ...(traceId === null ? {} : { traceId }),
  };
}

function named(key: string, text: string) {
  return { key, value: { stringValue: text } };
}

function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds)}000000`;
}

/** `partialSuccess`: the receiver has kept the others, and wants none of them again. */
function rejectedIn(body: string): number {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== "object" || answer === null || !("partialSuccess" in answer)) return 0;
    const { partialSuccess } = answer;
    if (typeof partialSuccess !== "object" || partialSuccess === null) return 0;
    const count = "rejectedLogRecords" in partialSuccess ? partialSuccess.rejectedLogRecords : 0;
    return Math.max(0, Math.trunc(Number(count)) || 0);
  } catch {
    return 0;
  }
}
