import protobuf from "protobufjs/minimal.js";
import type {
  BodyResponse,
  HeadersResponse,
  HeaderValueOption,
  ProcessingResponse,
  Struct,
  StructValue,
  WireHeaderMutation,
} from "./protocol.ts";

type Writer = protobuf.Writer;

/** A message of `proto/envoy/service/ext_proc/v3/external_processor.proto`. */
export function encodeResponse(reply: ProcessingResponse): Uint8Array {
  const writer = protobuf.Writer.create();
  if (reply.request_headers) within(writer, 1, reply.request_headers, headersResponse);
  if (reply.response_headers) within(writer, 2, reply.response_headers, headersResponse);
  if (reply.request_body) within(writer, 3, reply.request_body, bodyResponse);
  if (reply.response_body) within(writer, 4, reply.response_body, bodyResponse);
  if (reply.request_trailers) within(writer, 5, reply.request_trailers, trailersResponse);
  if (reply.response_trailers) within(writer, 6, reply.response_trailers, trailersResponse);
  if (reply.immediate_response) within(writer, 7, reply.immediate_response, immediateResponse);
  if (reply.dynamic_metadata) within(writer, 8, reply.dynamic_metadata, struct);
  return writer.finish();
}

type Write<Message> = (writer: Writer, message: Message) => void;

const WIRE_TYPE_BITS = 3;
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;

/** A message as a field of another. */
function within<Message>(
  writer: Writer,
  field: number,
  message: Message,
  write: Write<Message>,
): void {
  delimited(writer, field).fork();
  write(writer, message);
  writer.ldelim();
}

function headersResponse(writer: Writer, { response }: HeadersResponse): void {
  within(writer, 1, response, commonResponse);
}

function commonResponse(writer: Writer, response: HeadersResponse["response"]): void {
  if (response.header_mutation) within(writer, 2, response.header_mutation, headerMutation);
}

function bodyResponse(writer: Writer, { response }: BodyResponse): void {
  const piece = response.body_mutation.streamed_response;
  // CommonResponse, BodyMutation and StreamedBodyResponse, one in the other.
  delimited(writer, 1).fork();
  delimited(writer, 3).fork();
  delimited(writer, 3).fork();
  delimited(writer, 1).bytes(piece.body);
  writer.uint32(tag(2, VARINT)).bool(piece.end_of_stream);
  writer.ldelim().ldelim().ldelim();
}

type TrailersResponse = NonNullable<ProcessingResponse["request_trailers"]>;

function trailersResponse(writer: Writer, { header_mutation }: TrailersResponse): void {
  within(writer, 1, header_mutation, headerMutation);
}

type ImmediateResponse = NonNullable<ProcessingResponse["immediate_response"]>;

function immediateResponse(writer: Writer, reply: ImmediateResponse): void {
  within(writer, 1, reply.status, (inner, { code }) => inner.uint32(tag(1, VARINT)).int32(code));
  within(writer, 2, reply.headers, headerMutation);
  delimited(writer, 3).bytes(reply.body);
  delimited(writer, 5).string(reply.details);
}

function headerMutation(writer: Writer, mutation: WireHeaderMutation): void {
  for (const option of mutation.set_headers) within(writer, 1, option, headerValueOption);
  for (const name of mutation.remove_headers) delimited(writer, 2).string(name);
}

function headerValueOption(writer: Writer, { header, append_action }: HeaderValueOption): void {
  delimited(writer, 1).fork();
  delimited(writer, 1).string(header.key);
  if ("raw_value" in header) delimited(writer, 3).bytes(header.raw_value);
  else delimited(writer, 2).string(header.value);
  writer.ldelim();
  writer.uint32(tag(3, VARINT)).int32(append_action);
}

/** google/protobuf/struct.proto. */
function struct(writer: Writer, { fields = {} }: Struct): void {
  for (const [name, value] of Object.entries(fields)) {
    delimited(writer, 1).fork();
    delimited(writer, 1).string(name);
    within(writer, 2, value, structValue);
    writer.ldelim();
  }
}

function structValue(writer: Writer, value: StructValue): void {
  if (value.numberValue !== undefined) writer.uint32(tag(2, FIXED_64)).double(value.numberValue);
  if (value.stringValue !== undefined) delimited(writer, 3).string(value.stringValue);
  if (value.boolValue !== undefined) writer.uint32(tag(4, VARINT)).bool(value.boolValue);
  if (value.structValue !== undefined) within(writer, 5, value.structValue, struct);
  if (value.listValue !== undefined) {
    within(writer, 6, value.listValue, (inner, { values = [] }) => {
      for (const one of values) within(inner, 1, one, structValue);
    });
  }
}

/** The head of a field that has a length and so many bytes: a text, bytes, or a message. */
function delimited(writer: Writer, field: number): Writer {
  return writer.uint32(tag(field, LENGTH_DELIMITED));
}

function tag(field: number, wire: number): number {
  return (field << WIRE_TYPE_BITS) | wire;
}
