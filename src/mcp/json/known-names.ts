import { createKnownNames } from "../../core/known-names.ts";

/** Of members that most messages have. */
export const knownName = createKnownNames([
  ...["jsonrpc", "id", "method", "params", "result", "error", "code", "message", "data"],
  ...["name", "arguments", "content", "type", "text", "uri", "isError", "structuredContent"],
  ...["_meta", "progressToken", "cursor", "nextCursor", "tools", "description", "inputSchema"],
  ...["properties", "required", "path", "query", "title", "mimeType"],
]);
