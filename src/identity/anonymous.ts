import type { Identity, RequestHead } from "../core/exchange.ts";
import type { IdentityPort } from "../core/ports.ts";

/**
 * Callers that nobody vouches for are one principal for each server: what one of them may do or
 * see, all of them may. A request that belongs to no server has no principal, and is refused.
 */
export function createAnonymousIdentity(): IdentityPort {
  return { identify: (head) => Promise.resolve(identify(head)) };
}

function identify(head: RequestHead): Identity {
  if (head.server === null) return { kind: "refused", code: "server_unknown" };
  return {
    kind: "known",
    principal: {
      id: `anonymous@${head.server}`,
      kind: "anonymous",
      roles: [],
      scopes: [],
      claims: {},
      authenticated_by: "none",
    },
  };
}
