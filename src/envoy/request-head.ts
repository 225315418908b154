import type { Headers, Peer, RequestHead, VerifiedTokens } from "../core/exchange.ts";
import { decodeTraceparent, type TraceParent } from "../core/trace.ts";
import { decodeHeaders } from "./headers.ts";
import { peerFromCertificate } from "./peer-certificate.ts";
import type { CheckRequest, Metadata, ProcessingRequest, Struct, StructValue } from "./protocol.ts";
import { jsonOf } from "./struct.ts";
import { spiffeOf } from "./trust.ts";

const FILTER = "envoy.filters.http.ext_proc";
export const TRACEPARENT = "traceparent";
const JWT_FILTER = "envoy.filters.http.jwt_authn";

/**
 * The head of a request as ext_proc sends it. Who and where come from Envoy's attributes
 * (`request_attributes` of the filter), which a client cannot write; the route's name is the
 * server's id. `own` is the `traceparent` of the gRPC call, in which Envoy names its own span.
 */
export function decodeRequestHead(message: ProcessingRequest, own?: string): RequestHead {
  const headers = decodeHeaders(message.request_headers?.headers);
  const fields = message.attributes?.[FILTER]?.fields ?? {};
  const peer = peerFromAttributes(fields);
  return {
    method: headers.get(":method") ?? "",
    path: headers.get(":path") ?? "",
    headers,
    server: text(fields["xds.route_name"]),
    source: {
      ip: withoutPort(text(fields["source.address"])),
      spiffe: spiffeOf(peer),
      ...(peer && { peer }),
    },
    requestId: text(fields["request.id"]),
    ...verifiedBy(message.metadata_context),
    ...tracedBy(headers, own),
  };
}

function peerFromAttributes(fields: NonNullable<Struct["fields"]>): Peer | null {
  const isMutual = fields["connection.mtls"]?.boolValue;
  if (isMutual === false) return null;
  const peer = {
    uri: text(fields["connection.uri_san_peer_certificate"]),
    dns: text(fields["connection.dns_san_peer_certificate"]),
    subject: text(fields["connection.subject_peer_certificate"]),
    fingerprint: text(fields["connection.sha256_peer_certificate_digest"]),
  };
  // Whoever leaves `connection.mtls` out of request_attributes may have left others in.
  return isMutual === true || Object.values(peer).some((name) => name !== null) ? peer : null;
}

/** What the filter `jwt_authn` left behind (`metadata_options.forwarding_namespaces`). */
function verifiedBy(metadata: Metadata | undefined): { readonly verified?: VerifiedTokens } {
  const tokens = metadata?.filter_metadata?.[JWT_FILTER];
  return tokens === undefined ? {} : { verified: jsonOf(tokens) };
}

/** The same from ext_authz, where the server's id stands in `context_extensions.server`. */
export function decodeCheckHead(request: CheckRequest, own?: string): RequestHead {
  const { source, request: inner, context_extensions, metadata_context } = request.attributes ?? {};
  const http = inner?.http ?? {};
  const peer = peerFromCheck(source?.certificate ?? "", source?.principal ?? "");
  const headers = new Map(Object.entries(http.headers ?? {}));
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
    ...verifiedBy(metadata_context),
    ...tracedBy(headers, own),
  };
}

/** The proxy's word goes before the client's, who may write anything into a header. */
function tracedBy(headers: Headers, own: string | undefined): { readonly trace?: TraceParent } {
  const trace = decodeTraceparent(own) ?? decodeTraceparent(headers.get(TRACEPARENT));
  return trace === null ? {} : { trace };
}

/** The whole certificate (`include_peer_certificate`); without it a SPIFFE id is all that is told. */
function peerFromCheck(certificate: string, principal: string): Peer | null {
  if (certificate !== "") return peerFromCertificate(certificate);
  if (!principal.startsWith("spiffe://")) return null;
  return { uri: principal, dns: null, subject: null, fingerprint: null };
}

function text(value: StructValue | undefined): string | null {
  return value?.stringValue === undefined || value.stringValue === "" ? null : value.stringValue;
}

/** `127.0.0.1:58878` or `[::1]:58878` without its port. */
function withoutPort(address: string | null): string | null {
  if (address === null) return null;
  const bare = address.replace(/:\d+$/, "");
  return bare.startsWith("[") ? bare.slice(1, -1) : bare;
}
