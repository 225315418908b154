import { createKnownNames } from "../core/known-names.ts";

/** Of headers, attributes and filters. */
export const knownName = createKnownNames([
  ...[":authority", ":method", ":path", ":scheme", ":status"],
  ...["accept", "accept-encoding", "accept-language", "authorization", "cache-control"],
  ...["connection", "content-length", "content-type", "cookie", "date", "host", "last-event-id"],
  ...["mcp-method", "mcp-name", "mcp-protocol-version", "mcp-session-id", "origin", "referer"],
  ...["sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "server", "traceparent", "tracestate"],
  ...["transfer-encoding", "user-agent", "vary", "x-api-key", "x-envoy-decorator-operation"],
  ...["x-envoy-external-address", "x-envoy-internal", "x-envoy-original-path"],
  ...["x-envoy-upstream-service-time", "x-forwarded-client-cert", "x-forwarded-for"],
  ...["x-forwarded-host", "x-forwarded-proto", "x-request-id"],
  ...["connection.dns_san_peer_certificate", "connection.mtls"],
  ...["connection.requested_server_name", "connection.sha256_peer_certificate_digest"],
  ...["connection.subject_peer_certificate", "connection.uri_san_peer_certificate"],
  ...["request.id", "source.address", "xds.route_name"],
  ...["envoy.filters.http.ext_proc", "envoy.filters.http.jwt_authn"],
]);
