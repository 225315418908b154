import type { CallCodec } from "./grpc-call.ts";
import { framed } from "./grpc-frames.ts";
import type {
  HeaderMap,
  HeaderValue,
  HttpBody,
  HttpHeaders,
  Metadata,
  ProcessingRequest,
  ProcessingResponse,
  Struct,
  StructValue,
} from "./protocol.ts";
import { encodeResponse } from "./response-encoder.ts";
import {
  type Reader,
  type ReadField,
  readBytes,
  readEntry,
  readMessage,
  readNested,
  readText,
} from "./wire-reader.ts";

/**
 * The messages of `ExternalProcessor/Process`, field by field as in `proto/`, which is what they are
 * tested against. The general way, by descriptors, makes two objects of each message, the library's
 * own and ours (docs/decisions/0028-calls-without-grpc-js.md).
 */
export function createProcessCodec(
  maxBytes: number,
): CallCodec<ProcessingRequest, ProcessingResponse> {
  return {
    decode: decodeRequest,
    encode: (replies) => framed(replies.map(encodeResponse)),
    maxBytes,
  };
}

/** Throws on what is no such message. */
export function decodeRequest(bytes: Buffer): ProcessingRequest {
  return readMessage(bytes, processingRequest);
}

const processingRequest: ReadField<ProcessingRequest> = (into, tag, reader, depth) => {
  switch (tag) {
    case 18:
      into.request_headers = readNested(reader, depth, httpHeaders);
      return true;
    case 26:
      into.response_headers = readNested(reader, depth, httpHeaders);
      return true;
    case 34:
      into.request_body = readNested(reader, depth, httpBody);
      return true;
    case 42:
      into.response_body = readNested(reader, depth, httpBody);
      return true;
    case 50:
      into.request_trailers = readNested(reader, depth, httpTrailers);
      return true;
    case 58:
      into.response_trailers = readNested(reader, depth, httpTrailers);
      return true;
    case 66:
      into.metadata_context = readNested(reader, depth, metadata);
      return true;
    case 74:
      into.attributes = readEntry(into.attributes, reader, depth, readStruct);
      return true;
    case 80:
      into.observability_mode = reader.bool();
      return true;
    case 90:
      into.protocol_config = readNested(reader, depth, protocolConfig);
      return true;
    default:
      return false;
  }
};

const httpHeaders: ReadField<HttpHeaders> = (into, tag, reader, depth) => {
  if (tag === 10) into.headers = readNested(reader, depth, headerMap);
  else if (tag === 24) into.end_of_stream = reader.bool();
  else return false;
  return true;
};

const httpBody: ReadField<HttpBody> = (into, tag, reader) => {
  if (tag === 10) into.body = readBytes(reader);
  else if (tag === 16) into.end_of_stream = reader.bool();
  else return false;
  return true;
};

const httpTrailers: ReadField<{ readonly trailers?: HeaderMap }> = (into, tag, reader, depth) => {
  if (tag !== 10) return false;
  into.trailers = readNested(reader, depth, headerMap);
  return true;
};

const protocolConfig: ReadField<NonNullable<ProcessingRequest["protocol_config"]>> = (
  into,
  tag,
  reader,
) => {
  if (tag === 8) into.request_body_mode = reader.uint32();
  else if (tag === 16) into.response_body_mode = reader.uint32();
  else return false;
  return true;
};

/** envoy/config/core/v3/base.proto. */
const metadata: ReadField<Metadata> = (into, tag, reader, depth) => {
  if (tag !== 10) return false;
  into.filter_metadata = readEntry(into.filter_metadata, reader, depth, readStruct);
  return true;
};

const headerMap: ReadField<{ headers?: HeaderValue[] }> = (into, tag, reader, depth) => {
  if (tag !== 10) return false;
  into.headers ??= [];
  into.headers.push(readNested(reader, depth, headerValue));
  return true;
};

const headerValue: ReadField<HeaderValue> = (into, tag, reader) => {
  if (tag === 10) into.key = readText(reader);
  else if (tag === 18) into.value = readText(reader);
  else if (tag === 26) into.raw_value = readText(reader);
  else return false;
  return true;
};

/** google/protobuf/struct.proto. */
function readStruct(reader: Reader, depth: number): Struct {
  return readNested(reader, depth, struct);
}

const struct: ReadField<Struct> = (into, tag, reader, depth) => {
  if (tag !== 10) return false;
  into.fields = readEntry(into.fields, reader, depth, readValue);
  return true;
};

function readValue(reader: Reader, depth: number): StructValue {
  return readNested(reader, depth, structValue);
}

const structValue: ReadField<StructValue> = (into, tag, reader, depth) => {
  switch (tag) {
    case 17:
      into.numberValue = reader.double();
      return true;
    case 26:
      into.stringValue = readText(reader);
      return true;
    case 32:
      into.boolValue = reader.bool();
      return true;
    case 42:
      into.structValue = readStruct(reader, depth);
      return true;
    case 50:
      into.listValue = readNested(reader, depth, listValue);
      return true;
    default:
      return false;
  }
};

const listValue: ReadField<{ values?: StructValue[] }> = (into, tag, reader, depth) => {
  if (tag !== 10) return false;
  into.values ??= [];
  into.values.push(readValue(reader, depth));
  return true;
};
