import type { JsonNode, JsonObject } from "./json.ts";

/** MCP revisions that Impedance reads (MCP specification, "Versioning"). */
export const REVISIONS = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof REVISIONS)[number];

/**
 * What travels, as the policy names it. The first five are JSON-RPC: a `response` is posted by the
 * client (the answer to a server's request), a `result` or an `error` comes from the server. The
 * others are HTTP without a JSON-RPC body.
 */
export type MessageKind =
  | "request"
  | "notification"
  | "response"
  | "result"
  | "error"
  | "open_stream"
  | "end_session"
  | "preflight"
  | "well_known"
  | "other";

/** `request`: from the client towards the server. `response`: from the server towards the client. */
export type Direction = "request" | "response";

/**
 * One message. For a `result` or an `error`, `method`, `tool`, `prompt` and `uri` are those of the
 * request it answers, where that is known; a name always comes from a body, never from a header.
 */
export interface Message {
  readonly kind: MessageKind;
  /** The id's JSON text as sent (`7`, `"a"`), to be echoed byte for byte; null without one. */
  readonly id: string | null;
  readonly method: string | null;
  readonly tool: string | null;
  readonly prompt: string | null;
  readonly uri: string | null;
  /** Where a listing goes on: what its request asked for; null for the first page. */
  readonly cursor: string | null;
  readonly revision: Revision;
  /** The whole JSON-RPC object; null for HTTP without a JSON-RPC body. */
  readonly node: JsonObject | null;
  /** `params`, `result` or `error`, whichever the kind has. */
  readonly payload: JsonNode | null;
  /** Length of the message in bytes. */
  readonly bytes: number;
}
