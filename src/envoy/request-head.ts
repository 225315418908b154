import type { RequestHead } from "../core/exchange.ts";
import { decodeHeaders } from "./headers.ts";
import type { CheckRequest, ProcessingRequest, StructValue } from "./protocol.ts";

const FILTER = "envoy.filters.http.ext_proc";

/**
 * The head of a request as ext_proc sends it. Who and where come from Envoy's attributes
 * (`request_attributes` of the filter), which a client cannot write; the route's name is the
 * server's id.
 */
export function decodeRequestHead(message: ProcessingRequest): RequestHead {
  const headers = decodeHeaders(message.request_headers?.headers);
  const fields = message.attributes?.[FILTER]?.fields ?? {};
  return {
    method: headers.get(":method") ?? "",
    path: headers.get(":path") ?? "",
    headers,
    server: text(fields["xds.route_name"]),
    source: {
      ip: withoutPort(text(fields["source.address"])),
      spiffe: text(fields["connection.uri_san_peer_certificate"]),
    },
    requestId: text(fields["request.id"]),
  };
}

/** The same from ext_authz, where the server's id stands in `context_extensions.server`. */
export function decodeCheckHead(request: CheckRequest): RequestHead {
  const { source, request: inner, context_extensions } = request.attributes ?? {};
  const http = inner?.http ?? {};
  const principal = source?.principal ?? "";
  return {
    method: http.method ?? "",
    path: http.path ?? "",
    headers: new Map(Object.entries(http.headers ?? {})),
    server: context_extensions?.server || null,
    source: {
      ip: source?.address?.socket_address?.address || null,
      spiffe: principal.startsWith("spiffe://") ? principal : null,
    },
    requestId: http.id || null,
  };
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
