import type { RevisionRules } from "./rules.ts";

/** MCP 2025-11-25: the last one with a handshake; tasks are an experiment in it. */
export const REVISION_2025_11_25: RevisionRules = {
  id: "2025-11-25",
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
