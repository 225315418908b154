import type { PolicyInput } from "../core/policy.ts";
import { extensionOf } from "./paths.ts";

const URI_MAX_BYTES = 256;
const SCHEME = /^([a-z][a-z0-9+.-]{0,31}):/i;
/** User info in front of a host, and what follows the path: both may carry a secret. */
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#\\]*@/i;
const QUERY_AND_FRAGMENT = /[?#].*$/s;

const NONE: PolicyInput["resource"] = { uri: null, scheme: null, ext: null };

/**
 * A resource as the policy may see it; a URI that is long, or no text, is told by its scheme and
 * extension alone.
 */
export function resourceFacts(
  uri: string | null,
  shown?: (text: string) => string,
): PolicyInput["resource"] {
  if (uri === null) return NONE;
  const path = uri.replace(USER_INFO, "$1").replace(QUERY_AND_FRAGMENT, "");
  const visible = shown === undefined ? path : shown(path);
  return {
    uri: isTellable(visible) ? visible : null,
    scheme: SCHEME.exec(uri)?.[1]?.toLowerCase() ?? null,
    ext: extensionOf(path.slice(path.lastIndexOf("/") + 1)),
  };
}

function isTellable(uri: string): boolean {
  return Buffer.byteLength(uri) <= URI_MAX_BYTES && uri.isWellFormed();
}
