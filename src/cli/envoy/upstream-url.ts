import { isIP } from "node:net";

import { err, ok, type Result } from "../../core/result.ts";

/** Where an MCP server is, as Envoy needs to know it. */
export interface UpstreamUrl {
  readonly secure: boolean;
  /** A name or an IP address, without the brackets of IPv6. */
  readonly host: string;
  readonly isAddress: boolean;
  readonly port: number;
  /** What the server expects in `Host`: without the port where it is the scheme's own. */
  readonly authority: string;
  readonly path: string;
}

/** A path that has one reading only: no query, no escapes, no empty or dot segments. */
const PLAIN_PATH = /^\/(?:[\w.~!$&'()*+,;=:@-]+\/)*[\w.~!$&'()*+,;=:@-]*$/;
const DOT_SEGMENT = /(?:^|\/)\.{1,2}(?:\/|$)/;

/** Reads the URL of an MCP server; the failure is a sentence for the operator. */
export function decodeUpstreamUrl(text: string): Result<UpstreamUrl, string> {
  const url = URL.parse(text);
  if (url === null) return err(`${text} is no URL; write http://HOST:PORT/PATH`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return err(`${text} is neither http:// nor https://`);
  }
  if (url.username !== "" || url.password !== "") {
    return err("the URL of an MCP server may not hold a user name or a password");
  }
  if (url.search !== "" || url.hash !== "") {
    return err("the URL of an MCP server may not have a query or a fragment");
  }
  if (!isPlainPath(url.pathname)) {
    return err(`the path ${url.pathname} must be plain: no escapes, no empty segments`);
  }
  const secure = url.protocol === "https:";
  const defaultPort = secure ? 443 : 80;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return ok({
    secure,
    host,
    isAddress: isIP(host) !== 0,
    port: url.port === "" ? defaultPort : Number(url.port),
    authority: url.host,
    path: url.pathname,
  });
}

/** Whether Envoy's route table, the policy and a server read this path alike. */
export function isPlainPath(path: string): boolean {
  return PLAIN_PATH.test(path) && !DOT_SEGMENT.test(path);
}
