import type { EditReceipt } from "../core/audit.ts";
import type { Finding, Severity } from "../core/finding.ts";
import { type JsonNode, member, stringMember } from "../core/json.ts";
import { joined } from "../core/lists.ts";
import type { Message } from "../core/message.ts";
import { assertNever } from "../core/result.ts";
import type { SchemaVerdict } from "../core/schema.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import { removeMembers } from "../mcp/json/remove-members.ts";
import { insertMember, replaceNode, type Splice } from "../mcp/json/splice.ts";
import type { Dependencies } from "./dependencies.ts";
import { apply, type Reading } from "./layer1.ts";
import type { Scene } from "./scene.ts";

/** What a tool's own schemas and limits say of one message. */
export interface ToolCheck {
  /** Why it cannot go on, whatever the policy says. */
  readonly refusal: RefusalCode | null;
  readonly findings: readonly Finding[];
}

const NOTHING: ToolCheck = { refusal: null, findings: [] };
const NO_CHECKS: readonly never[] = [];

function isAboutTool({ method, tool }: Message): boolean {
  return method === "tools/call" && tool !== null;
}

/**
 * Holds tool calls and their results against what the tool's definition, as last seen, says of
 * them. Calls are judged as the server would get them (`cleaned`: aliases are paths, secrets are
 * gone), results as the server sent them (`sent`), for what we do to them is not its doing. None
 * at all where no message is about a tool.
 */
export function checkTools(
  sent: Reading,
  cleaned: Reading,
  scene: Scene,
  dependencies: Dependencies,
): readonly ToolCheck[] {
  if (!sent.messages.some(isAboutTool)) return NO_CHECKS;
  return sent.messages.map((message, index) => {
    if (!isAboutTool(message)) return NOTHING;
    const prefix = sent.batch ? `/${index}` : "";
    const left = cleaned.messages[index] ?? message;
    if (message.kind === "result") return checkResult(message, prefix, scene, dependencies);
    const isCall = message.kind === "request" || message.kind === "notification";
    return isCall ? checkCall(message, left, prefix, scene, dependencies) : NOTHING;
  });
}

function checked(refusal: RefusalCode | null): ToolCheck {
  return refusal === null ? NOTHING : { refusal, findings: NO_CHECKS };
}

function checkCall(
  sent: Message,
  { tool: name, payload }: Message,
  prefix: string,
  { server }: Scene,
  { settings, catalogue, schemas, policy }: Dependencies,
): ToolCheck {
  const { schema, toolLimits } = settings(server);
  const { argumentsMaxBytes } = toolLimits(sent.tool ?? "");
  const refusal = isOver(member(sent.payload, "arguments"), argumentsMaxBytes)
    ? "arguments_too_large"
    : null;
  const isStrict = policy()?.rejectsUnknownArguments ?? false;
  if (schema.arguments === "off" && !isStrict) return checked(refusal);

  const tool = catalogue.tool(server, name ?? "");
  if (tool === null) {
    if (!isStrict) return checked(refusal);
    return { refusal, findings: [finding("unknown_schema", `${prefix}/params/name`)] };
  }
  const at = `${prefix}/params/arguments`;
  const node = member(payload, "arguments") ?? NO_ARGUMENTS;
  const unknown = schemas.unknownArguments(tool, node);
  const mismatches = findingsOf(schemas.arguments(tool, node), "arguments_mismatch", at);
  return { refusal, findings: joined(mismatches, unknownAt(unknown, isStrict, at)) };
}

/** `unknown` are pointers below `at`; null where nobody can tell. */
function unknownAt(
  unknown: readonly string[] | null,
  isStrict: boolean,
  at: string,
): readonly Finding[] {
  if (unknown === null) return isStrict ? [finding("unknown_schema", at)] : NO_CHECKS;
  if (unknown.length === 0) return NO_CHECKS;
  return unknown.map((below) => finding("unknown_argument", at + below));
}

const NO_ARGUMENTS: JsonNode = { kind: "object", start: 0, end: 2, members: [] };

function checkResult(
  { payload, tool: name }: Message,
  prefix: string,
  { server }: Scene,
  { settings, catalogue, schemas }: Dependencies,
): ToolCheck {
  const { schema, toolLimits } = settings(server);
  const { resultMaxBytes } = toolLimits(name ?? "");
  const refusal = isOver(payload ?? undefined, resultMaxBytes) ? "result_too_large" : null;
  const tool = schema.results === "off" ? null : catalogue.tool(server, name ?? "");
  if (tool === null || payload === null) return checked(refusal);
  const content = member(payload, "structuredContent");
  const at = `${prefix}/result`;
  if (content === undefined) {
    const isMissing = owesContent(payload) && schemas.hasResult(tool);
    return { refusal, findings: isMissing ? [finding("result_mismatch", at)] : [] };
  }
  const verdict = schemas.result(tool, content);
  const below = `${at}/structuredContent`;
  return { refusal, findings: findingsOf(verdict, "result_mismatch", below) };
}

/** Errors, questions back (2026-07-28) and tasks come without what the tool has still to give. */
function owesContent(payload: JsonNode): boolean {
  const resultType = stringMember(payload, "resultType") ?? "complete";
  return !isError(payload) && resultType === "complete" && member(payload, "task") === undefined;
}

function isError(payload: JsonNode): boolean {
  const value = member(payload, "isError");
  return value?.kind === "literal" && value.value === true;
}

function isOver(node: JsonNode | undefined, maxBytes: number | null): boolean {
  return node !== undefined && maxBytes !== null && node.end - node.start > maxBytes;
}

type SchemaFinding =
  | "arguments_mismatch"
  | "unknown_argument"
  | "result_mismatch"
  | "unusable_schema"
  | "unknown_schema"
  | "unjudged";

function findingsOf(
  verdict: SchemaVerdict,
  mismatch: "arguments_mismatch" | "result_mismatch",
  at: string,
): readonly Finding[] {
  switch (verdict.kind) {
    case "absent":
    case "fits":
      return [];
    case "differs":
      return [finding(mismatch, at + verdict.at)];
    case "unusable":
      return [finding("unusable_schema", at)];
    case "unjudged":
      return [finding("unjudged", at)];
    default:
      return assertNever(verdict);
  }
}

function finding(kind: SchemaFinding, at: string): Finding {
  const severity: Severity = kind === "unjudged" ? "medium" : "low";
  return { guard: "schema", kind, at, action: "found", severity, length: 0, value: null };
}

/** What was done to results, message by message, so that they stay what their schema says. */
export interface FittedReading {
  readonly reading: Reading;
  readonly receipts: readonly (readonly EditReceipt[])[];
}

/**
 * Where our own edits made `structuredContent` break its schema, a client would fail on it without
 * a word of the reason: it gets an error result with the cleaned text (design.md §4). Content that
 * did not fit before is the server's doing, and left to the client.
 */
export function fitResults(
  sent: Reading,
  edited: Reading,
  scene: Scene,
  dependencies: Dependencies,
  reread: (bytes: Uint8Array) => Reading,
): FittedReading {
  // Where nothing was edited there is nothing of our doing.
  if (edited === sent) return { reading: edited, receipts: NO_CHECKS };
  return fitEdited(sent, edited, scene, dependencies, reread);
}

function fitEdited(
  sent: Reading,
  edited: Reading,
  scene: Scene,
  dependencies: Dependencies,
  reread: (bytes: Uint8Array) => Reading,
): FittedReading {
  const broken = edited.messages.map((message, index) => {
    const before = sent.messages[index];
    return before !== undefined && isBroken(before, sent, message, edited, scene, dependencies);
  });
  if (!broken.includes(true)) return { reading: edited, receipts: [] };

  const pointers = broken.flatMap((isOne, index) => (isOne ? [contentAt(edited, index)] : []));
  const receipts = broken.map((isOne, index) => {
    const length = lengthOf(edited.messages[index]);
    const receipt = { rule: "schema/result_mismatch", action: "removed", length };
    return isOne ? [{ pointer: contentAt(edited, index), ...receipt }] : [];
  });
  const without = apply(edited, removeMembers(edited.document, pointers), reread);
  const splices = without.messages.flatMap((message, index) => {
    const given = member(edited.messages[index]?.payload, "structuredContent");
    return broken[index] ? errorSplices(message, textOf(edited, given)) : [];
  });
  return { reading: apply(without, splices, reread), receipts };
}

function isBroken(
  { kind, method, tool: name, payload }: Message,
  sent: Reading,
  message: Message,
  edited: Reading,
  { server, direction }: Scene,
  { catalogue, schemas }: Dependencies,
): boolean {
  if (direction === "request" || kind !== "result" || method !== "tools/call") return false;
  const before = member(payload, "structuredContent");
  const after = member(message.payload, "structuredContent");
  if (before === undefined || textOf(sent, before) === textOf(edited, after)) return false;
  const tool = catalogue.tool(server, name ?? "");
  return tool !== null && schemas.isBrokenBy(tool, before, after);
}

/** The result is an error from now on; without any content it tells what it has as text. */
function errorSplices({ payload }: Message, text: string): Splice[] {
  if (payload?.kind !== "object") return [];
  const flag = member(payload, "isError");
  const content = member(payload, "content");
  const block = `[{"type":"text","text":${JSON.stringify(text)}}]`;
  const isEmpty = content?.kind !== "array" || content.items.length === 0;
  const members = [
    ...(flag === undefined ? [insertMember(payload, "isError", "true")] : []),
    ...(content === undefined ? [insertMember(payload, "content", block)] : []),
  ];
  return [
    ...(flag === undefined ? [] : [replaceNode(flag, "true")]),
    ...(content !== undefined && isEmpty ? [replaceNode(content, block)] : []),
    ...members,
  ];
}

function contentAt({ batch }: Reading, index: number): string {
  return `${batch ? `/${index}` : ""}/result/structuredContent`;
}

function lengthOf(message: Message | undefined): number {
  const node = member(message?.payload, "structuredContent");
  return node === undefined ? 0 : node.end - node.start;
}

function textOf({ document }: Reading, node: JsonNode | undefined): string {
  if (node === undefined) return "";
  const { buffer, byteOffset } = document.bytes;
  return Buffer.from(buffer, byteOffset + node.start, node.end - node.start).toString("utf8");
}
