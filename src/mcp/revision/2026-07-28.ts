import type { RevisionRules } from "./rules.ts";

/** MCP 2026-07-28: stateless; headers mirror the body so that a proxy can route on them. */
export const REVISION_2026_07_28: RevisionRules = {
  id: "2026-07-28",
  isStateless: true,
  hasBatches: false,
  hasSessions: false,
  hasServerRequests: false,
  hasResourceSubscriptions: false,
  headersMirrorBody: true,
  needsResultType: true,
  needsCacheHints: true,
  unknownMethodStatus: 404,
};
