import type { PolicyInput } from "../core/policy.ts";

/** Who vouches for each fact; of a fact that is not here nobody does. */
export type Provenance = PolicyInput["provenance"];

/** For whom a portable rule may ask, by fact. */
export const VOUCHERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["principal.id", ["TOKEN", "MTLS", "API_KEY", "PROXY", "NONE"]],
  ["tool", ["INVENTORY", "INVENTORY_GUESS"]],
  ["message", ["MCP_REQUEST", "MCP_RESPONSE"]],
  ["server.id", ["PROXY"]],
  ["source.ip", ["PROXY"]],
  ["source.user_agent", ["HTTP_HEADER"]],
  ["session.id", ["HTTP_HEADER"]],
  ["client", ["SELF_REPORTED"]],
]);

/** Of what every message brings, by its phase and the way in which its caller was known. */
export const PROVENANCE = {
  request: provenanceBy("MCP_REQUEST"),
  response: provenanceBy("MCP_RESPONSE"),
  list: provenanceBy("MCP_LISTING"),
};

function provenanceBy(message: string) {
  const facts = {
    message,
    "server.id": "PROXY",
    "source.ip": "PROXY",
    "source.user_agent": "HTTP_HEADER",
    "session.id": "HTTP_HEADER",
    client: "SELF_REPORTED",
  };
  return {
    jwt: { ...facts, "principal.id": "TOKEN" },
    mtls: { ...facts, "principal.id": "MTLS" },
    api_key: { ...facts, "principal.id": "API_KEY" },
    proxy: { ...facts, "principal.id": "PROXY" },
    none: { ...facts, "principal.id": "NONE" },
  };
}

/** With the inventory's word on the tool. */
export const WITH_TOOL = {
  INVENTORY: madeOnce((provenance) => ({ ...provenance, tool: "INVENTORY" })),
  INVENTORY_GUESS: madeOnce((provenance) => ({ ...provenance, tool: "INVENTORY_GUESS" })),
};

/** Of the call that an item of a listing stands for: the client would send it. */
export const ofItsCall = madeOnce((provenance) => ({ ...provenance, message: "MCP_REQUEST" }));

/** Of what a server asks of the client, whichever tool is running. */
export const ofServerRequests = madeOnce(({ tool: _, ...others }) => {
  return { ...others, message: "MCP_RESPONSE" };
});

/** There are a few dozen, and messages have them in common. */
function madeOnce(
  make: (provenance: Provenance) => Provenance,
): (provenance: Provenance) => Provenance {
  const made = new WeakMap<Provenance, Provenance>();
  return (provenance) => {
    const known = made.get(provenance);
    if (known !== undefined) return known;
    const one = make(provenance);
    made.set(provenance, one);
    return one;
  };
}
