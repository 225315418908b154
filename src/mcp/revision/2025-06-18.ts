import type { RevisionRules } from "./rules.ts";

/** MCP 2025-06-18: no batches; `MCP-Protocol-Version` on every request behind the handshake. */
export const REVISION_2025_06_18: RevisionRules = {
  id: "2025-06-18",
  isStateless: false,
  hasBatches: false,
  hasSessions: true,
  hasServerRequests: true,
  hasResourceSubscriptions: true,
  headersMirrorBody: false,
  needsResultType: false,
  needsCacheHints: false,
  unknownMethodStatus: 200,
};
