import { maskRawName } from "../audit/mask-text.ts";
import type { Message } from "../core/message.ts";
import type { SpanRequest } from "../core/trace.ts";
import { traceIn } from "../mcp/message/trace.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Scene } from "./scene.ts";

/** Numbers that nobody would take for one of a card or a telephone, and UUIDs. */
const PLAIN_ID = /^(?:-?\d{1,6}|"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")$/;

/**
 * What of a request a span may tell. Spans leave for where many people look: names that have the
 * form of one, pseudonyms for what tells people apart, and nothing else that a peer chose.
 */
export function spanRequestOf(
  messages: readonly Message[],
  { sessionId }: Pick<Scene, "sessionId">,
  { events }: { readonly events: Pick<Dependencies["events"], "subject"> },
): SpanRequest {
  const [first] = messages;
  const id = first?.id ?? null;
  return {
    method: shown(first?.method),
    tool: shown(first?.tool),
    prompt: shown(first?.prompt),
    requestId: id === null ? null : requestIdOf(id, events.subject),
    sessionId: sessionId === null ? null : events.subject(sessionId),
    revision: first?.revision ?? null,
    parent: traceIn(messages),
  };
}

function shown(name: string | null | undefined): string | null {
  if (typeof name !== "string") return null;
  const masked = maskRawName(name);
  return typeof masked === "string" ? masked : null;
}

/** JSON text; as a span has it, without quotes. */
function requestIdOf(id: string, subject: (text: string) => string): string {
  return PLAIN_ID.test(id) ? id.replaceAll('"', "") : subject(id);
}
