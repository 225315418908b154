import { type Definitions, examplesOf, type Json, OPEN_KEY, type Schema } from "./examples.ts";

export type Side = "client" | "server";
export type Kind = "request" | "notification" | "result" | "error";

/** One kind of message that one side sends. */
export interface MessageType {
  /** Its name in the schema. */
  readonly type: string;
  readonly from: Side;
  readonly kind: Kind;
  /** Its own, or that of the request it answers; null for what may answer any. */
  readonly method: string | null;
  readonly examples: readonly Json[];
}

interface RevisionSchema {
  readonly definitions: Definitions;
  readonly revision: string;
}

const UNIONS = [
  ["ClientRequest", "client", "request"],
  ["ClientNotification", "client", "notification"],
  ["ClientResult", "client", "result"],
  ["ServerRequest", "server", "request"],
  ["ServerNotification", "server", "notification"],
  ["ServerResult", "server", "result"],
] as const satisfies readonly (readonly [string, Side, Kind])[];

/** Results that a schema defines and puts into no union: answers to `tools/call` as a task. */
const BESIDE = [["CreateTaskResult", "server", "tools/call"]] as const;

/** Every kind of message that a revision's schema knows, as whole JSON-RPC messages. */
export function messageTypes(definitions: Definitions, revision: string): readonly MessageType[] {
  const schema = { definitions, revision };
  const types = UNIONS.flatMap(([union, from, kind]) =>
    membersOf(union, definitions).map((name) => messageType(name, from, kind, schema)),
  );
  const beside = BESIDE.filter(([name]) => name in definitions).map(([name, from, method]) => ({
    ...messageType(name, from, "result", schema),
    method,
  }));
  const errors = (["client", "server"] as const).flatMap((from) =>
    errorNames(definitions).map((name) => messageType(name, from, "error", schema)),
  );
  return [...types, ...beside, ...errors];
}

function membersOf(union: string, definitions: Definitions): readonly string[] {
  const definition = definitions[union];
  if (definition === undefined) return [];
  if (definition.anyOf === undefined && definition.properties !== undefined) return [union];
  return (definition.anyOf ?? [definition]).map(({ $ref = "" }) => $ref.split("/").at(-1) ?? "");
}

/** The general one, and those with data of their own. */
function errorNames(definitions: Definitions): readonly string[] {
  const general = ["JSONRPCError", "JSONRPCErrorResponse"];
  return Object.keys(definitions).filter((name) => {
    if (general.includes(name)) return true;
    return name.endsWith("Error") && definitions[name]?.properties?.error !== undefined;
  });
}

/** Any text to the schemas, and ISO 8601 to readers. */
const TIME = "2026-07-28T10:00:00Z";

function messageType(
  type: string,
  from: Side,
  kind: Kind,
  { definitions, revision }: RevisionSchema,
): MessageType {
  const schema = definitions[type];
  if (schema === undefined) throw new Error(`${type} is not defined`);
  const fixed = {
    protocolVersion: revision,
    "io.modelcontextprotocol/protocolVersion": revision,
    supportedVersions: [revision],
    supported: [revision],
    lastModified: TIME,
    createdAt: TIME,
    lastUpdatedAt: TIME,
    resultType: type === "InputRequiredResult" ? "input_required" : "complete",
  };
  const examples = examplesOf(schema, definitions, fixed);
  const messages = examples.map((example) => enveloped(example, kind));
  return {
    type,
    from,
    kind,
    method: methodOf(type, schema, kind, definitions),
    examples: messages,
  };
}

function methodOf(
  type: string,
  schema: Schema,
  kind: Kind,
  definitions: Definitions,
): string | null {
  const own = schema.properties?.method?.const;
  if (typeof own === "string") return own;
  if (kind !== "result") return null;
  const request = definitions[type.replace(/Result$/, "Request")];
  const asked = request?.properties?.method?.const;
  if (typeof asked === "string") return asked;
  // What a tool or a prompt needs before it can answer.
  return type === "InputRequiredResult" ? "tools/call" : null;
}

/** Older schemas leave the envelope of JSON-RPC to the reader; no envelope is open. */
function enveloped(example: Json, kind: Kind): Json {
  const envelope = kind === "notification" ? { jsonrpc: "2.0" } : { jsonrpc: "2.0", id: 1 };
  if (kind === "result") return { ...envelope, result: example };
  const { [OPEN_KEY]: _open, ...members } = example as { readonly [key: string]: Json };
  return { ...members, ...envelope };
}
