import assert from "node:assert/strict";
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { status } from "@grpc/grpc-js";
import { FrameReader, type Piece } from "./grpc-frames.ts";

/** How the messages of one method are read and written. */
export interface CallCodec<In, Out> {
  /** Throws on what is no such message. */
  decode(message: Piece): In;
  /** Each with its frame's head, behind one another. */
  encode(messages: readonly Out[]): Buffer;
  /** A longer message ends the call. */
  readonly maxBytes: number;
}

export interface CallListener<In> {
  onMessage(message: In): void;
  /** The peer has nothing more to say. */
  onHalfClose(): void;
  /** What was written is on its way; more may be written. */
  onDrain(): void;
  /** It is over, once, however it ended. */
  onClose(): void;
}

/**
 * One call of a bidirectional method (the protocol "gRPC over HTTP2"), straight on Node's HTTP/2: a
 * call through grpc-js costs several times as much (docs/decisions/0028-calls-without-grpc-js.md).
 *
 * FAIL CLOSED. Envoy takes an end with status OK for "go on without me": whatever it holds passes
 * unread. So a call ends with an error status, whoever ends it, unless somebody has vouched for it.
 */
export class GrpcCall<In, Out> {
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #codec: CallCodec<In, Out>;
  #listener: CallListener<In> | null = null;
  #ending = UNVOUCHED;
  #hasBegun = false;
  #isOver = false;
  #isPaused = false;
  #isDraining = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, codec: CallCodec<In, Out>) {
    this.#stream = stream;
    this.#headers = headers;
    this.#codec = codec;
    // It is told by `close`, which follows.
    stream.on("error", () => undefined);
    // Node would wait for what was written to be read, by a peer that has given the stream up.
    stream.on("aborted", () => stream.destroy());
    stream.on("close", () => this.#close());
    stream.on("wantTrailers", () => stream.sendTrailers(this.#ending));
  }

  /** Hands over what comes from now on, in order; nothing is lost before. */
  listen(listener: CallListener<In>): void {
    assert(this.#listener === null, "a call has one listener");
    this.#listener = listener;
    const stream = this.#stream;
    const frames = new FrameReader(this.#codec.maxBytes);
    stream.on("data", (chunk: Buffer) => {
      if (this.#isOver) return;
      frames.push(chunk);
      this.#read(frames);
    });
    stream.on("end", () => {
      // A stream that the peer gave up ends too, and was not half-closed.
      if (stream.closed) stream.destroy();
      // FAIL CLOSED: something was to be said that nobody has read.
      else if (frames.isCut) this.fail(status.INTERNAL, "the end of a message is missing");
      else if (!this.#isOver) listener.onHalfClose();
    });
    if (stream.destroyed) queueMicrotask(() => this.#close());
  }

  /** Of the metadata of the call; the first value. */
  metadata(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** False when the peer does not keep up: no more is to be written before `onDrain`. */
  write(messages: readonly Out[]): boolean {
    if (this.#isOver || isGone(this.#stream)) return true;
    this.#begin();
    const goesOn = this.#stream.write(this.#codec.encode(messages));
    if (!goesOn && !this.#isDraining) {
      this.#isDraining = true;
      this.#stream.once("drain", () => {
        this.#isDraining = false;
        this.#listener?.onDrain();
      });
    }
    return goesOn;
  }

  get mustWait(): boolean {
    return this.#stream.writableNeedDrain;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream.resume();
  }

  /** What was said is complete: from now on the call may end with status OK. */
  vouch(): void {
    if (!this.#isOver) this.#ending = COMPLETE;
  }

  /** Nothing more will be said. With status OK if somebody vouched for it, with INTERNAL if not. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (isGone(this.#stream)) return;
    // Once what was said is out: whoever does not close his side of it must not hold ours.
    const close = () => this.#close();
    if (this.#hasBegun) this.#stream.end(close);
    else {
      this.#stream.on("finish", close);
      respondOnly(this.#stream, this.#ending);
    }
    // What still comes is thrown away, so that the stream can close.
    this.#stream.resume();
  }

  /** Ends the call with an error. */
  fail(code: status, details: string): void {
    if (this.#isOver) return;
    assert(code !== status.OK, "OK is no error");
    this.#ending = statusOf(code, details);
    this.end();
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#stream.respond(HEAD, WITH_TRAILERS);
  }

  #read(frames: FrameReader): void {
    while (!this.#isOver) {
      const frame = frames.next();
      if (frame === null) return;
      if (typeof frame === "number") {
        this.fail(frame, "no message that is taken here");
        return;
      }
      let message: In;
      try {
        message = this.#codec.decode(frame);
      } catch {
        // FAIL CLOSED: and what it was is not repeated.
        this.fail(status.INTERNAL, "no message of this method");
        return;
      }
      this.#listener?.onMessage(message);
    }
  }

  #close(): void {
    this.#isOver = true;
    const listener = this.#listener;
    this.#listener = null;
    listener?.onClose();
  }
}

/** Ends a stream before a call is made of it, which would be most of what one costs. */
export function refuseStream(stream: ServerHttp2Stream, code: status, details: string): void {
  stream.on("error", () => undefined);
  if (isGone(stream)) return;
  respondOnly(stream, statusOf(code, details));
  // What is still on its way is thrown away.
  stream.resume();
}

/** A response of trailers only ("gRPC over HTTP2", "Responses"). */
function respondOnly(stream: ServerHttp2Stream, ending: OutgoingHttpHeaders): void {
  stream.respond({ ...HEAD, ...ending }, { endStream: true });
}

/** Nothing can be said on it any more: Node throws at whoever tries. */
function isGone({ closed, destroyed }: ServerHttp2Stream): boolean {
  return closed || destroyed;
}

function statusOf(code: status, details: string): OutgoingHttpHeaders {
  return { "grpc-status": String(code), "grpc-message": encodeURI(details) };
}

/** Without a date, which Node would add: nobody reads it here. */
const WITH_TRAILERS = { waitForTrailers: true, sendDate: false };
const HEAD: OutgoingHttpHeaders = { ":status": 200, "content-type": "application/grpc+proto" };
const COMPLETE: OutgoingHttpHeaders = { "grpc-status": "0" };
const UNVOUCHED = statusOf(status.INTERNAL, "ended before its verdict");
