import { Buffer, isUtf8 } from "node:buffer";
import type { HeaderMutation, Headers } from "../../core/exchange.ts";
import { type JsonNode, member, stringMember } from "../../core/json.ts";
import type { Message } from "../../core/message.ts";
import type { MirroredParameter } from "../../core/schema.ts";
import { isRevision, rulesOf } from "../revision/revisions.ts";
import { headerMismatch, type ProtocolFault } from "./fault.ts";

/** Where `Mcp-Name` gets its value: SEP-2243, and SEP-2663 for tasks. */
const NAME_SOURCE: ReadonlyMap<string, "name" | "uri" | "taskId"> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
] as const);

/** A request or notification as far as headers mirror it. */
export interface Mirrored {
  readonly isRequest: boolean;
  readonly method: string;
  readonly params: JsonNode | null;
}

/** The parameters of a tool that headers mirror, by the tool's name; none of a tool not known. */
export type MirroredBy = (tool: string) => readonly MirroredParameter[];

/**
 * Whether the headers say what the body says (MCP 2026-07-28, "Standard request headers"): a proxy
 * routes on them, a server acts on the body. Requests need them; a notification may go without.
 */
export function mirrorFault(
  headers: Headers,
  message: Mirrored,
  mirroredBy: MirroredBy,
): ProtocolFault | null {
  const isNeeded = message.isRequest;
  if (isNeeded && !headers.has("mcp-protocol-version")) {
    return headerMismatch("header mcp-protocol-version");
  }
  const method = withoutPadding(headers.get("mcp-method"));
  if (method === undefined ? isNeeded : method !== message.method) {
    return headerMismatch("header mcp-method");
  }
  const name = mirroredName(message.method, message.params);
  if (name === null) return null;
  const header = withoutPadding(headers.get("mcp-name"));
  if (header === undefined ? isNeeded : decodeMirrored(header) !== name) {
    return headerMismatch("header mcp-name");
  }
  if (message.method !== "tools/call") return null;
  const wrong = mirroredBy(name).find(
    (parameter) => !isMirrored(parameter, message.params, headers, isNeeded),
  );
  return wrong === undefined ? null : headerMismatch(`header ${wrong.header}`);
}

/** Of an argument that is null, or not there, no header is expected. */
function isMirrored(
  parameter: MirroredParameter,
  params: JsonNode | null,
  headers: Headers,
  isNeeded: boolean,
): boolean {
  const argument = argumentAt(params, parameter.path);
  const text = textOf(argument);
  if (text === null) return true;
  const header = withoutPadding(headers.get(parameter.header));
  if (header === undefined) return !isNeeded;
  const said = PLAIN.test(header) ? decodeMirrored(header) : null;
  const isNumber = parameter.isNumeric && argument?.kind === "number";
  if (isNumber && said !== null && DECIMAL.test(said)) return Number(said) === Number(text);
  return said === text;
}

/** The characters of a field value (RFC 9110 section 5.5), without those of another age. */
const PLAIN = /^[\t\x20-\x7e]*$/;
const DECIMAL = /^-?\d{1,32}(?:\.\d{1,32})?$/;

function argumentAt(params: JsonNode | null, path: readonly string[]): JsonNode | undefined {
  const start = member(params, "arguments");
  return path.reduce<JsonNode | undefined>((node, key) => member(node, key), start);
}

/** An argument as a header says it; null for what has none. */
function textOf(argument: JsonNode | undefined): string | null {
  if (argument?.kind === "string") return argument.value;
  if (argument?.kind === "literal") {
    return argument.value === null ? null : String(argument.value);
  }
  if (argument?.kind !== "number") return null;
  const value = Number(argument.text);
  const isExact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isExact ? String(value) : null;
}

const NOTHING: HeaderMutation = { set: [], remove: [] };

/**
 * What to do to the headers so that they say what edited messages say; nothing where they do. A
 * header whose argument is not there goes: what stands behind us would act on an empty word.
 */
export function mirrorHeaders(
  messages: readonly Message[],
  headers: Headers,
  mirroredBy: MirroredBy,
): HeaderMutation {
  const [message] = messages;
  if (message === undefined || message.method === null) return NOTHING;
  if (!rulesOf(message.revision).headersMirrorBody) return NOTHING;

  const set: (readonly [name: string, value: string])[] = [];
  const remove: string[] = [];
  const { method, payload } = message;
  const mirrored = [
    ["mcp-method", method],
    ["mcp-name", mirroredName(method, payload)],
  ] as const;
  for (const [name, value] of mirrored) {
    const given = withoutPadding(headers.get(name));
    if (given === undefined || value === null || decodeMirrored(given) === value) continue;
    set.push([name, encodeMirrored(value)]);
  }
  for (const parameter of declaredBy(message, mirroredBy)) {
    const { header, path } = parameter;
    const text = textOf(argumentAt(payload, path));
    if (!headers.has(header)) continue;
    if (text === null) remove.push(header);
    else if (!isMirrored(parameter, payload, headers, true)) {
      set.push([header, encodeMirrored(text)]);
    }
  }
  return { set, remove };
}

function declaredBy(message: Message, mirroredBy: MirroredBy): readonly MirroredParameter[] {
  const { method, tool, revision } = message;
  const isCall = method === "tools/call" && tool !== null;
  return isCall && rulesOf(revision).headersMirrorBody ? mirroredBy(tool) : [];
}

/** What `Mcp-Name` must say for this body; null when the method has no such header. */
function mirroredName(method: string, params: JsonNode | null): string | null {
  const source = NAME_SOURCE.get(method);
  return source === undefined ? null : (stringMember(params, source) ?? null);
}

/**
 * What `Mcp-Method` and `Mcp-Name` say where no body has to say the same, decoded, in lines: in
 * older revisions, without a message, and of a method without a name. Elsewhere a difference is a
 * fault, and what is cleaned in the body is rewritten here.
 */
export function unmirroredNames(headers: Headers, hasBody: boolean): string {
  if (!headers.has("mcp-method") && !headers.has("mcp-name")) return "";
  const method = withoutPadding(headers.get("mcp-method")) ?? "";
  const name = withoutPadding(headers.get("mcp-name")) ?? "";
  const version = withoutPadding(headers.get("mcp-protocol-version")) ?? "";
  const isCompared = hasBody && isRevision(version) && rulesOf(version).headersMirrorBody;
  const lines = isCompared ? [] : [method, decodeMirrored(method) ?? ""];
  if (!isCompared || !NAME_SOURCE.has(method)) lines.push(name, decodeMirrored(name) ?? "");
  return lines.join("\n").trim();
}

const PARAM_PREFIX = "mcp-param-";

/**
 * What headers of the kind that mirrors arguments say (`Mcp-Param-*`, MCP 2026-07-28), decoded, in
 * lines. Those are left out whose arguments stand in the message: they say the same, and will say
 * what becomes of it.
 */
export function unmirroredArguments(
  headers: Headers,
  message: Message | null,
  mirroredBy: MirroredBy,
): string {
  let mirrored: readonly string[] | null = null;
  const lines: string[] = [];
  for (const name of headers.keys()) {
    if (!name.startsWith(PARAM_PREFIX)) continue;
    mirrored ??= mirroredIn(message, mirroredBy);
    if (mirrored.includes(name)) continue;
    const value = headers.get(name) ?? "";
    lines.push(value, decodeMirrored(value) ?? "");
  }
  return lines.length === 0 ? "" : lines.join("\n");
}

/** The headers whose arguments stand in the message. */
function mirroredIn(message: Message | null, mirroredBy: MirroredBy): readonly string[] {
  if (message === null) return [];
  return declaredBy(message, mirroredBy)
    .filter(({ path }) => textOf(argumentAt(message.payload, path)) !== null)
    .map(({ header }) => header);
}

const SENTINEL_START = "=?base64?";
const SENTINEL_END = "?=";

/** The text a mirrored header stands for; null when its base64 is not canonical, or not UTF-8. */
export function decodeMirrored(value: string): string | null {
  if (!isSentinel(value)) return value;
  const base64 = value.slice(SENTINEL_START.length, -SENTINEL_END.length);
  const bytes = Buffer.from(base64, "base64");
  return bytes.toString("base64") === base64 && isUtf8(bytes) ? bytes.toString("utf8") : null;
}

/** A header value that decodes to `text`: as it is where HTTP carries it safely, else in base64. */
export function encodeMirrored(text: string): string {
  const isSafe = /^[\t\x20-\x7e]+$/.test(text) && text.trim() === text && !isSentinel(text);
  if (isSafe) return text;
  return `${SENTINEL_START}${Buffer.from(text).toString("base64")}${SENTINEL_END}`;
}

function isSentinel(value: string): boolean {
  const length = SENTINEL_START.length + SENTINEL_END.length;
  return value.length >= length && value.startsWith(SENTINEL_START) && value.endsWith(SENTINEL_END);
}

/** Without the optional white space around a field value (RFC 9110 section 5.5). */
function withoutPadding(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  let start = 0;
  let end = value.length;
  while (start < end && isPadding(value.charCodeAt(start))) start += 1;
  while (end > start && isPadding(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isPadding(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}
