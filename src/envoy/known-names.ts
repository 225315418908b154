/**
 * Names that come with nearly every message. To know one by its bytes costs less than to make a text
 * of them, and a text that is the same one each time is found in a map without being compared.
 */
const NAMES = [
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
];

const PLACES = 512;

interface Known {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** By length and two characters; few share a place. */
const places: readonly (readonly Known[])[] = createPlaces();

function createPlaces(): Known[][] {
  const made: Known[][] = Array.from({ length: PLACES }, () => []);
  for (const name of NAMES) {
    const bytes = Buffer.from(name);
    made[placeOf(bytes, 0, bytes.length)]?.push({ name, bytes });
  }
  return made;
}

/** Undefined for any other. */
export function knownName(bytes: Buffer, start: number, end: number): string | undefined {
  if (start === end) return undefined;
  const place = places[placeOf(bytes, start, end)];
  if (place === undefined) return undefined;
  for (let index = 0; index < place.length; index += 1) {
    const known = place[index];
    if (known !== undefined && isAt(known.bytes, bytes, start, end)) return known.name;
  }
  return undefined;
}

function placeOf(bytes: Uint8Array, start: number, end: number): number {
  const middle = bytes[(start + end) >> 1] ?? 0;
  const last = bytes[end - 1] ?? 0;
  return ((end - start) * 31 + middle * 7 + last) % PLACES;
}

function isAt(name: Uint8Array, bytes: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (name[index] !== bytes[start + index]) return false;
  }
  return true;
}
