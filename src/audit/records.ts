import type { DecisionEvent } from "../core/audit.ts";
import type { AuthEvent } from "../core/auth-log.ts";
import type { OnFailure, PostureState } from "../core/posture.ts";
import type { Position } from "./chain.ts";

/** What was found when the log was opened, as the first line of each run tells it. */
export type Previous =
  /** There was no log. */
  | "none"
  /** The run before has closed it. */
  | "clean"
  /** The run before ended with a fault of ours, and left a breadcrumb. */
  | "crashed"
  /** The run before was ended from outside: what it had queued is lost. */
  | "killed"
  /** Lines that were written are no longer there. */
  | "cut"
  /** There was a log, and nothing of it is there. */
  | "missing"
  /** The last line is none of ours, or is not as we wrote it. */
  | "damaged";

/** What a crash leaves behind: codes and places in our own source, never a message. */
export interface Breadcrumb {
  readonly timestamp: string;
  readonly error: string;
  readonly system_code: string | null;
  readonly frames: readonly string[];
}

/** The first line of each run. */
export interface StartRecord {
  readonly kind: "start";
  readonly timestamp: string;
  readonly version: string;
  readonly previous: Previous;
  /** A last line without its end, which was set aside. */
  readonly torn: { readonly file: string; readonly bytes: number; readonly sha256: string } | null;
  readonly crash: Breadcrumb | null;
  /** Where the log had come to by its head, of lines that are no longer there; else absent. */
  readonly head?: Position;
}

/** Another policy decides from here on. `old` is null where the log does not tell. */
export interface PolicyHistory {
  readonly kind: "policy_history";
  readonly timestamp: string;
  readonly cause: "start" | "reload";
  readonly old: string | null;
  readonly new: string;
  /** File names without their folders; null for what ships with the program, or is not there. */
  readonly bundle: string | null;
  readonly file: string | null;
}

/** Another configuration holds from here on. */
export interface ConfigHistory {
  readonly kind: "config_history";
  readonly timestamp: string;
  readonly cause: "start" | "reload";
  readonly old: string | null;
  readonly new: string;
}

/** Somebody answered what a rule had people asked, or took an answer back. */
export interface ApprovalHistory {
  readonly kind: "approval_history";
  readonly timestamp: string;
  readonly action: "approved" | "denied";
  readonly by: "operator";
  readonly id: string;
  /** Of the denial that asked. */
  readonly decision_id: string;
  /** A pseudonym. */
  readonly principal: string;
  readonly server: string;
  readonly rules: readonly string[];
  /** How far they agreed; null where they did not. */
  readonly calls: number | null;
  readonly ends_in_s: number | null;
  readonly any_arguments: boolean;
}

/** What is known of the host is otherwise than it was; at the start, all of it. */
export interface PostureHistory {
  readonly kind: "posture_history";
  readonly timestamp: string;
  readonly cause: "start" | "change";
  readonly checks: readonly PostureNote[];
}

export interface PostureNote {
  /** `host.secure_boot` */
  readonly check: string;
  /** Null for what was not known before. */
  readonly old: PostureState | null;
  readonly new: PostureState;
  readonly on_failure: OnFailure;
  /** Of a file: SHA-256 in hexadecimal, as it is to be and as it is; else absent. */
  readonly expected?: string | null;
  readonly found?: string | null;
}

/** The log goes on in another file, or again in the one that had failed. */
export interface SwitchRecord {
  readonly kind: "switch";
  readonly timestamp: string;
  readonly from: string;
  readonly to: string;
  /** The system's code, or `FILE_DELETED`, `FILE_REPLACED`. */
  readonly code: string;
}

/** Old files that are removed; with the next checkpoint it is signed that this was meant. */
export interface RetentionRecord {
  readonly kind: "retention";
  readonly timestamp: string;
  /** Lines of this lane up to this one are no longer kept. */
  readonly through_seq: number;
  readonly files: readonly string[];
}

/** What the service itself has to say. */
export type HistoryRecord = PolicyHistory | ConfigHistory | ApprovalHistory | PostureHistory;

/** Something that happened to a caller: the account of who came, in the same chain. */
export interface AuthRecord {
  readonly kind: "auth";
  readonly timestamp: string;
  readonly event: AuthEvent["kind"];
  readonly outcome: "success" | "failure";
  readonly labels: { readonly [label: string]: string };
  readonly server: string | null;
  /** Pseudonyms, as in decisions. */
  readonly principal: string | null;
  readonly session: string | null;
  readonly source_ip: string | null;
  readonly request_id: string | null;
  /** What there is to tell of this kind of event. */
  readonly details: { readonly [detail: string]: string | number | boolean | readonly string[] };
}

export type LogRecord = StartRecord | HistoryRecord | SwitchRecord | RetentionRecord;

export type CheckpointReason = "events" | "time" | "rotation" | "close";

/** Signs all lines before it, through their chain. */
export interface CheckpointRecord {
  readonly kind: "checkpoint";
  readonly timestamp: string;
  readonly reason: CheckpointReason;
  /** A checkpoint follows at the latest after so many lines. */
  readonly every: number;
  /** Decisions since the last checkpoint that a rule wanted counted only. */
  readonly unlogged: number;
  /** What held when it was written, so that the next run can tell what has changed. */
  readonly policy: string | null;
  readonly config: string | null;
  /** Of the public key that verifies `signature`; null without a key. */
  readonly key: string | null;
}

/** A longer record would be a line that nobody verifies. */
const RECORD_MAX_LENGTH = 8 * 1024 * 1024;

/** One decision as the JSON text of a record. The chain makes it a line. */
export function encodeDecision(event: DecisionEvent): string {
  const text = JSON.stringify(event);
  if (text.length <= RECORD_MAX_LENGTH) return ofItsKind(text);
  const bare = { input: null, erased: ["/input"], masked: [], findings: [], edits: [] };
  return ofItsKind(JSON.stringify({ ...event, ...bare }));
}

/** Written in front of the text: a copy of the event would cost more. */
function ofItsKind(text: string): string {
  return `{"kind":"decision",${text.slice(1)}`;
}

export function encodeRecord(record: LogRecord | CheckpointRecord): string {
  return JSON.stringify(record);
}
