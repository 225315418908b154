import type { HeaderMutation, HttpDenial, ProxyMetadata } from "../core/exchange.ts";
import type { Struct, StructValue } from "./protocol.ts";

/** The two halves of an exchange; Envoy's message names differ by this prefix only. */
export type Side = "request" | "response";

/** `envoy.service.ext_proc.v3.ProcessingResponse`, as far as it is said. */
export type Reply = HeadersReply | BodyReply | TrailersReply | ImmediateReply;

export interface HeadersReply {
  readonly kind: "headers";
  readonly side: Side;
  readonly headers: HeaderMutation;
  /** Of the body that follows, which is set beside the other headers; null where none does. */
  readonly contentLength: number | null;
  readonly metadata: ProxyMetadata | null;
}

export interface BodyReply {
  readonly kind: "body";
  readonly side: Side;
  readonly body: Uint8Array;
  readonly endOfStream: boolean;
}

/** MCP has no trailers: nobody reads them here, so none goes on. */
interface TrailersReply {
  readonly kind: "trailers";
  readonly side: Side;
  readonly names: readonly string[];
}

/** A whole answer of our own. */
interface ImmediateReply {
  readonly kind: "immediate";
  readonly denial: HttpDenial;
}

/** One gRPC message carries at most this much of a body, so that buffers stay flat. */
const CHUNK_BYTES = 64 * 1024;

/** The namespace that the filter must list in `metadata_options.receiving_namespaces`. */
export const METADATA_NAMESPACE = "impedance";

/** The body in pieces; the last one ends the stream, unless trailers follow. */
export function bodyReplies(side: Side, body: Uint8Array, endOfStream: boolean): BodyReply[] {
  if (body.length <= CHUNK_BYTES) return [{ kind: "body", side, body, endOfStream }];
  const replies: BodyReply[] = [];
  for (let start = 0; start < body.length; start += CHUNK_BYTES) {
    const piece = body.subarray(start, start + CHUNK_BYTES);
    const isLast = start + CHUNK_BYTES >= body.length;
    replies.push({ kind: "body", side, body: piece, endOfStream: isLast && endOfStream });
  }
  return replies;
}

/** For ext_authz; `response-encoder.ts` writes the same. */
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
