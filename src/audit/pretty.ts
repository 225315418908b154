import { styleText } from "node:util";

import type { DecisionEvent } from "../core/audit.ts";
import type { Json } from "../core/policy.ts";
import { isAuth, isDecision } from "./read-log.ts";
import type { AuthRecord } from "./records.ts";

export interface PrettyOptions {
  /** Whether the terminal shows colours; the caller knows it, and `NO_COLOR`. */
  readonly color: boolean;
  /** Columns; a longer line is cut, so that one decision stays one line. */
  readonly width: number;
}

type Outcome = "allow" | "deny" | "redact";
type Style = Parameters<typeof styleText>[0];

/** A piece of the line: what it says, and how it looks where there are colours. */
interface Piece {
  readonly text: string;
  readonly style: Style | null;
}

const MARKS: { readonly [outcome in Outcome]: Piece } = {
  allow: { text: "✓ allow ", style: "green" },
  deny: { text: "✗ deny  ", style: "red" },
  redact: { text: "~ redact", style: "yellow" },
};
const SERVER_COLUMNS = 10;
const WIDTH_MIN = 20;

/**
 * One decision as one line for a person: time, outcome, server, method and tool, why, what rules
 * in shadow would have denied it for, what was redacted, how long it took. Names that could steer a terminal are made harmless.
 */
export function formatDecision(event: DecisionEvent, options: PrettyOptions): string {
  const { input } = event;
  const server = shown(at(input, "server", "id")).padEnd(SERVER_COLUMNS);
  const pieces: Piece[] = [
    { text: event.timestamp.slice(11, 23), style: "dim" },
    MARKS[outcomeOf(event)],
    { text: server, style: null },
    { text: subjectOf(input), style: "bold" },
  ];

  const codes = codesIn(event.result.reasons);
  if (codes.length > 0) pieces.push({ text: codes.join(" "), style: "red" });
  const tried = codesIn(event.result.shadow).map((code) => `would-deny:${code}`);
  if (tried.length > 0) pieces.push({ text: tried.join(" "), style: "magenta" });
  const remarks = remarksOf(event);
  if (remarks !== "") pieces.push({ text: remarks, style: "yellow" });
  const redactions = redactionsOf(event);
  if (redactions !== "") pieces.push({ text: redactions, style: "yellow" });
  const duration = durationOf(event);
  if (duration !== null) pieces.push({ text: `${duration} µs`, style: "dim" });

  return join(pieces, Math.max(WIDTH_MIN, options.width), options.color);
}

/** A record of the log as one line for a person; null for those that are not shown. */
export function formatLine(
  line: { readonly kind: string; readonly [field: string]: unknown },
  options: PrettyOptions,
): string | null {
  return isDecision(line) ? formatDecision(line, options) : formatRecord(line, options);
}

/** What the log says of itself; null for checkpoints, of which there are many. */
export function formatRecord(
  record: { readonly kind: string; readonly [field: string]: unknown },
  options: PrettyOptions,
): string | null {
  if (record.kind === "checkpoint") return null;
  if (isAuth(record)) return formatAuth(record, options);
  const text = (field: string): string => {
    const value = record[field];
    return typeof value === "string" ? shown(value) : "-";
  };
  const details: { readonly [kind: string]: readonly string[] } = {
    start: [text("version"), `after: ${text("previous")}`],
    policy_history: [`${text("old")} → ${text("new")}`],
    config_history: [`${text("old")} → ${text("new")}`],
    approval_history: [text("action"), text("id")],
    posture_history: postureIn(record.checks),
    switch: [`${text("from")} → ${text("to")}`, text("code")],
    retention: ["old files removed"],
  };
  const pieces: Piece[] = [
    { text: text("timestamp").slice(11, 23), style: "dim" },
    { text: `· ${shown(record.kind)}`, style: "cyan" },
    ...(details[record.kind] ?? []).map((detail): Piece => ({ text: detail, style: null })),
  ];
  return join(pieces, Math.max(WIDTH_MIN, options.width), options.color);
}

function postureIn(checks: unknown): readonly string[] {
  if (!Array.isArray(checks)) return [];
  return checks.map(
    (one: Json) => `${shown(at(one ?? null, "check"))}=${shown(at(one ?? null, "new"))}`,
  );
}

/** A mask of the policy's own may have left anything in their place. */
function codesIn(reasons: unknown): readonly string[] {
  if (!Array.isArray(reasons)) return [];
  return reasons.map((reason: Json) => shown(at(reason ?? null, "code")));
}

/** Something that happened to a caller: what, where, and what there is to tell of it. */
function formatAuth(record: AuthRecord, { color, width }: PrettyOptions): string {
  const { timestamp, event, server, outcome } = record;
  const details = Object.entries(record.details).map(
    ([name, value]) => `${shown(name)}=${shown([value].flat().join(","))}`,
  );
  const pieces: Piece[] = [
    { text: timestamp.slice(11, 23), style: "dim" },
    { text: "@ auth  ", style: "cyan" },
    { text: shown(server).padEnd(SERVER_COLUMNS), style: null },
    { text: shown(event), style: outcome === "success" ? "bold" : "red" },
    { text: details.join(" "), style: null },
  ];
  return join(pieces, Math.max(WIDTH_MIN, width), color);
}

function outcomeOf(event: DecisionEvent): Outcome {
  if (!event.result.allow) return "deny";
  return redactionsOf(event) === "" ? "allow" : "redact";
}

/** `tools/call read_file`, or the kind of a message that has no method. */
function subjectOf(input: Json): string {
  const method = at(input, "message", "method");
  const name = at(input, "message", "tool") ?? at(input, "message", "prompt");
  const what = shown(method ?? at(input, "message", "kind") ?? "-");
  const answers = at(input, "phase") === "response" ? "↩ " : "";
  return name === null ? `${answers}${what}` : `${answers}${what} ${shown(name)}`;
}

/** Such as `-aws-access-key -jwt×2`. */
function redactionsOf(event: DecisionEvent): string {
  const counts = new Map<string, number>();
  for (const finding of event.findings) {
    if (at(finding, "action") !== "redacted") continue;
    const kind = shown(at(finding, "kind"));
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const kinds = [...counts].map(([kind, count]) =>
    count === 1 ? `-${kind}` : `-${kind}×${count}`,
  );
  if (kinds.length > 0) return kinds.join(" ");
  return event.edits.length === 0 ? "" : `${event.edits.length} edited`;
}

/** What a listing of tools gives rise to, such as `!drifted:read_file !unpinned×2`. */
function remarksOf({ pins = [] }: DecisionEvent): string {
  const tools = Map.groupBy(pins, (pin) => shown(at(pin, "kind")));
  return [...tools]
    .map(([kind, [first, ...others]]) =>
      others.length === 0
        ? `!${kind}:${shown(at(first ?? null, "tool"))}`
        : `!${kind}×${others.length + 1}`,
    )
    .join(" ");
}

/** Microseconds over all phases. */
function durationOf(event: DecisionEvent): number | null {
  const timers = Object.entries(event.metrics).filter(([name]) => name.endsWith("_ns"));
  if (timers.length === 0) return null;
  return Math.round(timers.reduce((sum, [, nanoseconds]) => sum + nanoseconds, 0) / 1000);
}

/** What stands at the end of the path; null where it leads nowhere. */
function at(json: Json, ...path: readonly string[]): Json {
  let value: Json = json;
  for (const key of path) {
    if (!isObject(value)) return null;
    value = value[key] ?? null;
  }
  return value;
}

function isObject(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** Text for a terminal: without control, format and line separator characters. */
function shown(json: Json): string {
  if (typeof json === "string") return json.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\u{fffd}");
  const size = at(json, "$bytes");
  return typeof size === "number" ? `‹${size} B›` : "-";
}

/** Cuts at `width` columns, counted in code points, and colours what is left. */
function join(pieces: readonly Piece[], width: number, color: boolean): string {
  const parts: string[] = [];
  let left = width;

  for (const { text, style } of pieces) {
    if (parts.length > 0) left -= 1;
    if (left <= 0) break;
    const characters = Array.from(text);
    const isCut = characters.length > left;
    const cut = isCut ? `${characters.slice(0, left - 1).join("")}…` : text;
    parts.push(color && style !== null ? paint(cut, style) : cut);
    if (isCut) break;
    left -= characters.length;
  }
  return parts.join(" ").trimEnd();
}

function paint(text: string, style: Style): string {
  return styleText(style, text, { validateStream: false });
}
