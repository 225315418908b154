import type { JsonObject, Leaf } from "../../../src/core/json.ts";
import { member, stringMember } from "../../../src/core/json.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import type { Message } from "../../../src/core/message.ts";
import type { Clock } from "../../../src/core/ports.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import type { InputSubject } from "../../../src/policy/input.ts";

/** 2026-11-21T05:46:40Z, a Saturday. */
export const NOW = 1_795_240_000_000;

export const stillClock: Clock = { now: () => NOW, monotonic: () => 0 };

/** A JSON object as the reader hands it on, with its leaves. */
export function jsonObject(value: unknown): { node: JsonObject; leaves: readonly Leaf[] } {
  return jsonText(JSON.stringify(value));
}

export function jsonText(text: string): { node: JsonObject; leaves: readonly Leaf[] } {
  const document = parseJson(new TextEncoder().encode(text), DEFAULT_LIMITS);
  if (!document.ok || document.value.root.kind !== "object") throw new Error("not an object");
  return { node: document.value.root, leaves: document.value.leaves };
}

/** A call of `tool`, with nothing special about it. */
export function call(tool: string, args: unknown, different: Partial<InputSubject> = {}) {
  return request("tools/call", { name: tool, arguments: args }, different);
}

export function request(
  method: string,
  params: unknown,
  different: Partial<InputSubject> = {},
): InputSubject {
  const { node, leaves } = jsonObject({ jsonrpc: "2.0", id: 1, method, params });
  const payload = member(node, "params") ?? null;
  const name = stringMember(payload, "name") ?? null;
  const message: Message = {
    kind: "request",
    id: "1",
    method,
    tool: method === "tools/call" ? name : null,
    prompt: method === "prompts/get" ? name : null,
    uri: stringMember(payload, "uri") ?? null,
    cursor: null,
    revision: "2025-11-25",
    node,
    payload,
    bytes: node.end - node.start,
  };
  return { ...subject(message, leaves), ...different };
}

export function result(value: unknown, different: Partial<InputSubject> = {}): InputSubject {
  const { node, leaves } = jsonObject({ jsonrpc: "2.0", id: 1, result: value });
  const message: Message = {
    kind: "result",
    id: "1",
    method: "tools/call",
    tool: "read_file",
    prompt: null,
    uri: null,
    cursor: null,
    revision: "2025-11-25",
    node,
    payload: member(node, "result") ?? null,
    bytes: node.end - node.start,
  };
  return { ...subject(message, leaves), phase: "response", ...different };
}

function subject(message: Message, leaves: readonly Leaf[]): InputSubject {
  return {
    phase: "request",
    message,
    server: "files",
    findings: [],
    leaves,
    principal: {
      id: "files",
      kind: "anonymous",
      roles: [],
      scopes: [],
      claims: {},
      authenticated_by: "none",
    },
    client: { name: "test", version: "1" },
    sessionId: null,
    source: { ip: "127.0.0.1", spiffe: null },
    userAgent: "test/1",
  };
}
