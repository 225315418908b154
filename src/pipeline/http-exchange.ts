import type {
  AbortCause,
  Deny,
  Exchange,
  Forward,
  HeaderMutation,
  HttpDenial,
  RequestHead,
  RequestHeadVerdict,
  ResponseHead,
  ResponseHeadVerdict,
  StreamOutput,
  Verdict,
} from "../core/exchange.ts";
import type { Message } from "../core/message.ts";
import { atLeast } from "../core/padding.ts";
import type { Principal } from "../core/policy.ts";
import { padJson } from "../decision/padding/pad-json.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import {
  clientHeaders,
  forgedHeaders,
  type Outcome,
  serverHeaders,
} from "../decision/zta-headers.ts";
import {
  type MirroredBy,
  mirrorHeaders,
  unmirroredArguments,
  unmirroredNames,
} from "../mcp/message/header-mirror.ts";
import type { Dependencies } from "./dependencies.ts";
import { type HttpKind, isEncoded, isJson, kindOf } from "./http-kind.ts";
import { isInnocent } from "./innocent.ts";
import { isEdited, type Judged, type Judgement, judge } from "./judge.ts";
import { bareMessage, type Decision, decide } from "./layer2.ts";
import { createPending, type Pending } from "./pending.ts";
import { readRequest } from "./reading.ts";
import { record } from "./record.ts";
import {
  createRefuser,
  metadataOf,
  padAnswer,
  plainly,
  type Refusable,
  type Refuser,
} from "./refuser.ts";
import { createResponseJudge, type ResponseJudge } from "./response.ts";
import { type Scene, sceneOf } from "./scene.ts";
import { openSession, sealSession } from "./sealing.ts";
import { paddingOf } from "./settle.ts";
import { createStreamFilter, type StreamFilter } from "./stream.ts";
import { isHiddenTool } from "./unknown-name.ts";

const EMPTY = new Uint8Array(0);

const NOBODY: Principal = {
  id: "anonymous",
  kind: "anonymous",
  roles: [],
  scopes: [],
  claims: {},
  authenticated_by: "none",
};

/** Opens one HTTP exchange: the order of its stages, and the answer to each refusal. */
export function openExchange(head: RequestHead, dependencies: Dependencies): Exchange {
  return new HttpExchange(head, dependencies);
}

class HttpExchange implements Exchange {
  readonly #head: RequestHead;
  readonly #dependencies: Dependencies;
  readonly #kind: HttpKind;
  readonly #pending: Pending = createPending();
  readonly #refusable: Refusable;
  readonly #refuser: Refuser;
  readonly #started: number;
  #principal = NOBODY;
  /** In place of the caller's own; null while nobody knows who that is. */
  #credentials: HeaderMutation | null = null;
  /** Of the first message; null while there is none, and for HTTP without a JSON-RPC body. */
  #method: string | null = null;
  #tool: string | null = null;
  #milliseconds = 0;
  #outcome: Outcome = "allow";
  #decisionId = "";
  #stream: StreamFilter | null = null;
  #response: ResponseJudge | null = null;

  constructor(head: RequestHead, dependencies: Dependencies) {
    this.#head = head;
    this.#dependencies = dependencies;
    this.#kind = kindOf(head);
    this.#started = dependencies.clock.monotonic();
    this.#refusable = {
      head,
      dependencies,
      pending: this.#pending,
      principal: () => this.#principal,
      milliseconds: () => this.#milliseconds,
    };
    this.#refuser = createRefuser(this.#refusable);
  }

  /** Steps 1 and 3: what the head alone tells. */
  async requestHead(): Promise<RequestHeadVerdict> {
    const { headers, server } = this.#head;
    const { limits, identity, doorkeeper } = this.#dependencies;
    const plain = this.#dependencies.gatekeeper.answer(this.#head);
    if (plain !== null) return plainly(plain);
    const refusal = doorkeeper.refusal(headers);
    if (refusal !== null) return this.#refuse(refusal);
    if (server === null) return this.#refuse("unknown_server");
    const identified = await identity.identify(this.#head);
    if (identified.kind === "refused") return this.#refuser.stranger(identified);
    this.#principal = identified.principal;
    this.#credentials = this.#dependencies.upstream.replace(this.#head);
    if (this.#credentials === null) return this.#refuse("upstream_credential_missing");
    if (isEncoded(headers)) return this.#refuse("request_encoding");
    if (Number(headers.get("content-length") ?? 0) > limits.requestBodyMaxBytes) {
      return this.#refuse("request_too_large");
    }
    const isPost = this.#kind === "post";
    if (isPost && !isJson(headers)) return this.#refuse("unsupported_media_type");
    const names = unmirroredNames(headers, isPost);
    const areInnocent = isInnocent(names, this.#scene("request"), this.#dependencies);
    if (!areInnocent || (!isPost && !this.#hasInnocentHeaders(null))) {
      return this.#refuse("secret_in_header");
    }
    const { responseHeadDeadlineMs } = this.#settings();
    return { kind: "collect", maxBytes: limits.requestBodyMaxBytes, responseHeadDeadlineMs };
  }

  /** Steps 2 to 8 for the request. */
  async request(body: Uint8Array): Promise<Verdict> {
    if (this.#kind !== "post") return this.#bareRequest(this.#kind, body);
    const read = readRequest(this.#head.headers, this.#dependencies.limits, this.#mirroredBy);
    const objection = (message: Message) =>
      this.#hasInnocentHeaders(message) ? null : "secret_in_header";
    const outcome = judge(body, read, this.#scene("request"), this.#dependencies, objection);
    if (!outcome.ok) return { kind: "deny", denial: this.#refuser.fault(outcome.error) };

    const judgement = outcome.value;
    this.#milliseconds += judgement.milliseconds;
    this.#pending.expect(judgement.reading);
    this.#method = judgement.reading.messages[0]?.method ?? null;
    this.#tool = judgement.reading.messages[0]?.tool ?? null;
    const denied = theDenied(judgement.judged);
    if (denied !== undefined) return this.#refuser.message(denied);
    const forward = this.#forwardRequest(judgement);
    const { requestBodyMaxBytes } = this.#dependencies.limits;
    return {
      ...forward,
      body: padJson(
        forward.body,
        atLeast(this.#settings().padding, paddingOf(judgement.judged)),
        requestBodyMaxBytes,
      ),
    };
  }

  /** GET, DELETE and the rest: no JSON-RPC body, but a message to the policy all the same. */
  #bareRequest(kind: Exclude<HttpKind, "post">, body: Uint8Array): Verdict {
    if (body.length > 0) return this.#refuse("unexpected_body");
    const scene = this.#scene("request");
    const message = bareMessage(kind, null, 0);
    const nothing = {
      leaves: [],
      findings: [],
      receipts: [],
      paths: null,
      flow: [],
      refusal: null,
    };
    const cleaned = { message, ...nothing };
    const entry = { findings: [], receipts: [], scene, timings: {} };
    const decision = record(
      { decision: decide(cleaned, scene, this.#dependencies), ...entry },
      this.#dependencies,
    );
    this.#decisionId = decision.decisionId;
    if (!decision.allow) return { kind: "deny", denial: this.#refuser.denial(decision, 403) };
    const headers = { set: Object.entries(decision.obligations.headers), remove: [] };
    return this.#forward(body, headers, decision, null);
  }

  #forwardRequest({ reading, judged }: Judgement): Forward {
    const [first] = judged;
    if (first === undefined) throw new Error("no message was judged");
    const edited = judged.some(isEdited);
    this.#outcome = edited ? "redact" : "allow";
    this.#decisionId = first.decision.decisionId;
    const { bytes } = reading.document;
    const mirrored = mirrorHeaders(reading.messages, this.#head.headers, this.#mirroredBy);
    const answerDeadlineMs = this.#answerDeadlineMs(reading.messages);
    // One request carries a batch: what any of its messages is obliged to is said of all.
    const obliged = judged.flatMap(({ decision }) => Object.entries(decision.obligations.headers));
    const headers = { ...mirrored, set: [...obliged, ...mirrored.set] };
    const forward = this.#forward(bytes, headers, first.decision, first);
    return { ...forward, isEdited: edited, answerDeadlineMs };
  }

  #forward(
    body: Uint8Array,
    mirrored: HeaderMutation,
    decision: Decision,
    judged: Judged | null,
  ): Forward {
    const { decisionId, policyRevision } = decision;
    const credentials = this.#credentials;
    if (credentials === null) throw new Error("a request was judged before its head");
    const set = [
      ...mirrored.set,
      ...credentials.set,
      ...serverHeaders(decisionId, policyRevision),
      ...openSession(this.#head.headers, this.#scene("request"), this.#dependencies),
    ];
    // A compressed answer could not be read.
    const remove = [
      ...forgedHeaders(this.#head.headers),
      ...mirrored.remove,
      ...credentials.remove,
      "accept-encoding",
    ];
    const metadata = metadataOf(decision, judged, this.#refusable);
    const headers = { set, remove: except(remove, set) };
    return {
      kind: "forward",
      body,
      headers,
      metadata,
      isEdited: false,
      answerDeadlineMs: null,
    };
  }

  responseHead(head: ResponseHead): ResponseHeadVerdict {
    this.#response = createResponseJudge({
      head,
      kind: this.#kind,
      scene: this.#scene("response"),
      pending: this.#pending,
      dependencies: this.#dependencies,
    });
    const plan = this.#response.plan();
    if (plan.kind === "refuse") return this.#refuse(plan.code);
    if (plan.kind === "collect") {
      return { kind: "collect", maxBytes: this.#dependencies.limits.responseBodyMaxBytes };
    }
    const listening = this.#kind === "open_stream" || this.#pending.listens();
    this.#stream = createStreamFilter({
      scene: this.#scene("response"),
      listening,
      pending: this.#pending,
      dependencies: this.#dependencies,
    });
    const headers = this.#clientMutation(head, this.#decisionId, this.#outcome);
    return { kind: "stream", headers, listening, heartbeat: this.#stream.heartbeat };
  }

  async hold(): Promise<void> {
    const { jitterMaxMs } = this.#settings();
    if (jitterMaxMs > 0) await this.#dependencies.jitter.wait(jitterMaxMs);
  }

  async response(body: Uint8Array): Promise<Verdict> {
    const judgeResponse = this.#response;
    if (judgeResponse === null) throw new Error("a response body came before its head");
    const outcome = judgeResponse.judge(body);
    this.#milliseconds += outcome.milliseconds;
    if (outcome.kind === "refuse") return this.#refuse(outcome.code);
    if (outcome.kind === "deny") {
      return { kind: "deny", denial: this.#refuser.denial(outcome.decision, 403) };
    }
    const decisionId = outcome.decisionId ?? this.#decisionId;
    const result = outcome.edited ? "redact" : this.#outcome;
    const headers = this.#clientMutation(judgeResponse.head, decisionId, result);
    const passed = outcome.json
      ? padAnswer(outcome.body, this.#settings(), this.#dependencies, outcome.pad)
      : outcome.body;
    const { edited: isEdited } = outcome;
    const about = { metadata: null, isEdited, answerDeadlineMs: null };
    return { kind: "forward", body: passed, headers, ...about };
  }

  async streamChunk(chunk: Uint8Array, last: boolean): Promise<StreamOutput> {
    if (this.#stream === null) throw new Error("a chunk came before the stream's head");
    return this.#stream.push(chunk, last);
  }

  abort(cause: AbortCause): HttpDenial {
    return this.#refuse(cause).denial;
  }

  abortStream(cause: AbortCause): Uint8Array {
    if (this.#stream === null) return EMPTY;
    // Nobody waits for a tool any more.
    if (cause === "tool_deadline" && this.#pending.isEmpty()) return EMPTY;
    return this.#stream.errors(this.#refuser.recorded(cause));
  }

  close(): void {
    const { clock, telemetry } = this.#dependencies;
    const seconds = (clock.monotonic() - this.#started) / 1000;
    telemetry.exchange(this.#head.server ?? "", this.#method, this.#tool, seconds);
    this.#pending.clear();
    this.#stream = null;
    this.#response = null;
  }

  /** The shortest time that one of the tools called has. */
  #answerDeadlineMs(messages: readonly Message[]): number | null {
    const { toolLimits } = this.#settings();
    const deadlines = messages
      .map(({ method, tool }) =>
        method === "tools/call" ? toolLimits(tool ?? "").timeoutMs : null,
      )
      .filter((deadline) => deadline !== null);
    return deadlines.length === 0 ? null : Math.min(...deadlines);
  }

  /** What stands in headers beside the message; in those that mirror it, it is judged there. */
  #hasInnocentHeaders(message: Message | null): boolean {
    const text = unmirroredArguments(this.#head.headers, message, this.#mirroredBy);
    return isInnocent(text, this.#scene("request"), this.#dependencies);
  }

  readonly #mirroredBy: MirroredBy = (name) => {
    const { catalogue, schemas } = this.#dependencies;
    const tool = catalogue.tool(this.#head.server ?? "", name);
    const mirrored = tool === null ? [] : schemas.mirrored(tool);
    if (mirrored.length === 0) return mirrored;
    // Headers that are wrong for a tool would say that there is one.
    const scene = this.#scene("request");
    return isHiddenTool(name, "2026-07-28", scene, this.#dependencies) ? [] : mirrored;
  };

  /** A denial of the firewall's own, on record. */
  #refuse(code: RefusalCode): Deny {
    return this.#refuser.refuse(code);
  }

  #clientMutation(head: ResponseHead, decisionId: string, outcome: Outcome) {
    const revision = this.#revision();
    const set = [
      ...clientHeaders(decisionId, revision, outcome, this.#milliseconds),
      ...sealSession(head.headers, this.#scene("response"), this.#dependencies),
    ];
    return { set, remove: except(forgedHeaders(head.headers), set) };
  }

  #scene(direction: "request" | "response"): Scene {
    return sceneOf(this.#head, direction, this.#head.server ?? "", this.#principal);
  }

  /** Of the policy in force. */
  #revision(): string {
    return this.#dependencies.policy()?.engine.revision ?? "none";
  }

  #settings() {
    return this.#dependencies.settings(this.#head.server ?? "");
  }
}

/** The message that was denied for its own sake, before those that share its batch. */
function theDenied(judged: readonly Judged[]): Judged | undefined {
  const denied = judged.filter(({ decision }) => !decision.allow);
  return denied.find(({ decision }) => decision.reasons[0]?.code !== "batch_denied") ?? denied[0];
}

function except(names: readonly string[], set: readonly (readonly [string, string])[]): string[] {
  return names.filter((name) => !set.some(([other]) => other === name));
}
