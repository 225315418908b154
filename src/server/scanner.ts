import type { Config } from "../config/config.ts";
import { type JsonNode, member, stringMember } from "../core/json.ts";
import type { Direction } from "../core/message.ts";
import { err, ok, type Result } from "../core/result.ts";
import { faultReason } from "../decision/faults.ts";
import type { FaultListener } from "../guard/plugins/plugin.ts";
import { find } from "../mcp/json/find.ts";
import { parseJson } from "../mcp/json/parse.ts";
import type { ProtocolFault } from "../mcp/message/fault.ts";
import type { PendingRequest } from "../mcp/message/read.ts";
import type { Dependencies } from "../pipeline/dependencies.ts";
import { type Judgement, judge } from "../pipeline/judge.ts";
import { readRequest, readResponse } from "../pipeline/reading.ts";
import { type Scene, sceneOf } from "../pipeline/scene.ts";
import { createOfflinePipeline } from "./offline.ts";
import { systemClock } from "./system.ts";

/** Judges one line of `impedance scan`; answers are JSON lines, without the line break. */
export interface Scanner {
  scan(line: Uint8Array): Promise<Result<string, string>>;
}

export interface ScanOptions {
  readonly direction: Direction;
  readonly server: string;
  /** These guards alone, in this order; null leaves it to the configuration. */
  readonly guards: readonly string[] | null;
  readonly onFault: FaultListener;
}

/** The data path of the service, without a network, a log and metrics. */
export async function createScanner(
  config: Config,
  { direction, server, guards, onFault }: ScanOptions,
): Promise<Result<Scanner, readonly string[]>> {
  const pipeline = await createOfflinePipeline(config, { guards, onFault, clock: systemClock });
  if (!pipeline.ok) return pipeline;
  const dependencies = pipeline.value.start();
  const identity = await dependencies.identity.identify({ ...HEAD, server });
  if (identity.kind === "refused") return err(["nobody may scan"]);
  const scene = sceneOf(HEAD, direction, server, identity.principal);
  return ok({ scan: async (line) => scanLine(line, scene, dependencies) });
}

const HEAD = {
  method: "POST",
  path: "/",
  headers: new Map<string, string>(),
  server: null,
  source: { ip: null, spiffe: null },
  requestId: null,
};

/** A result is read as the answer to some tool call. */
export const SOME_CALL: PendingRequest = {
  method: "tools/call",
  tool: null,
  prompt: null,
  uri: null,
  cursor: null,
  revision: "2025-11-25",
};

/** What one line asks for: the bytes to judge, and how the answer is taken from what is left. */
interface Task {
  readonly key: "text" | "message" | "body";
  readonly bytes: Uint8Array;
  readonly cleaned: (judgement: Judgement) => string;
}

function scanLine(
  line: Uint8Array,
  scene: Scene,
  dependencies: Dependencies,
): Result<string, string> {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  const document = parseJson(bytes, dependencies.limits);
  if (!document.ok) {
    return err(`{"id":null,"error":"no JSON: ${document.error.code}","allow":false}`);
  }
  const idNode = member(document.value.root, "id");
  const id = idNode === undefined ? "null" : textOf(bytes, idNode);
  const task = taskOf(document.value.root, bytes, scene.direction);
  if (task === null) {
    return err(`{"id":${id},"error":"a line has text, message, or body in base64","allow":false}`);
  }
  const read =
    scene.direction === "request"
      ? readRequest(null, dependencies.limits)
      : readResponse(dependencies.limits, null, () => SOME_CALL);
  const outcome = judge(task.bytes, read, scene, dependencies);
  const rest = outcome.ok ? describe(outcome.value) : describeFault(outcome.error);
  const cleaned = outcome.ok ? task.cleaned(outcome.value) : "null";
  return ok(`{"id":${id},"${task.key}":${cleaned},${JSON.stringify(rest).slice(1)}`);
}

function taskOf(root: JsonNode, bytes: Buffer, direction: Direction): Task | null {
  const text = stringMember(root, "text");
  if (text !== undefined) return textTask(text, direction);
  const message = member(root, "message");
  if (message !== undefined) {
    const cleaned = ({ reading }: Judgement) =>
      Buffer.from(reading.document.bytes).toString("utf8");
    return { key: "message", bytes: bytes.subarray(message.start, message.end), cleaned };
  }
  const body = stringMember(root, "body");
  if (body === undefined || !BASE64.test(body)) return null;
  const cleaned = ({ reading }: Judgement) =>
    JSON.stringify(Buffer.from(reading.document.bytes).toString("base64"));
  return { key: "body", bytes: Buffer.from(body, "base64"), cleaned };
}

/** RFC 4648 section 4; Node itself would read anything. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function textTask(text: string, direction: Direction): Task {
  const [message, pointer] =
    direction === "request"
      ? [
          { id: 1, method: "tools/call", params: { name: "scan", arguments: { text } } },
          "/params/arguments/text",
        ]
      : [{ id: 1, result: { content: [{ type: "text", text }] } }, "/result/content/0/text"];
  const cleaned = ({ reading }: Judgement): string => {
    const node = find(reading.document.root, pointer);
    return node?.kind === "string" ? JSON.stringify(node.value) : "null";
  };
  return {
    key: "text",
    bytes: Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message })),
    cleaned,
  };
}

function describe({ judged }: Judgement) {
  const decisions = judged.map(({ decision }) => decision);
  const allow = decisions.every((decision) => decision.allow);
  return {
    allow,
    reasons: decisions.flatMap(({ reasons }) => reasons),
    findings: judged.flatMap(({ cleaned }) => cleaned.findings),
  };
}

function describeFault({ code, detail }: ProtocolFault) {
  return { allow: false, reasons: [faultReason(code, detail)], findings: [] };
}

function textOf(bytes: Buffer, node: JsonNode): string {
  return bytes.toString("utf8", node.start, node.end);
}
