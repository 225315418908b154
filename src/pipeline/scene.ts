import type { RequestHead } from "../core/exchange.ts";
import { member, stringMember } from "../core/json.ts";
import type { Direction, Message } from "../core/message.ts";
import type { NameAnswers } from "../core/names.ts";
import { type Counts, NO_COUNTS, type PolicyInput, type Principal } from "../core/policy.ts";
import type { Session } from "../core/session.ts";
import type { ExchangeSpan } from "../core/trace.ts";
import { traceIn } from "../mcp/message/trace.ts";

/** Where a message is being judged: everything about it that is not in its own bytes. */
export interface Scene {
  readonly direction: Direction;
  readonly server: string;
  readonly principal: Principal;
  readonly sessionId: string | null;
  readonly counts: Counts;
  /** What the decision on a message is counted for; null where nothing is. */
  readonly session: Session | null;
  /** `MCP-Protocol-Version` of the request, which its response speaks too. */
  readonly headerRevision: string | null;
  readonly source: PolicyInput["source"];
  readonly requestId: string | null;
  readonly traceId: string | null;
  /** Absent where nobody wants to follow the exchange. */
  readonly span?: ExchangeSpan | undefined;
  /** What DNS said of the names in a request; absent where nobody asks it. */
  readonly names?: NameAnswers;
}

export function sceneOf(
  head: RequestHead,
  direction: Direction,
  server: string,
  principal: Principal,
  counts: Counts = NO_COUNTS,
  session: Session | null = null,
): Scene {
  const { headers, source } = head;
  const { ip, spiffe } = source;
  return {
    direction,
    server,
    principal,
    counts,
    session,
    sessionId: headers.get("mcp-session-id") ?? null,
    headerRevision: headers.get("mcp-protocol-version") ?? null,
    source: { ip, spiffe, user_agent: headers.get("user-agent") ?? null },
    requestId: head.requestId,
    traceId: head.trace?.traceId ?? null,
    span: head.span,
  };
}

/** The same, in the trace that its messages name, where their head names none. */
export function withTrace(scene: Scene, messages: readonly Message[]): Scene {
  if (scene.traceId !== null) return scene;
  const traceId = traceIn(messages)?.traceId ?? scene.span?.traceId ?? null;
  return traceId === null ? scene : { ...scene, traceId };
}

const NO_CLIENT: PolicyInput["client"] = { name: null, version: null };

/** Self-reported: `initialize` carries it in its params, the 2026 revision in every `_meta`. */
export function clientOf(message: Message): PolicyInput["client"] {
  const params = member(message.node, "params");
  if (params === undefined) return NO_CLIENT;
  const info =
    member(params, "clientInfo") ??
    member(member(params, "_meta"), "io.modelcontextprotocol/clientInfo");
  return {
    name: stringMember(info, "name") ?? null,
    version: stringMember(info, "version") ?? null,
  };
}
