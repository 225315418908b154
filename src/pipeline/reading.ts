import type { RequestHead } from "../core/exchange.ts";
import type { Limits } from "../core/limits.ts";
import type { Direction } from "../core/message.ts";
import { ok } from "../core/result.ts";
import { parseJson } from "../mcp/json/parse.ts";
import { type ProtocolFault, protocolFaultOf } from "../mcp/message/fault.ts";
import { type PendingRequest, readMessages } from "../mcp/message/read.ts";
import type { Read } from "./judge.ts";

type Context = Parameters<typeof readMessages>[1];

/** Reads what a client posted. */
export function readRequest(head: RequestHead, limits: Limits): Read<ProtocolFault> {
  return reader(limits, {
    direction: "request",
    headerRevision: head.headers.get("mcp-protocol-version") ?? null,
    headers: head.headers,
    requestOf: () => undefined,
  });
}

/** Reads what a server sent; `requestOf` knows which request an answer belongs to. */
export function readResponse(
  limits: Limits,
  headerRevision: string | null,
  requestOf: (id: string) => PendingRequest | undefined,
): Read<ProtocolFault> {
  const headers = new Map<string, string>();
  return reader(limits, { direction: "response", headerRevision, headers, requestOf });
}

function reader(limits: Limits, context: Context & { direction: Direction }): Read<ProtocolFault> {
  return (bytes) => {
    const document = parseJson(bytes, limits);
    if (!document.ok) return { ok: false, error: protocolFaultOf(document.error) };
    const messages = readMessages(document.value, context);
    if (!messages.ok) return messages;
    return ok({ document: document.value, ...messages.value });
  };
}
