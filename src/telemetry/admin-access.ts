import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

import { compileGlob } from "../core/glob.ts";

/** Who may ask the admin port for what. */
export interface AdminAccess {
  /** What operators show as a bearer token; null where there is none. */
  readonly token: Uint8Array | null;
  /** Whether `/metrics` needs the token, where there is one. */
  readonly metrics: "token" | "open";
  /** Globs over the hosts by which it may be asked, beside its own addresses. */
  readonly allowedHosts: readonly string[];
}

/** `open`: for everybody; `guarded`: where there is a token, only with it. */
export type Need = "open" | "guarded";

export interface AccessRefusal {
  readonly status: 401 | 403;
  /** Counted under this. */
  readonly reason: "host" | "origin" | "token";
  readonly text: string;
}

/** Only loopback, everything for everybody there: what holds where nothing is configured. */
export const OPEN_ACCESS: AdminAccess = { token: null, metrics: "open", allowedHosts: [] };

/** Says why a request may not be answered; null where it may. */
export interface Porter {
  /** Whoever asks, and for whatever. */
  visitor(request: IncomingMessage): AccessRefusal | null;
  credential(request: IncomingMessage, need: Need): AccessRefusal | null;
}

export function createPorter(host: string, access: AdminAccess): Porter {
  const hosts = access.allowedHosts.map((pattern) => compileGlob(pattern.toLowerCase()));
  const expected = access.token === null ? null : digest(access.token);

  function isOwnHost(request: IncomingMessage): boolean {
    const whole = request.headers.host ?? "";
    const name = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(whole);
    const asked = (name?.[1] ?? name?.[2])?.toLowerCase();
    if (asked === undefined) return false;
    if (asked === "localhost" || asked === "127.0.0.1" || asked === "::1") return true;
    if (asked === host.toLowerCase() || hosts.some((glob) => glob.fits(asked))) return true;
    const local = request.socket.localAddress?.replace(/^::ffff:/, "");
    return isIP(asked) !== 0 && asked === local;
  }

  return {
    visitor(request) {
      if (!isOwnHost(request)) return refusal("host", "this is not the host you asked for");
      return isFromPage(request) ? refusal("origin", "not for web pages") : null;
    },
    credential(request, need) {
      if (need === "open" || (need === "guarded" && expected === null)) return null;
      // FAIL CLOSED: where no token was configured, none is the right one.
      if (expected === null)
        return refusal("token", "needs an admin token, and none is configured");
      if (showsToken(request.headers.authorization, expected)) return null;
      return { status: 401, reason: "token", text: "needs the admin token" };
    },
  };
}

/**
 * A web page can make a browser ask a loopback port, under a name of the page's own that resolves
 * to it (DNS rebinding), which the host tells; or under ours, which the browser tells: with a page
 * behind it, it says so in `Origin` or in `Sec-Fetch-Site`. There is no page that may.
 */
function isFromPage({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  return headers.origin !== undefined || (site !== undefined && site !== "none");
}

/** RFC 6750 section 2.1 */
const BEARER = /^Bearer +([\x21-\x7e]{1,4096}) *$/i;

/** Of hashes, so that neither the time nor the length tells anything of the token. */
export function showsToken(authorization: string | undefined, expected: Uint8Array): boolean {
  const shown = BEARER.exec(authorization ?? "")?.[1];
  return shown !== undefined && timingSafeEqual(digest(shown), expected);
}

/** What is kept of a token to compare with. */
export function digest(secret: Uint8Array | string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function refusal(reason: AccessRefusal["reason"], text: string): AccessRefusal {
  return { status: 403, reason, text };
}
