import type { Headers } from "../../core/exchange.ts";
import type { JsonDocument, JsonNode, JsonObject } from "../../core/json.ts";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import type { Direction, Message, Revision } from "../../core/message.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { isRevision, REVISION_WITHOUT_HEADER, revisionOf, rulesOf } from "../revision/revisions.ts";
import { type Envelope, readEnvelope } from "./envelope.ts";
import { batchTooLarge, invalidRequest, type ProtocolFault, unknownId } from "./fault.ts";
import { type MirroredBy, mirrorFault } from "./header-mirror.ts";
import { canonicalId, idTextOf } from "./id.ts";
import { type Names, NO_NAMES, readNames } from "./names.ts";

/** What is known of a request that waits for its answer. */
export interface PendingRequest {
  readonly method: string;
  readonly tool: string | null;
  readonly prompt: string | null;
  readonly uri: string | null;
  readonly cursor: string | null;
  readonly revision: Revision;
}

export interface ReadContext {
  readonly direction: Direction;
  /** `MCP-Protocol-Version` of the HTTP request, in both directions; null without one. */
  readonly headerRevision: string | null;
  /** Of the HTTP request; null where they are not to be compared with the body (any more). */
  readonly headers: Headers | null;
  /** Which arguments the headers mirror; none when absent. */
  readonly mirroredBy?: MirroredBy;
  /** Looks a request up by its id, spelled as `canonicalId` spells it. */
  requestOf(id: string): PendingRequest | undefined;
  readonly batchMaxMessages?: number;
}

export interface Messages {
  /** Whether they came as an array, and must be answered as one. */
  readonly batch: boolean;
  readonly messages: readonly Message[];
}

/**
 * Reads the messages of one HTTP body or one event (JSON-RPC 2.0; MCP, "Transports"). Whatever is
 * not exactly a message of the revision spoken is a fault that carries the protocol's own code.
 */
export function readMessages(
  document: JsonDocument,
  context: ReadContext,
): Result<Messages, ProtocolFault> {
  const { root } = document;
  if (root.kind === "array") return readBatch(document, root.items, context);
  const message = readMessage(document, root, context, false);
  if (message.ok) return ok({ batch: false, messages: [message.value] });
  return err({ ...message.error, id: idTextOf(document, root) });
}

function readBatch(
  document: JsonDocument,
  items: readonly JsonNode[],
  context: ReadContext,
): Result<Messages, ProtocolFault> {
  if (items.length === 0) return err(invalidRequest(""));
  const maxMessages = context.batchMaxMessages ?? DEFAULT_LIMITS.batchMaxMessages;
  if (items.length > maxMessages) return err(batchTooLarge());

  const messages: Message[] = [];
  const ids = new Set<string>();
  for (const [index, item] of items.entries()) {
    const message = readMessage(document, item, context, true);
    if (!message.ok) return err(inBatch(message.error, index));
    const { kind, id } = message.value;
    if (id !== null) {
      const key = `${kind === "request" ? "request" : "answer"} ${canonicalId(id)}`;
      if (ids.has(key)) return err(inBatch(invalidRequest("/id"), index));
      ids.add(key);
    }
    messages.push(message.value);
  }
  return ok({ batch: true, messages });
}

function inBatch(fault: ProtocolFault, index: number): ProtocolFault {
  return {
    ...fault,
    detail: fault.detail.startsWith("header") ? fault.detail : `/${index}${fault.detail}`,
  };
}

function readMessage(
  document: JsonDocument,
  node: JsonNode,
  context: ReadContext,
  isInBatch: boolean,
): Result<Message, ProtocolFault> {
  if (node.kind !== "object") return err(invalidRequest(""));
  const envelope = readEnvelope(node, context.direction);
  if (!envelope.ok) return envelope;
  const revision = spokenRevision(node, context);
  if (!revision.ok) return revision;
  if (isInBatch && !mayBeInBatch(revision.value, envelope.value)) return err(invalidRequest(""));

  const id = idTextOf(document, node);
  const names = namesOf(envelope.value, id, revision.value, context);
  if (!names.ok) return names;
  const { kind, payload } = envelope.value;
  const { method, tool, prompt, uri, cursor, revision: spoken } = names.value;
  const bytes = node.end - node.start;
  return ok({
    kind,
    id,
    method,
    tool,
    prompt,
    uri,
    cursor,
    revision: spoken,
    node,
    payload,
    bytes,
  });
}

/** What comes from the server speaks the revision of the request it belongs to. */
function spokenRevision(node: JsonObject, context: ReadContext): Result<Revision, ProtocolFault> {
  const { direction, headerRevision } = context;
  if (direction === "request") return revisionOf(headerRevision, node);
  const isKnown = headerRevision !== null && isRevision(headerRevision);
  return ok(isKnown ? headerRevision : REVISION_WITHOUT_HEADER);
}

/** `initialize` never is (2025-03-26, "Lifecycle"). */
function mayBeInBatch(revision: Revision, envelope: Envelope): boolean {
  return rulesOf(revision).hasBatches && envelope.method !== "initialize";
}

const NOT_MIRRORED: MirroredBy = () => [];

interface Subject extends Names {
  readonly method: string | null;
  readonly revision: Revision;
}

function namesOf(
  envelope: Envelope,
  id: string | null,
  revision: Revision,
  context: ReadContext,
): Result<Subject, ProtocolFault> {
  const { kind, method, payload } = envelope;
  if (method === null) return answeredNames(envelope, id, revision, context);
  const rules = rulesOf(revision);
  if (context.direction === "response") {
    const isUnheardOf = kind === "request" && !rules.hasServerRequests;
    if (isUnheardOf) return err(invalidRequest("/method"));
  } else if (context.headers !== null && rules.headersMirrorBody) {
    const isRequest = kind === "request";
    const mirrored = { isRequest, method, params: payload };
    const fault = mirrorFault(context.headers, mirrored, context.mirroredBy ?? NOT_MIRRORED);
    if (fault !== null) return err(fault);
  }
  const names = readNames(method, payload, rules);
  if (!names.ok) return names;
  const { tool, prompt, uri, cursor } = names.value;
  return ok({ method, tool, prompt, uri, cursor, revision });
}

/**
 * What the server answers is about what was asked. An error may answer what nobody asked: servers
 * that could not read a request put a made-up id in it. A result may not. What the client answers
 * has ids of the server's own, which say nothing here.
 */
function answeredNames(
  envelope: Envelope,
  id: string | null,
  revision: Revision,
  context: ReadContext,
): Result<Subject, ProtocolFault> {
  if (envelope.kind === "response") {
    if (!rulesOf(revision).hasServerRequests) return err(invalidRequest(""));
    return ok({ ...NO_NAMES, method: null, revision });
  }
  const request = id === null ? undefined : context.requestOf(canonicalId(id));
  if (request === undefined) {
    if (envelope.kind === "result") return err(unknownId());
    return ok({ ...NO_NAMES, method: null, revision });
  }
  const { method, tool, prompt, uri, cursor } = request;
  return ok({ method, tool, prompt, uri, cursor, revision: request.revision });
}
