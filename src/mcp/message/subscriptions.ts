import { type JsonString, member } from "../../core/json.ts";
import type { Message } from "../../core/message.ts";

/** A resource whose changes a client asks to hear of. */
export interface Subscription {
  /** What it would be up to 2025-11-25: a request of its own, here without an id. */
  readonly message: Message;
  /** Where it stands in the message around it. */
  readonly pointer: string;
}

/** The method of a subscription that is a request of its own. */
export const SUBSCRIBE = "resources/subscribe";

const NONE: readonly Subscription[] = [];
const POINTER = "/params/notifications/resourceSubscriptions";

/**
 * The resources that `subscriptions/listen` names (MCP 2026-07-28, "Subscriptions"). Null when they
 * cannot be read, or are too many.
 */
export function subscriptionsOf(
  message: Message,
  maxSubscriptions: number,
): readonly Subscription[] | null {
  if (message.method !== "subscriptions/listen") return NONE;
  const listed = member(member(message.payload, "notifications"), "resourceSubscriptions");
  if (listed === undefined) return NONE;
  if (listed.kind !== "array" || listed.items.length > maxSubscriptions) return null;
  const subscriptions: Subscription[] = [];
  for (const [index, uri] of listed.items.entries()) {
    if (uri.kind !== "string") return null;
    const pointer = `${POINTER}/${index}`;
    subscriptions.push({ message: requestOf(message, uri), pointer });
  }
  return subscriptions;
}

function requestOf({ revision }: Message, uri: JsonString): Message {
  const { start, end, value } = uri;
  const key = { kind: "string", value: "uri", start, end: start } as const;
  const params = { kind: "object", members: [{ key, value: uri }], start, end } as const;
  const names = { tool: null, prompt: null, uri: value, cursor: null };
  const about = { method: SUBSCRIBE, ...names, revision, bytes: end - start };
  return { kind: "request", id: null, ...about, node: params, payload: params };
}
