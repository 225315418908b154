import { isUtf8 } from "node:buffer";
import type { Forward, HeaderMutation, ResponseHead } from "../core/exchange.ts";
import type { JsonDocument } from "../core/json.ts";
import type { MessageKind } from "../core/message.ts";
import type { PaddingScheme } from "../core/padding.ts";
import { err, ok } from "../core/result.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import { parseJson } from "../mcp/json/parse.ts";
import type { Dependencies, ServerSettings } from "./dependencies.ts";
import { charsetIsUtf8, type HttpKind, isEncoded, isJson, mediaType } from "./http-kind.ts";
import { judge, type Read } from "./judge.ts";
import { readingOf } from "./layer1.ts";
import { bareMessage, type Decision } from "./layer2.ts";
import type { Pending } from "./pending.ts";
import { readResponse } from "./reading.ts";
import { HANDSHAKE, padAnswer } from "./refuser.ts";
import type { Scene } from "./scene.ts";
import { answersAll, markAnswered, settle } from "./settle.ts";

/** How the body of a response is to be taken in. */
export type ResponsePlan =
  | { readonly kind: "collect" }
  | { readonly kind: "stream" }
  | { readonly kind: "refuse"; readonly code: RefusalCode };

export type ResponseOutcome = (
  | {
      readonly kind: "forward";
      readonly body: Uint8Array;
      readonly decisionId: string | null;
      readonly edited: boolean;
      /** The body is JSON, whatever its type says. */
      readonly json: boolean;
      readonly pad: readonly PaddingScheme[];
    }
  | { readonly kind: "deny"; readonly decision: Decision }
  | { readonly kind: "refuse"; readonly code: RefusalCode }
) & { readonly milliseconds: number };

type Forwarded = Extract<ResponseOutcome, { readonly kind: "forward" }>;

/** The answer as it goes on to the client: JSON is padded, where that is wanted. */
export function forwardAnswer(
  { body, json, edited, pad }: Forwarded,
  headers: HeaderMutation,
  settings: ServerSettings,
  dependencies: Dependencies,
): Forward {
  const passed = json ? padAnswer(body, settings, dependencies, pad) : body;
  const about = { metadata: null, isEdited: edited, answerDeadlineMs: null };
  return { kind: "forward", body: passed, headers, ...about };
}

/** Judges a response that is not a stream. */
export interface ResponseJudge {
  readonly head: ResponseHead;
  plan(): ResponsePlan;
  judge(body: Uint8Array): ResponseOutcome;
}

export interface ResponseContext {
  readonly head: ResponseHead;
  readonly kind: HttpKind;
  readonly scene: Scene;
  readonly pending: Pending;
  readonly dependencies: Dependencies;
}

export function createResponseJudge(context: ResponseContext): ResponseJudge {
  return new BodyJudge(context);
}

class BodyJudge implements ResponseJudge {
  readonly head: ResponseHead;
  readonly #context: ResponseContext;

  constructor(context: ResponseContext) {
    this.head = context.head;
    this.#context = context;
  }

  plan(): ResponsePlan {
    return planOf(this.#context);
  }

  judge(body: Uint8Array): ResponseOutcome {
    return judgeBody(body, this.#context);
  }
}

const COLLECT: ResponsePlan = { kind: "collect" };
const STREAM: ResponsePlan = { kind: "stream" };

function planOf(context: ResponseContext): ResponsePlan {
  const { status, headers } = context.head;
  const gone = UNREACHABLE.get(status);
  if (gone !== undefined && waitsForPlainWords(context)) return { kind: "refuse", code: gone };
  if (isEncoded(headers)) return { kind: "refuse", code: "response_encoding" };
  if (status !== 200 || isJson(headers)) return COLLECT;
  return mediaType(headers) === "text/event-stream" ? STREAM : COLLECT;
}

/** What a proxy answers for a server that it did not reach, ours among them. */
const UNREACHABLE: ReadonlyMap<number, RefusalCode> = new Map([
  [502, "server_unavailable"],
  [503, "server_unavailable"],
  [504, "response_deadline"],
]);

/**
 * Whether somebody waits with an id for what will be no message. The handshake keeps the status:
 * an error in its place makes clients speak another revision.
 */
function waitsForPlainWords({ head, pending }: ResponseContext): boolean {
  const waiting = pending.waiting();
  const isHandshake = waiting.some(({ method }) => HANDSHAKE.has(method));
  return waiting.length > 0 && !isHandshake && !isJson(head.headers);
}

/** What a body may be, by status and type. FAIL CLOSED: whatever no line names is refused. */
function judgeBody(body: Uint8Array, context: ResponseContext): ResponseOutcome {
  const { head, kind, pending } = context;
  const success = head.status < 300;
  const waiting = success && !pending.isEmpty();
  if (body.length === 0) return waiting ? refuse("response_missing") : pass(body);
  if (isJson(head.headers)) return judgeJson(body, success, context);
  const mayBeText = !success || (!waiting && kind !== "open_stream");
  return mayBeText ? judgeText(body, context) : refuse("response_media_type");
}

/** A message of MCP if it is one; else JSON of another kind, where the server may answer with it. */
function judgeJson(body: Uint8Array, success: boolean, context: ResponseContext): ResponseOutcome {
  const message = context.kind === "post" ? judgeMessages(body, context) : null;
  if (message !== null) return message;
  if (success && !FOREIGN_JSON.has(context.kind)) return refuse("response_unreadable");
  const foreign = judgeForeignJson(body, context);
  if (foreign !== null) return foreign;
  return success ? refuse("response_unreadable") : judgeText(body, context);
}

/** Requests that a server may answer with JSON that is no MCP message. */
const FOREIGN_JSON: ReadonlySet<HttpKind> = new Set(["well_known", "end_session", "preflight"]);

/** JSON-RPC; null when the body is none and may be something else. */
function judgeMessages(body: Uint8Array, context: ResponseContext): ResponseOutcome | null {
  const { head, scene, pending, dependencies } = context;
  const read = readResponse(dependencies.limits, scene.headerRevision, (id) =>
    pending.requestOf(id),
  );
  const outcome = judge(body, read, scene, dependencies);
  if (!outcome.ok) return null;

  const { milliseconds } = outcome.value;
  const settled = settle(outcome.value, dependencies.settings(scene.server));
  if (settled.denied !== null) return { kind: "deny", decision: settled.denied, milliseconds };
  if (head.status < 300 && !answersAll(outcome.value, pending)) {
    return refuse("response_missing", milliseconds);
  }
  markAnswered(outcome.value, pending);
  const { bytes, decisionId, edited, pad } = settled;
  return { kind: "forward", body: bytes, decisionId, edited, json: true, pad, milliseconds };
}

/** JSON that is no message, such as OAuth metadata: every string of it is read all the same. */
function judgeForeignJson(body: Uint8Array, context: ResponseContext): ResponseOutcome | null {
  const outcome = judgeForeign(body, context, (bytes) => bytes);
  return outcome?.kind === "forward" ? { ...outcome, json: true } : outcome;
}

/** Text is read as one JSON string, so that the same stages look at it. */
function judgeText(body: Uint8Array, context: ResponseContext): ResponseOutcome {
  // FAIL CLOSED: bytes that are no text in UTF-8 could mean anything to whoever reads them.
  const readable = isUtf8(body) && charsetIsUtf8(context.head.headers);
  if (!readable || !TEXT_TYPE.test(mediaType(context.head.headers))) {
    return refuse("response_media_type");
  }
  const text = Buffer.from(body).toString("utf8");
  const outcome = judgeForeign(Buffer.from(JSON.stringify(text)), context, (_bytes, document) =>
    document.root.kind === "string" && document.root.value !== text
      ? Buffer.from(document.root.value, "utf8")
      : body,
  );
  return outcome ?? refuse("response_unreadable");
}

/** Servers send errors as HTML too, and without any type. */
const TEXT_TYPE = /^($|text\/|application\/(json|xhtml\+xml|xml)$|application\/[a-z0-9.-]+\+json$)/;

function judgeForeign(
  json: Uint8Array,
  { kind, head, scene, dependencies }: ResponseContext,
  bytesOf: (bytes: Uint8Array, document: JsonDocument) => Uint8Array,
): ResponseOutcome | null {
  const message = kind === "well_known" && head.status < 300 ? "well_known" : "error";
  const read = readForeign(message, dependencies);
  const outcome = judge(json, read, scene, dependencies);
  if (!outcome.ok) return null;

  const { reading, milliseconds } = outcome.value;
  const { denied, edited, decisionId, pad } = settle(
    outcome.value,
    dependencies.settings(scene.server),
  );
  if (denied !== null) return { kind: "deny", decision: denied, milliseconds };
  const body = bytesOf(reading.document.bytes, reading.document);
  return { kind: "forward", body, decisionId, edited, json: false, pad, milliseconds };
}

function readForeign(kind: MessageKind, { limits }: Dependencies): Read<null> {
  return (bytes) => {
    const document = parseJson(bytes, limits);
    if (!document.ok) return err(null);
    const messages = [bareMessage(kind, null, bytes.length)];
    return ok(readingOf(document.value, { messages, batch: false }));
  };
}

function refuse(code: RefusalCode, milliseconds = 0): ResponseOutcome {
  return { kind: "refuse", code, milliseconds };
}

function pass(body: Uint8Array): ResponseOutcome {
  const untouched = { decisionId: null, edited: false, json: false, pad: [] };
  return { kind: "forward", body, ...untouched, milliseconds: 0 };
}
