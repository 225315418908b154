import type { AbortCause, Exchange, Firewall, HttpDenial, Verdict } from "../core/exchange.ts";
import { after, type Soon } from "../core/soon.ts";
import { BodyBuffer } from "./body-buffer.ts";
import { createDeadlines, type Deadlines } from "./deadlines.ts";
import type { CallListener, GrpcCall } from "./grpc-call.ts";
import { GRPC, type GrpcStatus } from "./grpc-status.ts";
import { BODY, isStream, NO_BODY, type Phase, type Shape, type StreamHead } from "./phase.ts";
import type { ProcessStreamOptions } from "./process-options.ts";
import { holdsAllBytes } from "./processing-mode.ts";
import type { HttpBody, HttpHeaders, ProcessingRequest } from "./protocol.ts";
import { bodyReplies, type Reply, type Side } from "./replies.ts";
import { decodeRequestHead, TRACEPARENT } from "./request-head.ts";

export type ProcessCall = GrpcCall<ProcessingRequest, Reply>;

type Output = Awaited<ReturnType<Exchange["streamChunk"]>>;

/** Messages that may wait while a verdict is made; then the proxy has to wait too. */
const INBOX_MAX = 64;

const EMPTY = new Uint8Array(0);

/** One exchange of Envoy's: its messages in, our replies out. */
export class ProcessStream implements CallListener<ProcessingRequest> {
  readonly #call: ProcessCall;
  readonly #firewall: Firewall;
  readonly #options: ProcessStreamOptions;
  readonly #onClose: () => void;
  readonly #inbox: ProcessingRequest[] = [];
  #exchange: Exchange | null = null;
  #phase: Phase = "start";
  #pumping = false;
  #draining: boolean;
  #closed = false;
  #failed = false;
  #requestAbandoned = false;
  #body: BodyBuffer;
  readonly #deadlines: Deadlines;
  #responseHeadDeadlineMs = 0;
  #streamHead: StreamHead | null = null;

  constructor(
    call: ProcessCall,
    firewall: Firewall,
    options: ProcessStreamOptions,
    draining: boolean,
    onClose: () => void,
  ) {
    this.#call = call;
    this.#firewall = firewall;
    this.#options = options;
    this.#body = new BodyBuffer(0, options.budget);
    this.#draining = draining;
    this.#onClose = onClose;
    this.#deadlines = createDeadlines(this, options.rounds);
    // Whether Envoy closes its side first depends on its flags, and tells nothing of the exchange.
    call.listen(this);
    this.#deadlines.arm(options.limits.requestBodyDeadlineMs, "request_deadline");
  }

  get listening(): boolean {
    return this.#streamHead?.listening === true;
  }

  onMessage(message: ProcessingRequest): void {
    // Swallowed at once: what still waits may be long in coming.
    if (this.#phase === "done") return;
    this.#inbox.push(message);
    if (this.#inbox.length >= INBOX_MAX) this.#call.pause();
    if (this.#pumping) return;
    this.#pumping = true;
    this.#options.later(this.#pump);
  }

  /** One message at a time, in order. FAIL CLOSED: whatever is thrown here ends the exchange. */
  readonly #pump = (): void => {
    try {
      for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
        const step = this.#step(next);
        if (step instanceof Promise) {
          step.then(this.#pump, this.#broke);
          return;
        }
      }
      this.#pumping = false;
      this.onDrain();
    } catch (error) {
      this.#broke(error);
    }
  };

  readonly #broke = (error: unknown): void => {
    this.#pumping = false;
    this.#fault(error);
    this.onDrain();
  };

  onDrain(): void {
    const call = this.#call;
    if (call.isPaused && this.#inbox.length < INBOX_MAX && !call.mustWait) call.resume();
  }

  #step(message: ProcessingRequest): Soon<void> {
    if (message.request_headers) return this.#requestHeaders(message, message.request_headers);
    if (message.response_headers) return this.#responseHeaders(message, message.response_headers);
    if (message.request_body) return this.#requestBody(message.request_body);
    if (message.response_body) return this.#responseBody(message.response_body);
    if (message.request_trailers) return this.#requestComplete(message.request_trailers);
    if (message.response_trailers) return this.#responseComplete(message.response_trailers);
    return this.#protocolError("unknown_message");
  }

  #requestHeaders(message: ProcessingRequest, headers: HttpHeaders): Soon<void> {
    if (this.#phase !== "start") return this.#protocolError("second_request_head");
    if (!holdsAllBytes(message)) return this.#protocolError("processing_mode");

    const exchange = this.#firewall.open(decodeRequestHead(message, this.#ownTrace()));
    this.#exchange = exchange;
    this.#phase = "request";
    if (this.#draining) return this.abort("draining");
    return after(exchange.requestHead(), (verdict) => {
      if (this.#left("request")) return;
      if (verdict.kind === "deny") return this.#deny(verdict.denial);
      this.#body = new BodyBuffer(verdict.maxBytes, this.#options.budget);
      this.#responseHeadDeadlineMs = verdict.responseHeadDeadlineMs;
      if (headers.end_of_stream) return this.#decideRequest(NO_BODY);
    });
  }

  #requestBody({ body, end_of_stream }: HttpBody): Soon<void> {
    if (this.#phase !== "request") {
      // Envoy may say the end of a large body twice (envoyproxy/envoy#46237): an empty one is that.
      if (this.#requestAbandoned || body.length === 0) return;
      return this.#protocolError("request_body_after_its_end");
    }
    if (!this.#body.append(body)) return this.abort(this.#tooMuch("request_too_large"));
    if (end_of_stream) return this.#decideRequest(BODY);
  }

  #requestComplete(trailers: readonly string[]): Soon<void> {
    if (this.#requestAbandoned) return;
    if (this.#phase !== "request") return this.#protocolError("request_trailers_after_its_end");
    return this.#decideRequest({ hasBody: true, trailers });
  }

  #decideRequest(shape: Shape): Soon<void> {
    const exchange = this.#required();
    this.#deadlines.arm(this.#options.limits.verdictDeadlineMs, "verdict_deadline");
    return after(exchange.request(this.#body.take()), (verdict) => {
      if (this.#left("request")) return;
      if (verdict.kind === "deny") return this.#deny(verdict.denial);
      this.#forward("request", verdict, shape);
      this.#phase = "awaiting";
      this.#deadlines.armAnswer(verdict.answerDeadlineMs);
      this.#deadlines.armPart(this.#responseHeadDeadlineMs, "response_deadline");
    });
  }

  /** Envoy's own replies (no upstream, a timeout) come here too, even before our verdict. */
  #responseHeaders(message: ProcessingRequest, headers: HttpHeaders): Soon<void> {
    const head = { status: Number(headers.headers.get(":status") ?? 0), headers: headers.headers };
    // What Envoy refuses by itself (a malformed head, an upgrade) has no request for us to see. A
    // success would be a server's answer to a request that went by unread: FAIL CLOSED.
    if (this.#phase === "start" && holdsAllBytes(message) && head.status >= 400) {
      this.#exchange = this.#firewall.open(decodeRequestHead(message, this.#ownTrace()));
      this.#phase = "request";
    }
    if (this.#phase !== "awaiting" && this.#phase !== "request") {
      return this.#protocolError("second_response_head");
    }
    this.#requestAbandoned = this.#phase === "request";
    // What came of a request that is not whole goes nowhere: its share of the budget is given back.
    this.#body.drop();
    const verdict = this.#required().responseHead(head);
    if (verdict.kind === "deny") return this.#deny(verdict.denial);
    if (verdict.kind === "stream" && !headers.end_of_stream) {
      return this.#openStream(verdict);
    }
    this.#phase = "response";
    const maxBytes = verdict.kind === "collect" ? verdict.maxBytes : 0;
    this.#body = new BodyBuffer(maxBytes, this.#options.budget);
    this.#deadlines.armPart(this.#options.limits.responseBodyDeadlineMs, "response_deadline");
    if (headers.end_of_stream) return this.#decideResponse(NO_BODY);
  }

  #responseBody({ body, end_of_stream }: HttpBody): Soon<void> {
    if (isStream(this.#phase)) return this.#streamChunk(body, end_of_stream, null);
    if (this.#phase !== "response") return this.#protocolError("response_body_before_its_head");
    if (!this.#body.append(body)) return this.abort(this.#tooMuch("response_too_large"));
    if (end_of_stream) return this.#decideResponse(BODY);
  }

  #responseComplete(trailers: readonly string[]): Soon<void> {
    if (isStream(this.#phase)) return this.#streamChunk(EMPTY, true, trailers);
    if (this.#phase !== "response") return this.#protocolError("response_trailers_before_head");
    return this.#decideResponse({ hasBody: true, trailers });
  }

  #decideResponse(shape: Shape): Soon<void> {
    this.#deadlines.arm(this.#options.limits.verdictDeadlineMs, "verdict_deadline");
    const judge = () => this.#required().response(this.#body.take());
    return this.#heldBack(judge, (verdict) => {
      if (verdict.kind === "deny") return this.#deny(verdict.denial);
      this.#forward("response", verdict, shape);
      this.#finish();
    });
  }

  /** Judges once it was held back for as long as it should be; nothing follows on what ended meanwhile. */
  #heldBack<T>(judge: () => Soon<T>, next: (judged: T) => void): Soon<void> {
    const phase = this.#phase;
    return after(this.#required().hold(), () => {
      if (this.#left(phase)) return;
      return after(judge(), (judged) => {
        if (!this.#left(phase)) next(judged);
      });
    });
  }

  #openStream(verdict: StreamHead): void {
    this.#streamHead = verdict;
    this.#phase = "stream_held";
    if (verdict.listening) this.#releaseStreamHead();
    this.#armSilence();
  }

  /** The length of a stream is unknown: `content-length` goes, and Envoy chooses the framing. */
  #releaseStreamHead(): void {
    const head = this.#streamHead;
    if (head === null || this.#phase !== "stream_held") return;
    this.#phase = "stream";
    const remove = [...head.headers.remove, "content-length"];
    const headers = { set: head.headers.set, remove };
    const about = { contentLength: null, metadata: null };
    this.#write([{ kind: "headers", side: "response", headers, ...about }]);
  }

  #streamChunk(bytes: Uint8Array, last: boolean, trailers: readonly string[] | null): Soon<void> {
    this.#armSilence();
    const judge = () => this.#required().streamChunk(bytes, last);
    return this.#heldBack(judge, (output) => this.#sendChunk(output, last, trailers));
  }

  #sendChunk(output: Output, last: boolean, trailers: readonly string[] | null): void {
    this.#startHeartbeat();
    const end = output.end || last;
    if (output.bytes.length === 0 && !end) return;
    this.#releaseStreamHead();
    const trailersFollow = trailers !== null && !output.end;
    this.#writeStream(output.bytes, end && !trailersFollow);
    if (trailersFollow) this.#write([{ kind: "trailers", side: "response", names: trailers }]);
    if (end) this.#finish();
  }

  #writeStream(bytes: Uint8Array, endOfStream: boolean): void {
    if (bytes.length === 0 && !endOfStream) return;
    this.#write(bodyReplies("response", bytes, endOfStream));
  }

  /** Comments before the first chunk of a response would make Envoy cut it; after it they may come. */
  #startHeartbeat(): void {
    const heartbeat = this.#streamHead?.heartbeat;
    if (!this.listening || heartbeat === undefined) return;
    this.#deadlines.startHeartbeat(this.#options.limits.sseHeartbeatMs, () => {
      // A client that does not read gets no more to read.
      const idle = this.#phase === "stream" && !this.#pumping && !this.#call.mustWait;
      if (idle) this.#writeStream(heartbeat, false);
    });
  }

  #armSilence(): void {
    if (this.listening) this.#deadlines.disarm();
    else this.#deadlines.armPart(this.#options.limits.sseSilenceDeadlineMs, "stream_silent");
  }

  #forward(side: Side, verdict: Extract<Verdict, { kind: "forward" }>, shape: Shape): void {
    const { headers, metadata, body } = verdict;
    const { hasBody, trailers } = shape;
    const contentLength = hasBody ? body.length : null;
    const head: Reply = { kind: "headers", side, headers, contentLength, metadata };
    const replies: Reply[] = hasBody ? bodyReplies(side, body, trailers === null) : [];
    replies.unshift(head);
    if (trailers !== null) replies.push({ kind: "trailers", side, names: trailers });
    this.#write(replies);
  }

  /** An answer of our own takes the place of what Envoy holds, which it then drops. */
  #deny(denial: HttpDenial): void {
    this.#write([{ kind: "immediate", denial }]);
    this.#finish();
  }

  /** A stream that is open is asked whether it may go on. FAIL CLOSED: who cannot tell may not. */
  judgeAgain(): void {
    if (!isStream(this.#phase) || this.#exchange === null) return;
    try {
      const cause = this.#exchange.lapsed();
      if (cause !== null) this.abort(cause);
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    this.#options.onFault("internal", error, this.#ownTrace());
    this.abort("internal");
  }

  /**
   * Ends an exchange that cannot go on. FAIL CLOSED in each of its three forms: a denial while the
   * head is still held, error events when a stream is running, an error status otherwise.
   */
  abort(cause: AbortCause): void {
    if (this.#phase === "done") return;
    try {
      this.#abortWith(cause);
    } catch (error) {
      this.#options.onFault("internal", error, this.#ownTrace());
      this.#fail(GRPC.INTERNAL, "internal");
    }
  }

  #abortWith(cause: AbortCause): void {
    const exchange = this.#exchange;
    const headIsOut = this.#phase === "stream";
    const beforeFirstChunk = headIsOut && this.listening && !this.#deadlines.isBeating;
    if (exchange === null || beforeFirstChunk) {
      this.#fail(GRPC.UNAVAILABLE, cause);
    } else if (headIsOut) {
      this.#writeStream(exchange.abortStream(cause), true);
      this.#finish();
    } else {
      this.#deny(exchange.abort(cause));
    }
  }

  /** The proxy broke the protocol we agreed on, or is not configured for it. FAIL CLOSED. */
  #protocolError(code: string): void {
    this.#options.onFault(code, null, this.#ownTrace());
    this.#fail(GRPC.FAILED_PRECONDITION, code);
  }

  #fail(code: GrpcStatus, details: string): void {
    if (this.#closed) return;
    this.#failed = true;
    this.#finish();
    this.#call.fail(code, details);
  }

  /** Nothing more will be said. What still comes is swallowed until Envoy closes its side. */
  #finish(): void {
    this.#phase = "done";
    this.#deadlines.clear();
    this.#inbox.length = 0;
    this.onDrain();
  }

  /**
   * Envoy is done with us: only now, and only here, does the stream end with status OK. FAIL CLOSED:
   * not while something that it sent has not been decided on.
   */
  onHalfClose(): void {
    const isUndecided = this.#pumping && this.#phase !== "done";
    this.#finish();
    if (!this.#failed && !isUndecided) this.#call.vouch();
    this.#call.end();
  }

  onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#finish();
    this.#body.drop();
    this.#exchange?.close();
    this.#onClose();
  }

  #write(replies: readonly Reply[]): void {
    if (this.#closed) return;
    if (!this.#call.write(replies)) this.#call.pause();
  }

  /** True when the exchange ended, by a deadline or a disconnect, while a verdict was being made. */
  #left(phase: Phase): boolean {
    return this.#phase !== phase;
  }

  #tooMuch(cause: AbortCause): AbortCause {
    return this.#body.isOverloaded ? "overloaded" : cause;
  }

  #ownTrace(): string | undefined {
    return this.#call.metadata(TRACEPARENT);
  }

  #required(): Exchange {
    if (this.#exchange === null) throw new Error("no request head came first");
    return this.#exchange;
  }
}
