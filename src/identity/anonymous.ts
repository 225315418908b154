import { type Identity, type IdentityPort, NO_CREDENTIAL } from "../core/identity.ts";

/**
 * Callers that nobody vouches for are one principal for each server: what one of them may do or
 * see, all of them may. A request that belongs to no server has no principal, and is refused.
 */
export function createAnonymousIdentity(): IdentityPort {
  const remembered = new Map<string, Identity>();
  return {
    identify({ server }) {
      if (server === null) return REFUSED;
      const known = remembered.get(server) ?? anonymousAt(server);
      if (remembered.size < SERVERS_REMEMBERED_MAX) remembered.set(server, known);
      return known;
    },
  };
}

const SERVERS_REMEMBERED_MAX = 1024;
const REFUSED: Identity = { kind: "refused", code: "server_unknown", challenge: null };

function anonymousAt(server: string): Identity {
  return {
    kind: "known",
    principal: {
      id: `anonymous@${server}`,
      kind: "anonymous",
      roles: [],
      scopes: [],
      claims: {},
      authenticated_by: "none",
    },
    credential: NO_CREDENTIAL,
  };
}
