import { type JsonNode, type JsonObject, member, stringMember } from "../../core/json.ts";
import type { Direction, MessageKind } from "../../core/message.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { invalidRequest, type ProtocolFault } from "./fault.ts";
import { hasRequestId } from "./id.ts";

/** A JSON-RPC object by its shape alone. */
export interface Envelope {
  readonly kind: Extract<MessageKind, "request" | "notification" | "response" | "result" | "error">;
  readonly method: string | null;
  /** `params`, `result` or `error`, whichever the kind has. */
  readonly payload: JsonNode | null;
}

/**
 * Classifies one object as JSON-RPC 2.0 has it, and MCP, which is stricter: no null id of a
 * request, parameters and results are objects, nothing beside the members named.
 */
export function readEnvelope(
  node: JsonObject,
  direction: Direction,
): Result<Envelope, ProtocolFault> {
  if (stringMember(node, "jsonrpc") !== "2.0") return err(invalidRequest("/jsonrpc"));
  const method = member(node, "method");
  return method === undefined ? readAnswer(node, direction) : readCall(node, method);
}

const CALL_MEMBERS: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params"]);
const ANSWER_MEMBERS: ReadonlySet<string> = new Set(["jsonrpc", "id", "result", "error"]);

function readCall(node: JsonObject, method: JsonNode): Result<Envelope, ProtocolFault> {
  if (method.kind !== "string" || method.value === "") return err(invalidRequest("/method"));
  if (!hasOnly(node, CALL_MEMBERS)) return err(invalidRequest(""));
  const params = member(node, "params");
  if (params !== undefined && params.kind !== "object") return err(invalidRequest("/params"));

  const isRequest = member(node, "id") !== undefined;
  if (isRequest && !hasRequestId(node)) return err(invalidRequest("/id"));
  const kind = isRequest ? "request" : "notification";
  return ok({ kind, method: method.value, payload: params ?? null });
}

function readAnswer(node: JsonObject, direction: Direction): Result<Envelope, ProtocolFault> {
  const result = member(node, "result");
  const error = member(node, "error");
  if (!hasOnly(node, ANSWER_MEMBERS)) return err(invalidRequest(""));
  if ((result === undefined) === (error === undefined)) return err(invalidRequest(""));

  const isServerError = direction === "response" && error !== undefined;
  if (!hasRequestId(node) && !(isServerError && hasNoId(node))) return err(invalidRequest("/id"));
  if (result !== undefined && result.kind !== "object") return err(invalidRequest("/result"));
  if (error !== undefined && !isErrorObject(error)) return err(invalidRequest("/error"));

  const payload = result ?? error ?? null;
  if (direction === "request") return ok({ kind: "response", method: null, payload });
  return ok({ kind: error === undefined ? "result" : "error", method: null, payload });
}

function hasOnly(node: JsonObject, allowed: ReadonlySet<string>): boolean {
  for (const { key } of node.members) if (!allowed.has(key.value)) return false;
  return true;
}

/** A server that could not read the request cannot name it (JSON-RPC 2.0 section 5). */
function hasNoId(node: JsonObject): boolean {
  const id = member(node, "id");
  return id === undefined || (id.kind === "literal" && id.value === null);
}

/** JSON-RPC 2.0 section 5.1. */
function isErrorObject(error: JsonNode): boolean {
  const code = member(error, "code");
  if (code?.kind !== "number" || !Number.isInteger(Number(code.text))) return false;
  return member(error, "message")?.kind === "string";
}
