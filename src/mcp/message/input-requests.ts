import {
  escapePointer,
  type JsonNode,
  type JsonObject,
  member,
  stringMember,
} from "../../core/json.ts";
import type { Message } from "../../core/message.ts";

/** What a server asks of the client inside another message. */
export interface InputRequest {
  /** A `request` without an id: the key it stands under is no id of JSON-RPC. */
  readonly message: Message;
  /** Where it stands in the message around it. */
  readonly pointer: string;
}

/**
 * The requests to the client that a server's message holds: `inputRequests` of a result that says
 * `input_required`, of a task and of its notification (MCP 2026-07-28, "Multi Round-Trip
 * Requests"; SEP-2663), and the pages an error −32042 wants opened (2025-11-25, "URL mode
 * elicitation"). Looked for whatever else the message says, since clients differ in what they
 * check. Null when there are requests that cannot be read, or too many.
 */
export function inputRequestsOf(
  message: Message,
  maxRequests: number,
): readonly InputRequest[] | null {
  switch (message.kind) {
    case "result":
      return keyedRequests(message, "/result/inputRequests", maxRequests);
    case "notification":
      return keyedRequests(message, "/params/inputRequests", maxRequests);
    case "error":
      return pagesToOpen(message);
    default:
      return [];
  }
}

function keyedRequests(
  message: Message,
  pointer: string,
  maxRequests: number,
): readonly InputRequest[] | null {
  const requests = member(message.payload, "inputRequests");
  if (requests === undefined) return [];
  if (requests.kind !== "object") return null;
  if (requests.members.length > maxRequests) return null;
  const read: InputRequest[] = [];
  for (const { key, value } of requests.members) {
    const method = stringMember(value, "method");
    const params = member(value, "params") ?? null;
    if (value.kind !== "object" || method === undefined) return null;
    if (params !== null && params.kind !== "object") return null;
    const at = `${pointer}/${escapePointer(key.value)}`;
    read.push({ message: requestOf(message, method, value, params), pointer: at });
  }
  return read;
}

const URL_ELICITATION_REQUIRED = -32042;

function pagesToOpen(message: Message): readonly InputRequest[] {
  const code = member(message.payload, "code");
  if (code?.kind !== "number" || Number(code.text) !== URL_ELICITATION_REQUIRED) return [];
  const data = member(message.payload, "data");
  if (data?.kind !== "object") return [];
  return [
    { message: requestOf(message, "elicitation/create", data, data), pointer: "/error/data" },
  ];
}

function requestOf(
  { revision }: Message,
  method: string,
  node: JsonObject,
  payload: JsonNode | null,
): Message {
  const names = { tool: null, prompt: null, uri: null, cursor: null };
  const bytes = node.end - node.start;
  return { kind: "request", id: null, method, ...names, revision, node, payload, bytes };
}
