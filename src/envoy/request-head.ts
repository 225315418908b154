import type { Headers, Peer, RequestHead, Source } from "../core/exchange.ts";
import { decodeTraceparent, type TraceParent } from "../core/trace.ts";
import { peerFromCertificate } from "./peer-certificate.ts";
import { JWT_FILTER } from "./process-codec.ts";
import type { Attributes, CheckRequest, ProcessingRequest } from "./protocol.ts";
import { jsonOf } from "./struct.ts";
import { spiffeOf } from "./trust.ts";

export const TRACEPARENT = "traceparent";

/**
 * The head of a request as ext_proc sends it. Who and where come from Envoy's attributes
 * (`request_attributes` of the filter), which a client cannot write; the route's name is the
 * server's id. `own` is the `traceparent` of the gRPC call, in which Envoy names its own span.
 */
export function decodeRequestHead(message: ProcessingRequest, own?: string): RequestHead {
  const { attributes, verified } = message;
  const headers = message.request_headers?.headers ?? NO_HEADERS;
  const head: Mutable<RequestHead> = {
    method: headers.get(":method") ?? "",
    path: headers.get(":path") ?? "",
    headers,
    server: attributes === null ? null : attributes.route,
    source: attributes === null ? NOWHERE : sourceOf(attributes),
    requestId: attributes === null ? null : attributes.requestId,
  };
  const trace = traceOf(headers, own);
  if (trace !== null) head.trace = trace;
  if (verified !== null) head.verified = jsonOf(verified);
  return head;
}

type Mutable<Message> = { -readonly [Name in keyof Message]: Message[Name] };

const NO_HEADERS: Headers = new Map();
const NOWHERE: Source = { ip: null, spiffe: null };

function sourceOf(attributes: Attributes): Source {
  const ip = withoutPort(attributes.address);
  const peer = peerFromAttributes(attributes);
  return peer === null ? { ip, spiffe: null } : { ip, spiffe: spiffeOf(peer), peer };
}

function peerFromAttributes(attributes: Attributes): Peer | null {
  const { isMutual, uri, dns, subject, fingerprint } = attributes;
  if (isMutual === false) return null;
  // Whoever leaves `connection.mtls` out of request_attributes may have left others in.
  const isNobody = uri === null && dns === null && subject === null && fingerprint === null;
  return isMutual === null && isNobody ? null : { uri, dns, subject, fingerprint };
}

/** The same from ext_authz, where the server's id stands in `context_extensions.server`. */
export function decodeCheckHead(request: CheckRequest, own?: string): RequestHead {
  const { source, request: inner, context_extensions, metadata_context } = request.attributes ?? {};
  const http = inner?.http ?? {};
  const peer = peerFromCheck(source?.certificate ?? "", source?.principal ?? "");
  const headers = new Map(Object.entries(http.headers ?? {}));
  const tokens = metadata_context?.filter_metadata?.[JWT_FILTER];
  const trace = traceOf(headers, own);
  return {
    method: http.method ?? "",
    path: http.path ?? "",
    headers,
    server: context_extensions?.server || null,
    source: {
      ip: source?.address?.socket_address?.address || null,
      spiffe: spiffeOf(peer),
      ...(peer && { peer }),
    },
    requestId: http.id || null,
    ...(tokens && { verified: jsonOf(tokens) }),
    ...(trace && { trace }),
  };
}

/** The proxy's word goes before the client's, who may write anything into a header. */
function traceOf(headers: Headers, own: string | undefined): TraceParent | null {
  return decodeTraceparent(own) ?? decodeTraceparent(headers.get(TRACEPARENT));
}

/** The whole certificate (`include_peer_certificate`); without it a SPIFFE id is all that is told. */
function peerFromCheck(certificate: string, principal: string): Peer | null {
  if (certificate !== "") return peerFromCertificate(certificate);
  if (!principal.startsWith("spiffe://")) return null;
  return { uri: principal, dns: null, subject: null, fingerprint: null };
}

/** `127.0.0.1:58878` or `[::1]:58878` without its port. */
function withoutPort(address: string | null): string | null {
  if (address === null) return null;
  const colon = address.lastIndexOf(":");
  const bare = isPort(address, colon) ? address.slice(0, colon) : address;
  return bare.startsWith("[") ? bare.slice(1, -1) : bare;
}

/** Whether nothing but digits stands behind the colon, and at least one. */
function isPort(address: string, colon: number): boolean {
  if (colon === -1 || colon === address.length - 1) return false;
  for (let index = colon + 1; index < address.length; index += 1) {
    const code = address.charCodeAt(index);
    if (code < DIGIT_0 || code > DIGIT_9) return false;
  }
  return true;
}

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
