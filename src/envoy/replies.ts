import type { HeaderMutation, HttpDenial, ProxyMetadata } from "../core/exchange.ts";
import { encodeMutation } from "./headers.ts";
import type { ProcessingResponse, Struct, StructValue } from "./protocol.ts";

/** The two halves of an exchange; Envoy's message names differ by this prefix only. */
export type Side = "request" | "response";

/** One gRPC message carries at most this much of a body, so that buffers stay flat. */
const CHUNK_BYTES = 64 * 1024;

/** The namespace that the filter must list in `metadata_options.receiving_namespaces`. */
const METADATA_NAMESPACE = "impedance";

export function headersReply(
  side: Side,
  headers: HeaderMutation,
  metadata: ProxyMetadata | null,
): ProcessingResponse {
  const reply = { response: { header_mutation: encodeMutation(headers) } };
  const extra = metadata === null ? {} : { dynamic_metadata: encodeMetadata(metadata) };
  return side === "request"
    ? { request_headers: reply, ...extra }
    : { response_headers: reply, ...extra };
}

/** The body in pieces; the last one ends the stream, unless trailers follow. */
export function* bodyReplies(
  side: Side,
  body: Uint8Array,
  endOfStream: boolean,
): Generator<ProcessingResponse> {
  let start = 0;
  do {
    const end = Math.min(start + CHUNK_BYTES, body.length);
    const last = end === body.length;
    const piece = { body: body.subarray(start, end), end_of_stream: last && endOfStream };
    const reply = { response: { body_mutation: { streamed_response: piece } } };
    yield side === "request" ? { request_body: reply } : { response_body: reply };
    start = end;
  } while (start < body.length);
}

/** MCP has no trailers: nobody reads them here, so none goes on. */
export function trailersReply(side: Side, names: readonly string[]): ProcessingResponse {
  const reply = { header_mutation: encodeMutation({ set: [], remove: names }) };
  return side === "request" ? { request_trailers: reply } : { response_trailers: reply };
}

export function immediateReply(denial: HttpDenial): ProcessingResponse {
  return {
    immediate_response: {
      status: { code: denial.status },
      headers: encodeMutation({ set: denial.headers, remove: [] }),
      body: denial.body,
      details: "impedance_denied",
    },
    dynamic_metadata: encodeMetadata(denial.metadata),
  };
}

export function encodeMetadata(metadata: ProxyMetadata): Struct {
  const fields: Record<string, StructValue> = {
    decision_id: { stringValue: metadata.decision_id },
    allowed: { boolValue: metadata.allowed },
    principal: { stringValue: metadata.principal },
    reasons: {
      listValue: { values: metadata.reasons.map((reason) => ({ stringValue: reason })) },
    },
  };
  // Names come from a message: gRPC strings are UTF-8, and a lone surrogate would fail the reply.
  if (metadata.method !== null) fields.method = { stringValue: metadata.method.toWellFormed() };
  if (metadata.tool !== null) fields.tool = { stringValue: metadata.tool.toWellFormed() };
  return { fields: { [METADATA_NAMESPACE]: { structValue: { fields } } } };
}
