import { CANARIES } from "./canaries.ts";

export const SECRET = CANARIES["access key"];
/** What stands in its place. */
export const REDACTED = "[REDACTED:aws-access-key-id]";

/** Headers of a client of 2025-11-25 that sends JSON; `call` adds them when a body is an object. */
export const JSON_HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

/** A `tools/call`, by default of a harmless tool. */
export function toolCall(
  id: number | string,
  args: { readonly [name: string]: unknown } = { text: "hello" },
  name = "echo",
) {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}

/** A `tools/call` result with one piece of text. */
export function toolResult(id: number | string, text: string) {
  return { jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } };
}

/** A progress notification, as a server sends it while a call runs. */
export function progress(step: number) {
  const params = { progressToken: 1, progress: step, message: `step ${step}` };
  return { jsonrpc: "2.0", method: "notifications/progress", params };
}

/** A result that the policy denies: a member's name cannot be cleaned of its secret. */
export function deniedResult(id: number | string) {
  return { jsonrpc: "2.0", id, result: { content: [], structuredContent: { [SECRET]: true } } };
}

/** What a server asks of the client, which the policy denies. */
export function samplingRequest(id: number | string) {
  const messages = [{ role: "user", content: { type: "text", text: "hello" } }];
  return { jsonrpc: "2.0", id, method: "sampling/createMessage", params: { messages } };
}
