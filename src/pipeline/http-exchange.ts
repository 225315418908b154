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
import { type Identity, NOBODY } from "../core/identity.ts";
import { joined } from "../core/lists.ts";
import type { Message } from "../core/message.ts";
import { atLeast } from "../core/padding.ts";
import type { LimitFacts } from "../core/policy.ts";
import { after, type Soon } from "../core/soon.ts";
import { padJson } from "../decision/padding/pad-json.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import { clientHeaders, type Outcome } from "../decision/zta-headers.ts";
import type { ProtocolFault } from "../mcp/message/fault.ts";
import {
  type MirroredBy,
  mirrorHeaders,
  unmirroredArguments,
  unmirroredNames,
} from "../mcp/message/header-mirror.ts";
import { barredMs, countGuess } from "./admission.ts";
import { answerDeadlineOf } from "./answer-deadline.ts";
import { judgeBare } from "./bare.ts";
import type { Dependencies, ServerSettings } from "./dependencies.ts";
import { obligedHeaders, towardsClient, towardsServer } from "./headers.ts";
import { type HttpKind, kindOf, unreadableBody } from "./http-kind.ts";
import { isInnocent } from "./innocent.ts";
import { isEdited, type Judgement, judgeOpened, type Opened, open, theDenied } from "./judge.ts";
import { createBareOpening, createOpening } from "./judge-again.ts";
import { bareMessage, type Decision } from "./layer2.ts";
import { type Entry, NO_LIMIT_FACTS, type Tab } from "./limiting.ts";
import { mirroredFor } from "./mirrored.ts";
import { withNames } from "./naming.ts";
import { createPending, type Pending } from "./pending.ts";
import { readRequest } from "./reading.ts";
import { createRefuser, metadataOf, plainly, type Refuser, refusalStatus } from "./refuser.ts";
import {
  createResponseJudge,
  forwardAnswer,
  type ResponseJudge,
  type ResponseOutcome,
} from "./response.ts";
import { type Scene, sceneOf } from "./scene.ts";
import { openSession, sealSession } from "./sealing.ts";
import { paddingOf } from "./settle.ts";
import { bringForRequest, judgeWithOthers, settle, together } from "./sharing.ts";
import { createStay, type Stay } from "./stay.ts";
import { createStreamFilter, type StreamFilter } from "./stream.ts";

const EMPTY = new Uint8Array(0);
const NO_HEADERS: HeaderMutation = { set: [], remove: [] };

/** Opens one HTTP exchange: the order of its stages, and the answer to each refusal. */
export function openExchange(head: RequestHead, dependencies: Dependencies): Exchange {
  return new HttpExchange(head, dependencies);
}

class HttpExchange implements Exchange {
  readonly #head: RequestHead;
  readonly #dependencies: Dependencies;
  readonly #kind: HttpKind;
  readonly #pending: Pending = createPending();
  readonly #settings: ServerSettings;
  readonly #mirroredBy: MirroredBy;
  readonly #started: number;
  /** Made once somebody is refused. */
  #refusing: Refuser | null = null;
  #principal = NOBODY;
  /** In place of the caller's own; null while nobody knows who that is. */
  #credentials: HeaderMutation | null = null;
  /** What stands for a session where the protocol has none. */
  #credentialSession: string | null = null;
  /** Of the first message; null while there is none, and for HTTP without a JSON-RPC body. */
  #method: string | null = null;
  #tool: string | null = null;
  #milliseconds = 0;
  #outcome: Outcome = "allow";
  #decisionId = "";
  readonly #stay: Stay;
  #stream: StreamFilter | null = null;
  #response: ResponseJudge | null = null;
  /** What it takes up; null where nobody counts. */
  #tab: Tab | null = null;
  /** The answer to who gave up on it. */
  #aborted: HttpDenial | null = null;

  constructor(head: RequestHead, dependencies: Dependencies) {
    this.#head = head;
    this.#dependencies = dependencies;
    this.#kind = kindOf(head);
    this.#started = dependencies.clock.monotonic();
    this.#settings = dependencies.settings(head.server ?? "");
    this.#mirroredBy = mirroredFor(head.server ?? "", this.#asking, dependencies);
    this.#stay = createStay(head, this.#kind, dependencies);
  }

  /** Steps 1 and 3: what the head alone tells. */
  requestHead(): Soon<RequestHeadVerdict> {
    const { headers, server } = this.#head;
    const { gatekeeper, doorkeeper, identity } = this.#dependencies;
    const plain = gatekeeper.answer(this.#head);
    if (plain !== null) return plainly(plain);
    const refusal = doorkeeper.refusal(headers);
    if (refusal !== null) return this.#refuse(refusal);
    if (server === null) return this.#refuse("unknown_server");
    const waitMs = barredMs(this.#head, this.#dependencies);
    if (waitMs > 0) return this.#refuser.refuse("too_many_failures", waitMs);
    return after(identity.identify(this.#head), (caller) => this.#identified(caller));
  }

  #identified(caller: Identity): RequestHeadVerdict {
    const { headers } = this.#head;
    if (caller.kind === "refused") {
      countGuess(this.#head, caller, this.#dependencies);
      return this.#refuser.stranger(caller);
    }
    this.#principal = caller.principal;
    this.#credentialSession = caller.credential.session;
    const barred = this.#stay.enter(caller);
    if (barred !== null) return this.#refuse(barred);
    this.#credentials = this.#dependencies.upstream.replace(this.#head);
    if (this.#credentials === null) return this.#refuse("upstream_credential_missing");
    const { requestBodyMaxBytes: maxBytes } = this.#dependencies.limits;
    const unreadable = unreadableBody(this.#kind, headers, maxBytes);
    if (unreadable !== null) return this.#refuse(unreadable);
    const isPost = this.#kind === "post";
    const areInnocent = this.#isInnocent(unmirroredNames(headers, isPost));
    if (!areInnocent || (!isPost && !this.#hasInnocentHeaders(null))) {
      return this.#refuse("secret_in_header");
    }
    const { responseHeadDeadlineMs } = this.#settings;
    return { kind: "collect", maxBytes, responseHeadDeadlineMs };
  }

  /** Steps 2 to 8 for the request. */
  request(body: Uint8Array): Soon<Verdict> {
    if (this.#kind !== "post") return this.#bareRequest(this.#kind, body);
    const read = readRequest(this.#head.headers, this.#dependencies.limits, this.#mirroredBy);
    const opened = open(body, read, this.#dependencies);
    if (!opened.ok) return this.#unreadable(opened.error);
    const { reading } = opened.value;
    // Asked for at once; not awaited where all is here: no call waits for the event loop for nothing.
    const arrived = this.#stay.arrived(reading.messages);
    const bringing = bringForRequest(reading, this.#asking, this.#dependencies);
    const asked = together([arrived, bringing, this.#enter(reading.messages)] as const);
    if (asked instanceof Promise) this.#pending.expect(reading);
    return after(asked, ([barred, unknown, entry]) => {
      const stopped = this.#stopped(barred ?? unknown);
      if (stopped !== null) return stopped;
      if (entry === null) return this.#refuse("limits_unavailable");
      const counted = this.#scene("request", entry);
      const naming = withNames(reading, counted, this.#dependencies);
      if (naming instanceof Promise) this.#pending.expect(reading);
      return after(naming, (scene) => this.#judgeRequest(opened.value, scene));
    });
  }

  async #unreadable(fault: ProtocolFault): Promise<Verdict> {
    await this.#stay.arrived([]);
    this.#stay.session?.note("invalid");
    return { kind: "deny", denial: this.#refuser.fault(fault) };
  }

  #judgeRequest(opened: Opened, scene: Scene): Soon<Verdict> {
    if (this.#aborted !== null) return { kind: "deny", denial: this.#aborted };
    const judgement = judgeOpened(opened, scene, this.#dependencies, this.#objection);
    const settling = settle(this.#dependencies);
    this.#stay.opened(createOpening(judgement, this.#dependencies));
    this.#milliseconds += judgement.milliseconds;
    this.#pending.expect(judgement.reading);
    this.#method = judgement.reading.messages[0]?.method ?? null;
    this.#tool = judgement.reading.messages[0]?.tool ?? null;
    return after(settling, (refusal) => {
      const stopped = this.#stopped(refusal);
      if (stopped !== null) return stopped;
      const denied = theDenied(judgement.judged);
      return denied === undefined ? this.#forwardRequest(judgement) : this.#refuser.message(denied);
    });
  }

  /** GET, DELETE and the rest: no JSON-RPC body, but a message to the policy all the same. */
  async #bareRequest(kind: Exclude<HttpKind, "post">, body: Uint8Array): Promise<Verdict> {
    if (body.length > 0) return this.#refuse("unexpected_body");
    const barred = await this.#stay.arrived([]);
    if (barred !== null) return this.#refuse(barred);
    const message = bareMessage(kind, null, 0);
    const entry = await this.#enter([message]);
    if (this.#aborted !== null) return { kind: "deny", denial: this.#aborted };
    if (entry === null) return this.#refuse("limits_unavailable");
    const scene = this.#scene("request", entry);
    const { cleaned, decision } = judgeBare(message, scene, this.#dependencies);
    this.#stay.opened(createBareOpening(cleaned, this.#dependencies));
    this.#decisionId = decision.decisionId;
    if (!decision.allow) {
      return { kind: "deny", denial: this.#refuser.denial(decision, refusalStatus(decision)) };
    }
    const headers = this.#serverMutation(decision, obligedHeaders([{ decision }]), NO_HEADERS);
    const metadata = metadataOf(decision, null, this.#principal, this.#dependencies);
    const about = { metadata, isEdited: false, answerDeadlineMs: null };
    return { kind: "forward", body, headers, ...about };
  }

  #forwardRequest({ reading, judged }: Judgement): Forward {
    const [first] = judged;
    if (first === undefined) throw new Error("no message was judged");
    const { decision } = first;
    const isChanged = judged.some(isEdited);
    this.#outcome = isChanged ? "redact" : "allow";
    this.#decisionId = decision.decisionId;
    const mirrored = mirrorHeaders(reading.messages, this.#head.headers, this.#mirroredBy);
    const padding = atLeast(this.#settings.padding, paddingOf(judged));
    const { requestBodyMaxBytes } = this.#dependencies.limits;
    return {
      kind: "forward",
      body: padJson(reading.document.bytes, padding, requestBodyMaxBytes),
      headers: this.#serverMutation(decision, obligedHeaders(judged), mirrored),
      metadata: metadataOf(decision, first, this.#principal, this.#dependencies),
      isEdited: isChanged,
      answerDeadlineMs: answerDeadlineOf(reading.messages, this.#settings),
    };
  }

  #serverMutation(
    decision: Decision,
    obliged: HeaderMutation["set"],
    mirrored: HeaderMutation,
  ): HeaderMutation {
    const { headers } = this.#head;
    const credentials = this.#credentials;
    if (credentials === null) throw new Error("a request was judged before its head");
    const session = openSession(headers, this.#asking, this.#dependencies);
    const asked = { set: joined(obliged, mirrored.set), remove: mirrored.remove };
    return towardsServer(headers, decision, asked, credentials, session);
  }

  responseHead(head: ResponseHead): ResponseHeadVerdict {
    const dependencies = this.#dependencies;
    const pending = this.#pending;
    const kind = this.#kind;
    const scene = this.#scene("response");
    this.#response = createResponseJudge({ head, kind, scene, pending, dependencies });
    const barred = this.#stay.answered(head);
    if (barred !== null) return this.#refuse(barred);
    const plan = this.#response.plan();
    if (plan.kind === "refuse") return this.#refuse(plan.code);
    const { responseBodyMaxBytes: maxBytes } = dependencies.limits;
    if (plan.kind === "collect") return { kind: "collect", maxBytes };
    this.#stay.keep();
    const listening = kind === "open_stream" || pending.listens();
    // By now it may be in a session.
    const open = this.#scene("response");
    this.#stream = createStreamFilter({ scene: open, listening, pending, dependencies });
    const headers = this.#clientMutation(head, this.#decisionId, this.#outcome);
    return { kind: "stream", headers, listening, heartbeat: this.#stream.heartbeat };
  }

  hold(): Soon<void> {
    const { jitterMaxMs } = this.#settings;
    return jitterMaxMs > 0 ? this.#dependencies.jitter.wait(jitterMaxMs) : undefined;
  }

  response(body: Uint8Array): Soon<Verdict> {
    const judged = this.#response;
    if (judged === null) throw new Error("a response body came before its head");
    this.#tab?.spend(body.length);
    const outcome = this.#onceOpen(() => judged.judge(body));
    return after(outcome, (one) => this.#answer(judged.head, one));
  }

  /** With what others know, and not before it is clear whether the session goes on. */
  #onceOpen<Outcome extends object>(judge: () => Outcome): Soon<Outcome | RefusalCode> {
    return after(
      this.#stay.opening,
      (barred) => barred ?? judgeWithOthers(judge, this.#head, this.#pending, this.#dependencies),
    );
  }

  #answer(head: ResponseHead, outcome: ResponseOutcome | RefusalCode): Verdict {
    if (typeof outcome === "string") return this.#refuse(outcome);
    this.#milliseconds += outcome.milliseconds;
    if (outcome.kind === "refuse") return this.#refuse(outcome.code);
    if (outcome.kind === "deny") {
      return { kind: "deny", denial: this.#refuser.denial(outcome.decision, 403) };
    }
    const decisionId = outcome.decisionId ?? this.#decisionId;
    const result = outcome.edited ? "redact" : this.#outcome;
    const headers = this.#clientMutation(head, decisionId, result);
    return forwardAnswer(outcome, headers, this.#settings, this.#dependencies);
  }

  streamChunk(chunk: Uint8Array, last: boolean): Soon<StreamOutput> {
    const stream = this.#stream;
    if (stream === null) throw new Error("a chunk came before the stream's head");
    this.#tab?.spend(chunk.length);
    return after(
      this.#onceOpen(() => stream.push(chunk, last)),
      (output) => {
        if (typeof output !== "string") return output;
        return { bytes: stream.errors(this.#refuser.recorded(output)), end: true };
      },
    );
  }

  abort(cause: AbortCause): HttpDenial {
    const { denial } = this.#stay;
    this.#aborted =
      denial === null ? this.#refuse(cause).denial : this.#refuser.denial(denial, 403);
    return this.#aborted;
  }

  abortStream(cause: AbortCause): Uint8Array {
    if (this.#stream === null) return EMPTY;
    // Nobody waits for a tool any more.
    if (cause === "tool_deadline" && this.#pending.isEmpty()) return EMPTY;
    return this.#stream.errors(this.#stay.denial ?? this.#refuser.recorded(cause));
  }

  lapsed(): AbortCause | null {
    return this.#stay.lapsed(this.#asking);
  }

  close(): void {
    const { clock, telemetry } = this.#dependencies;
    const seconds = (clock.monotonic() - this.#started) / 1000;
    telemetry.exchange(this.#head.server ?? "", this.#method, this.#tool, seconds);
    this.#tab?.close();
    this.#pending.clear();
    this.#stay.leave();
    this.#stream = null;
    this.#response = null;
  }

  /** Counts what was sent, before it is looked at. */
  #enter(messages: readonly Message[]): Entry | Promise<Entry> {
    this.#tab = this.#dependencies.rates?.tab(this.#head.server ?? "") ?? null;
    if (this.#tab === null) return NO_LIMIT_FACTS;
    return this.#tab.enter(messages, this.#scene("request"), this.#credentialSession);
  }

  /** What stands in headers beside the message; in those that mirror it, it is judged there. */
  #hasInnocentHeaders(message: Message | null): boolean {
    return this.#isInnocent(unmirroredArguments(this.#head.headers, message, this.#mirroredBy));
  }

  #isInnocent(text: string): boolean {
    return text === "" || isInnocent(text, this.#scene("request"), this.#dependencies);
  }

  readonly #objection = (message: Message): RefusalCode | null =>
    this.#hasInnocentHeaders(message) ? null : "secret_in_header";

  /** Whoever gave up meanwhile has been answered; null when nothing stands against going on. */
  #stopped(refusal: RefusalCode | null): Deny | null {
    if (this.#aborted !== null) return { kind: "deny", denial: this.#aborted };
    return refusal === null ? null : this.#refuse(refusal);
  }

  /** A denial of the firewall's own, on record. */
  #refuse(code: RefusalCode): Deny {
    return this.#refuser.refuse(code);
  }

  #clientMutation({ headers }: ResponseHead, decisionId: string, outcome: Outcome) {
    const revision = this.#dependencies.policy()?.engine.revision ?? "none";
    const ours = clientHeaders(decisionId, revision, outcome, this.#milliseconds);
    const session = sealSession(headers, () => this.#scene("response"), this.#dependencies);
    return towardsClient(headers, ours, session);
  }

  /** For what seldom needs to know. */
  readonly #asking = (): Scene => this.#scene("request");

  #scene(direction: "request" | "response", limits: LimitFacts = NO_LIMIT_FACTS): Scene {
    const { session } = this.#stay;
    const counts = { session: this.#stay.facts(), limits };
    const server = this.#head.server ?? "";
    return sceneOf(this.#head, direction, server, this.#principal, counts, session);
  }

  get #refuser(): Refuser {
    this.#refusing ??= createRefuser({
      head: this.#head,
      dependencies: this.#dependencies,
      pending: this.#pending,
      principal: () => this.#principal,
      milliseconds: () => this.#milliseconds,
    });
    return this.#refusing;
  }
}
