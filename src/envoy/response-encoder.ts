import type { HeaderMutation, HttpDenial, ProxyMetadata } from "../core/exchange.ts";
import { OVERWRITE_IF_EXISTS_OR_ADD, VALUE_MAX_BYTES } from "./headers.ts";
import {
  type BodyReply,
  type HeadersReply,
  METADATA_NAMESPACE,
  type Reply,
  type Side,
} from "./replies.ts";
import { WireWriter } from "./wire-writer.ts";

/** One for all: nothing waits while it is written. */
const writer = new WireWriter();

/**
 * Replies behind one another, each a ProcessingResponse of
 * `proto/envoy/service/ext_proc/v3/external_processor.proto` in its frame of gRPC. Written from the
 * end: of everything the last comes first.
 */
export function encodeReplies(replies: readonly Reply[]): Buffer {
  writer.start();
  for (let index = replies.length - 1; index >= 0; index -= 1) {
    const reply = replies[index];
    const since = writer.written;
    if (reply !== undefined) processingResponse(reply, since);
    writer.endFrame(since);
  }
  return writer.finish();
}

/** Both sides have the same fields, one number apart. */
function fieldOf(side: Side, ofRequest: number): number {
  return side === "request" ? ofRequest : ofRequest + 1;
}

function processingResponse(reply: Reply, since: number): void {
  switch (reply.kind) {
    case "headers":
      headersResponse(reply, since);
      return;
    case "body":
      bodyResponse(reply, since);
      return;
    case "trailers":
      headerMutation({ set: [], remove: reply.names }, null);
      writer.end(1, since);
      writer.end(fieldOf(reply.side, 5), since);
      return;
    default:
      immediateResponse(reply.denial, since);
  }
}

function headersResponse(reply: HeadersReply, since: number): void {
  if (reply.metadata !== null) dynamicMetadata(reply.metadata, since);
  const response = writer.written;
  headerMutation(reply.headers, reply.contentLength);
  // CommonResponse in HeadersResponse.
  writer.end(2, response);
  writer.end(1, response);
  writer.end(fieldOf(reply.side, 1), response);
}

function bodyResponse({ side, body, endOfStream }: BodyReply, since: number): void {
  writer.bool(2, endOfStream);
  writer.bytes(1, body);
  // StreamedBodyResponse, BodyMutation and CommonResponse, one in the other.
  writer.end(3, since);
  writer.end(3, since);
  writer.end(1, since);
  writer.end(fieldOf(side, 3), since);
}

function immediateResponse(denial: HttpDenial, since: number): void {
  dynamicMetadata(denial.metadata, since);
  const response = writer.written;
  writer.text(5, "impedance_denied");
  writer.bytes(3, denial.body);
  const headers = writer.written;
  headerMutation({ set: denial.headers, remove: [] }, null);
  writer.end(2, headers);
  const status = writer.written;
  writer.number(1, denial.status);
  writer.end(1, status);
  writer.end(7, response);
}

function headerMutation({ set, remove }: HeaderMutation, contentLength: number | null): void {
  for (let index = remove.length - 1; index >= 0; index -= 1) {
    const name = remove[index];
    if (name !== undefined) writer.text(2, name);
  }
  if (contentLength !== null) headerValueOption("content-length", String(contentLength));
  for (let index = set.length - 1; index >= 0; index -= 1) {
    const header = set[index];
    if (header !== undefined) headerValueOption(header[0], header[1]);
  }
}

/** ext_proc takes values as bytes. */
function headerValueOption(name: string, value: string): void {
  const option = writer.written;
  writer.number(3, OVERWRITE_IF_EXISTS_OR_ADD);
  const header = writer.written;
  writer.headerValue(3, value, VALUE_MAX_BYTES);
  writer.text(1, name);
  writer.end(1, header);
  writer.end(1, option);
}

/** What `encodeMetadata` makes for ext_authz. */
function dynamicMetadata(metadata: ProxyMetadata, since: number): void {
  if (metadata.tool !== null) textField("tool", metadata.tool);
  if (metadata.method !== null) textField("method", metadata.method);
  reasonsField(metadata.reasons);
  textField("principal", metadata.principal);
  const allowed = writer.written;
  writer.bool(4, metadata.allowed);
  endEntry("allowed", allowed);
  textField("decision_id", metadata.decision_id);
  // The Struct of all fields in a Value, which is the one entry of another Struct.
  writer.end(5, since);
  endEntry(METADATA_NAMESPACE, since);
  writer.end(8, since);
}

function textField(name: string, value: string): void {
  const since = writer.written;
  writer.text(3, value);
  endEntry(name, since);
}

function reasonsField(reasons: readonly string[]): void {
  const since = writer.written;
  for (let index = reasons.length - 1; index >= 0; index -= 1) {
    const value = writer.written;
    writer.text(3, reasons[index] ?? "");
    writer.end(1, value);
  }
  writer.end(6, since);
  endEntry("reasons", since);
}

/** An entry of a Struct: all that was written since is its Value. */
function endEntry(name: string, since: number): void {
  writer.end(2, since);
  writer.text(1, name);
  writer.end(1, since);
}
