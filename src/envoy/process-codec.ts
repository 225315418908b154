import type { CallCodec } from "./grpc-call.ts";
import type { Piece } from "./grpc-frames.ts";
import type { Attributes, HttpBody, HttpHeaders, ProcessingRequest, Struct } from "./protocol.ts";
import type { Reply } from "./replies.ts";
import { encodeReplies } from "./response-encoder.ts";
import { readEntryValue, readStruct } from "./struct-reader.ts";
import { WireReader } from "./wire-reader.ts";

const EXT_PROC_FILTER = "envoy.filters.http.ext_proc";
export const JWT_FILTER = "envoy.filters.http.jwt_authn";

const EMPTY = new Uint8Array(0);

/**
 * The messages of `ExternalProcessor/Process`, field by field as in `proto/`, which is what they are
 * tested against. The general way, by descriptors, makes two objects of each message, the library's
 * own and ours (docs/decisions/0028-calls-without-grpc-js.md).
 */
export function createProcessCodec(maxBytes: number): CallCodec<ProcessingRequest, Reply> {
  return { decode: decodeRequest, encode: encodeReplies, maxBytes };
}

/** Of the fields `request_headers` to `response_trailers`, of which a message has one. */
const FIRST_KIND = 16;
const AFTER_KINDS = 64;

/** What nobody reads is passed over. Throws on what is no such message. */
export function decodeRequest(sent: Piece): ProcessingRequest {
  const reader = new WireReader(sent);
  const message = new Received();
  let isKnown = false;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >= FIRST_KIND && tag < AFTER_KINDS) {
      // FAIL CLOSED: all but one of them would go by unread.
      if (isKnown) throw new RangeError("two messages in one");
      isKnown = true;
    }
    message.read(tag, reader);
  }
  return message;
}

type Mutable<Message> = { -readonly [Name in keyof Message]: Message[Name] };

/** Each has all fields, so that all are of one shape. */
class Received implements Mutable<ProcessingRequest> {
  request_headers: HttpHeaders | null = null;
  response_headers: HttpHeaders | null = null;
  request_body: HttpBody | null = null;
  response_body: HttpBody | null = null;
  request_trailers: readonly string[] | null = null;
  response_trailers: readonly string[] | null = null;
  attributes: Attributes | null = null;
  verified: Struct | null = null;
  observability_mode = false;
  request_body_mode = 0;
  response_body_mode = 0;

  read(tag: number, reader: WireReader): void {
    switch (tag) {
      case 18:
        this.request_headers = readHttpHeaders(reader);
        return;
      case 26:
        this.response_headers = readHttpHeaders(reader);
        return;
      case 34:
        this.request_body = readHttpBody(reader);
        return;
      case 42:
        this.response_body = readHttpBody(reader);
        return;
      case 50:
        this.request_trailers = readTrailers(reader);
        return;
      case 58:
        this.response_trailers = readTrailers(reader);
        return;
      case 66:
        this.#readMetadata(reader);
        return;
      case 74:
        this.#readAttributes(reader);
        return;
      case 80:
        this.observability_mode = reader.bool();
        return;
      case 90:
        this.#readProtocolConfig(reader);
        return;
      default:
        reader.skip(tag);
    }
  }

  /** envoy/config/core/v3/base.proto. */
  #readMetadata(reader: WireReader): void {
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === 10) this.#readFilterMetadata(reader);
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  #readFilterMetadata(reader: WireReader): void {
    const outer = reader.enter();
    if (reader.entryName() === JWT_FILTER) this.verified = reader.isAtEnd ? {} : readStruct(reader);
    reader.leave(outer);
  }

  #readAttributes(reader: WireReader): void {
    const outer = reader.enter();
    if (reader.entryName() === EXT_PROC_FILTER) {
      const attributes = new ReceivedAttributes();
      if (!reader.isAtEnd) attributes.read(reader);
      this.attributes = attributes;
    }
    reader.leave(outer);
  }

  #readProtocolConfig(reader: WireReader): void {
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === 8) this.request_body_mode = reader.varint();
      else if (tag === 16) this.response_body_mode = reader.varint();
      else reader.skip(tag);
    }
    reader.leave(outer);
  }
}

function readHttpHeaders(reader: WireReader): HttpHeaders {
  const headers = new Map<string, string>();
  let isEnd = false;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) readHeaderMap(reader, headers);
    else if (tag === 24) isEnd = reader.bool();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { headers, end_of_stream: isEnd };
}

function readHttpBody(reader: WireReader): HttpBody {
  let body: Uint8Array = EMPTY;
  let isEnd = false;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) body = reader.bytes();
    else if (tag === 16) isEnd = reader.bool();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { body, end_of_stream: isEnd };
}

function readTrailers(reader: WireReader): readonly string[] {
  const trailers = new Map<string, string>();
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) readHeaderMap(reader, trailers);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return [...trailers.keys()].filter((name) => name !== "");
}

function readHeaderMap(reader: WireReader, into: Map<string, string>): void {
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) readHeader(reader, into);
    else reader.skip(tag);
  }
  reader.leave(outer);
}

/** Header names arrive in lower case; values as raw bytes, read as UTF-8, or else as text. */
function readHeader(reader: WireReader, into: Map<string, string>): void {
  let name = "";
  let value = "";
  let raw = "";
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) name = reader.name();
    else if (tag === 18) value = reader.text();
    else if (tag === 26) raw = reader.text();
    else reader.skip(tag);
  }
  reader.leave(outer);
  const text = raw === "" ? value : raw;
  const before = into.get(name);
  into.set(name, before === undefined ? text : `${before}, ${text}`);
}

class ReceivedAttributes implements Mutable<Attributes> {
  route: string | null = null;
  address: string | null = null;
  requestId: string | null = null;
  isMutual: boolean | null = null;
  uri: string | null = null;
  dns: string | null = null;
  subject: string | null = null;
  fingerprint: string | null = null;

  /** google/protobuf/struct.proto. */
  read(reader: WireReader): void {
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === 10) this.#readField(reader);
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  #readField(reader: WireReader): void {
    const outer = reader.enter();
    const name = reader.entryName();
    switch (name) {
      case "xds.route_name":
        this.route = readTextValue(reader);
        break;
      case "source.address":
        this.address = readTextValue(reader);
        break;
      case "request.id":
        this.requestId = readTextValue(reader);
        break;
      case "connection.mtls":
        this.isMutual = readBoolValue(reader);
        break;
      case "connection.uri_san_peer_certificate":
        this.uri = readTextValue(reader);
        break;
      case "connection.dns_san_peer_certificate":
        this.dns = readTextValue(reader);
        break;
      case "connection.subject_peer_certificate":
        this.subject = readTextValue(reader);
        break;
      case "connection.sha256_peer_certificate_digest":
        this.fingerprint = readTextValue(reader);
        break;
      default:
    }
    reader.leave(outer);
  }
}

/** Null for any other value, and for an empty text. */
function readTextValue(reader: WireReader): string | null {
  return readEntryValue(reader).stringValue || null;
}

/** Null for any other value. */
function readBoolValue(reader: WireReader): boolean | null {
  return readEntryValue(reader).boolValue ?? null;
}
