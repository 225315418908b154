import type { Headers, RequestHead } from "../core/exchange.ts";

/** What an HTTP request is to MCP, from its head alone (design.md §4). */
export type HttpKind =
  | "post"
  | "open_stream"
  | "end_session"
  | "preflight"
  | "well_known"
  | "other";

/** RFC 8615 */
const WELL_KNOWN = "/.well-known/";

export function kindOf({ method, path, headers }: RequestHead): HttpKind {
  if (method === "POST") return "post";
  if (method === "DELETE") return "end_session";
  if (method === "OPTIONS") return "preflight";
  if (method !== "GET") return "other";
  if (path.startsWith(WELL_KNOWN)) return "well_known";
  return acceptsStream(headers) ? "open_stream" : "other";
}

/** A client that listens says so (MCP 2025-11-25, "Listening for Messages from the Server"). */
function acceptsStream(headers: Headers): boolean {
  const accept = headers.get("accept") ?? "";
  return accept.includes("text/event-stream") || accept.includes("*/*");
}

/** The media type without its parameters, in lower case. */
export function mediaType(headers: Headers): string {
  const type = headers.get("content-type") ?? "";
  const end = type.indexOf(";");
  return (end === -1 ? type : type.slice(0, end)).trim().toLowerCase();
}

const JSON_TYPE = "application/json";

/** `application/json` and its `+json` kin, in UTF-8: any other charset would read differently. */
export function isJson(headers: Headers): boolean {
  if (headers.get("content-type") === JSON_TYPE) return true;
  const type = mediaType(headers);
  const json = type === JSON_TYPE || /^application\/[a-z0-9.-]+\+json$/.test(type);
  return json && charsetIsUtf8(headers);
}

export function charsetIsUtf8(headers: Headers): boolean {
  const type = headers.get("content-type") ?? "";
  if (!type.includes(";")) return true;
  // Of two, some take the first and some the last: each must be one we read.
  const charsets = [...type.matchAll(/;\s*charset\s*=\s*"?([^";\s]+)/gi)].map(([, name]) => name);
  return charsets.every((name) => /^(utf-?8|us-ascii)$/i.test(name ?? ""));
}

/** A body in any encoding but its own bytes cannot be read. */
export function isEncoded(headers: Headers): boolean {
  const encoding = headers.get("content-encoding");
  if (encoding === undefined) return false;
  const name = encoding.trim().toLowerCase();
  return name !== "" && name !== "identity";
}

/** Why no body of such a request can be read; null if it can. */
export function unreadableBody(
  kind: HttpKind,
  headers: Headers,
  maxBytes: number,
): "request_encoding" | "request_too_large" | "unsupported_media_type" | null {
  if (isEncoded(headers)) return "request_encoding";
  if (Number(headers.get("content-length") ?? 0) > maxBytes) return "request_too_large";
  return kind === "post" && !isJson(headers) ? "unsupported_media_type" : null;
}
