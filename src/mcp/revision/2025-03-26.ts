import type { RevisionRules } from "./rules.ts";

/** MCP 2025-03-26: the first with Streamable HTTP, and the only one with JSON-RPC batches. */
export const REVISION_2025_03_26: RevisionRules = {
  id: "2025-03-26",
  isStateless: false,
  hasBatches: true,
  hasSessions: true,
  hasServerRequests: true,
  hasResourceSubscriptions: true,
  headersMirrorBody: false,
  needsResultType: false,
  needsCacheHints: false,
  unknownMethodStatus: 200,
};
