import type { Headers } from "../core/exchange.ts";
import type { Limits } from "../core/limits.ts";
import { ok } from "../core/result.ts";
import { parseJson } from "../mcp/json/parse.ts";
import { type ProtocolFault, protocolFaultOf } from "../mcp/message/fault.ts";
import type { MirroredBy } from "../mcp/message/header-mirror.ts";
import { type PendingRequest, type ReadContext, readMessages } from "../mcp/message/read.ts";
import type { Read } from "./judge.ts";
import { readingOf } from "./layer1.ts";

/** Reads what a client posted; `headers` are null where a message came without any. */
export function readRequest(
  headers: Headers | null,
  limits: Limits,
  mirroredBy: MirroredBy = NOT_MIRRORED,
): Read<ProtocolFault> {
  return reader(limits, {
    mirroredBy,
    direction: "request",
    headerRevision: headers?.get("mcp-protocol-version") ?? null,
    headers,
    requestOf: NOBODY_ASKED,
    batchMaxMessages: limits.batchMaxMessages,
  });
}

const NOBODY_ASKED = (): undefined => undefined;
const NOT_MIRRORED: MirroredBy = () => [];

/** Reads what a server sent; `requestOf` knows which request an answer belongs to. */
export function readResponse(
  limits: Limits,
  headerRevision: string | null,
  requestOf: (id: string) => PendingRequest | undefined,
): Read<ProtocolFault> {
  return reader(limits, {
    mirroredBy: NOT_MIRRORED,
    direction: "response",
    headerRevision,
    headers: null,
    requestOf,
    batchMaxMessages: limits.batchMaxMessages,
  });
}

function reader(limits: Limits, context: ReadContext): Read<ProtocolFault> {
  return (bytes, edited) => {
    const document = parseJson(bytes, limits);
    if (!document.ok) return { ok: false, error: protocolFaultOf(document.error) };
    const messages = readMessages(document.value, edited ? { ...context, headers: null } : context);
    if (!messages.ok) return messages;
    return ok(readingOf(document.value, messages.value));
  };
}
