import type { Headers } from "../core/exchange.ts";
import { compileGlob } from "../core/glob.ts";
import type { RefusalCode } from "../decision/refusals.ts";

/** Looks at where a request believes it is going, and which page sent it. */
export interface Doorkeeper {
  /** Why the request may not come in; null if it may. */
  refusal(headers: Headers): RefusalCode | null;
}

export interface DoorkeeperOptions {
  /** Globs over hosts, with a port or for any; null lets every host pass. */
  readonly hosts: readonly string[] | null;
  /** Globs over origins, with a port or for any. */
  readonly origins: readonly string[];
}

/**
 * Against DNS rebinding (MCP 2025-03-26 and later, "Transports", security warning): a page that a
 * browser fetched elsewhere can point its own name at this machine, but it cannot change what the
 * browser writes into `Host` and `Origin`. Programs that are no browsers send no `Origin`.
 */
export function createDoorkeeper({ hosts, origins }: DoorkeeperOptions): Doorkeeper {
  const isHost = hosts === null ? () => true : fitting(hosts, HOST);
  const isOrigin = fitting(origins, ORIGIN);
  return {
    refusal(headers) {
      // FAIL CLOSED: without a host there is none that is allowed.
      if (!isHost(headers.get(":authority") ?? headers.get("host") ?? "")) return "host_refused";
      const origin = headers.get("origin");
      return origin === undefined || isOrigin(origin) ? null : "origin_refused";
    },
  };
}

/** Whether a text fits one of the globs, as it is or without its port. Case does not matter. */
function fitting(patterns: readonly string[], form: RegExp): (text: string) => boolean {
  const globs = patterns.map((pattern) => compileGlob(pattern.toLowerCase()));
  return (text) => {
    if (!form.test(text)) return false;
    const whole = text.toLowerCase();
    const bare = whole.replace(PORT, "");
    return globs.some((glob) => glob.fits(whole) || glob.fits(bare));
  };
}

/** One and nothing beside it: of two, or with a path, a glob might fit what is no host. */
const HOST = /^[^\s,/?#@\\]+$/;
const ORIGIN = /^(?:null|[a-z][a-z0-9+.-]*:\/\/[^\s,/?#@\\]+)$/i;
const PORT = /:\d{1,5}$/;
