import type { UpstreamCredentialSettings } from "../core/authentication.ts";
import type { UpstreamCredentials } from "../core/identity.ts";
import type { Clock } from "../core/ports.ts";
import { createFollowedFile } from "./followed-file.ts";

/** What of the caller's a server may see, and what it is shown of ours. */
export interface UpstreamAccess {
  /** Headers of the caller that do not go on, in lower case. */
  readonly withheld: readonly string[];
  readonly own: UpstreamCredentialSettings | null;
}

const VALUE_MAX_BYTES = 16 * 1024;
/** RFC 9110 section 5.5, without what would end the header or is no text. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * MCP 2026-07-28, "Access Token Privilege Restriction": a token that a caller sent is for us, and
 * goes to no server. What a server gets to see is its own.
 */
export function createUpstreamCredentials(
  accessOf: (server: string) => UpstreamAccess,
  clock: Pick<Clock, "monotonic">,
): UpstreamCredentials {
  const values = new Map<string, () => string | null>();

  function credentialOf(server: string, own: UpstreamCredentialSettings): string | null {
    const known = values.get(server) ?? reader(own, clock);
    values.set(server, known);
    const value = known();
    if (value === null) return null;
    return own.scheme === "" ? value : `${own.scheme} ${value}`;
  }

  return {
    replace({ server, headers, method }) {
      const { withheld, own } = accessOf(server ?? "");
      const remove = withheld.filter((name) => headers.has(name));
      // Anybody may ask what a page may (a CORS preflight): never with a credential of ours.
      if (own === null || method === "OPTIONS") return { set: [], remove };
      const value = credentialOf(server ?? "", own);
      // FAIL CLOSED: without it the server would take the call for somebody else's.
      if (value === null) return null;
      return { set: [[own.header, value]], remove: remove.filter((name) => name !== own.header) };
    },
  };
}

function reader(
  { value }: UpstreamCredentialSettings,
  clock: Pick<Clock, "monotonic">,
): () => string | null {
  if (value.kind === "fixed") {
    const text = decodeValue(Buffer.from(value.reveal()).toString("utf8"));
    return () => text;
  }
  const { path } = value;
  const options = { path, clock, maxBytes: VALUE_MAX_BYTES, decode: decodeValue };
  const file = createFollowedFile(options);
  return () => file.current();
}

function decodeValue(text: string): string | null {
  const value = text.replace(/\r?\n$/, "");
  return VALUE.test(value) ? value : null;
}
