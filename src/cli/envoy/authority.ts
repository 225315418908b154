import { isIP } from "node:net";

import { err, ok, type Result } from "../../core/result.ts";

/** A place to listen on or to connect to. */
export interface Endpoint {
  /** A name or an IP address, without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT`, `:PORT` or `PORT`; without a host it is `defaultHost`. Port 0
 * asks the system for a free one. The failure is a sentence for the operator.
 */
export function decodeEndpoint(text: string, defaultHost = "127.0.0.1"): Result<Endpoint, string> {
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text);
  if (match === null)
    return err(`${text} is no HOST:PORT; an IPv6 address needs brackets: [::1]:8070`);
  const [, address, name, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return err(`${digits} is no port; the largest is 65535`);
  if (address !== undefined) {
    if (isIP(address) !== 6) return err(`[${address}] is no IPv6 address`);
    return ok({ host: address, port });
  }
  return ok({ host: name === undefined || name === "" ? defaultHost : name, port });
}

/** Writes an endpoint as it stands in a URL. */
export function encodeEndpoint(endpoint: Endpoint): string {
  const host = isIP(endpoint.host) === 6 ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}`;
}
