import type { Leaf } from "../core/json.ts";

/**
 * Member names of JSON-RPC 2.0, of MCP's messages (the "Schema Reference" of each revision) and of
 * the JSON Schemas in them. Half of what a short message says are these.
 */
export const MEMBER_NAMES: ReadonlySet<string> = new Set(
  `jsonrpc id method params result error code message data
  _meta progressToken progress total cursor nextCursor
  name title description version icons src mimeType sizes size annotations
  protocolVersion capabilities clientInfo serverInfo instructions
  listChanged subscribe experimental logging completions sampling roots elicitation
  tools resources resourceTemplates prompts tasks
  arguments content contents structuredContent isError type text blob role messages
  uri uriTemplate resource audience priority lastModified
  ref argument context completion values hasMore
  requestId reason level logger
  modelPreferences systemPrompt includeContext temperature maxTokens stopSequences metadata
  hints costPriority speedPriority intelligencePriority model stopReason
  requestedSchema action task taskId status statusMessage createdAt lastUpdatedAt ttl pollInterval
  inputSchema outputSchema $schema properties required items enum default additionalProperties
  minimum maximum minLength maxLength minItems maxItems format anyOf oneOf allOf const
  readOnlyHint destructiveHint idempotentHint openWorldHint`.split(/\s+/),
);

/**
 * Whether a leaf is a word of the protocol, which says nothing of anybody: a name out of a fixed
 * list, letter for letter, or the version of JSON-RPC. No guard needs to look at it. What stands
 * under such a name is looked at as anything else.
 */
export function isVocabulary({ nature, name, text }: Leaf): boolean {
  if (nature === "key") return MEMBER_NAMES.has(text);
  return text === "2.0" && name === "jsonrpc";
}
