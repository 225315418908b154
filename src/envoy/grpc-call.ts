import assert from "node:assert/strict";
import { encodeHeaders } from "../http2/hpack.ts";
import type { Stream, StreamListener } from "../http2/stream.ts";
import { FrameReader, type Piece } from "./grpc-frames.ts";
import { GRPC, type GrpcStatus } from "./grpc-status.ts";

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

/** Told of a bug in what serves a stream. */
export type OnBroken = (error: unknown, stream: Pick<Stream, "header">) => void;

/**
 * One call (the protocol "gRPC over HTTP2"), the same for all kinds of methods.
 *
 * FAIL CLOSED. Envoy takes an end with status OK for "go on without me": whatever it holds passes
 * unread. So a call ends with an error status, whoever ends it, unless somebody has vouched for it.
 * What its listener throws ends this call, and not the process with all the others.
 */
export class GrpcCall<In, Out> implements StreamListener {
  readonly #stream: Stream;
  readonly #codec: CallCodec<In, Out>;
  readonly #frames: FrameReader;
  readonly #onBroken: OnBroken;
  #listener: CallListener<In> | null = null;
  #ending = UNVOUCHED;
  #hasBegun = false;
  #isOver = false;
  #isPaused = false;

  constructor(stream: Stream, codec: CallCodec<In, Out>, onBroken: OnBroken) {
    this.#stream = stream;
    this.#codec = codec;
    this.#onBroken = onBroken;
    this.#frames = new FrameReader(codec.maxBytes);
  }

  /** Has it served by whoever is to listen to it. */
  serveBy(serve: (call: GrpcCall<In, Out>) => void): void {
    try {
      serve(this);
    } catch (error) {
      this.#broke(error);
    }
  }

  /** Hands over what comes from now on, in order. To be called in the turn in which the call came. */
  listen(listener: CallListener<In>): void {
    assert(this.#listener === null, "a call has one listener");
    this.#listener = listener;
    this.#stream.listen(this);
  }

  /** Of the metadata of the call; the first value. */
  metadata(name: string): string | undefined {
    return this.#stream.header(name);
  }

  /** So long, in milliseconds, what is being read of its connection now has waited. */
  get waitedMs(): number {
    return this.#stream.waitedMs;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return;
    try {
      this.#frames.push(bytes, start, end);
      this.#read();
    } catch (error) {
      this.#broke(error);
    }
  }

  onEnd(): void {
    if (this.#isOver) return;
    // FAIL CLOSED: something was to be said that nobody has read.
    if (this.#frames.isCut) {
      this.fail(GRPC.INTERNAL, "the end of a message is missing");
      return;
    }
    try {
      this.#listener?.onHalfClose();
    } catch (error) {
      this.#broke(error);
    }
  }

  onDrain(): void {
    try {
      this.#listener?.onDrain();
    } catch (error) {
      this.#broke(error);
    }
  }

  onFinish(): void {
    this.#close();
  }

  onReset(): void {
    this.#close();
  }

  /** False when the peer does not keep up: no more is to be written before `onDrain`. */
  write(messages: readonly Out[]): boolean {
    if (this.#isOver) return true;
    if (!this.#hasBegun) this.#stream.respond(HEAD, false);
    this.#hasBegun = true;
    return this.#stream.write(this.#codec.encode(messages));
  }

  get mustWait(): boolean {
    return this.#stream.mustWait;
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
    if (this.#hasBegun) this.#stream.end(this.#ending);
    else respondOnly(this.#stream, this.#ending);
  }

  /** Ends the call with an error. */
  fail(code: GrpcStatus, details: string): void {
    if (this.#isOver) return;
    assert(code !== GRPC.OK, "OK is no error");
    this.#ending = statusOf(code, details);
    this.end();
  }

  #read(): void {
    while (!this.#isOver) {
      const frame = this.#frames.next();
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
        this.fail(GRPC.INTERNAL, "no message of this method");
        return;
      }
      this.#listener?.onMessage(message);
    }
  }

  #close(): void {
    this.#isOver = true;
    const listener = this.#listener;
    this.#listener = null;
    try {
      listener?.onClose();
    } catch (error) {
      this.#broke(error);
    }
  }

  /** FAIL CLOSED: unless it is over already. */
  #broke(error: unknown): void {
    this.fail(GRPC.INTERNAL, "internal");
    this.#onBroken(error, this.#stream);
  }
}

/** Ends a stream before a call is made of it, which would be most of what one costs. */
export function refuseStream(stream: Stream, code: GrpcStatus, details: string): void {
  respondOnly(stream, statusOf(code, details));
}

/** A response of trailers only ("gRPC over HTTP2", "Responses"). */
function respondOnly(stream: Stream, ending: Buffer): void {
  stream.respond(Buffer.concat([HEAD, ending]), true);
}

function statusOf(code: GrpcStatus, details: string): Buffer {
  return encodeHeaders([
    ["grpc-status", String(code)],
    ["grpc-message", encodeURI(details)],
  ]);
}

const HEAD = encodeHeaders([
  [":status", "200"],
  ["content-type", "application/grpc+proto"],
]);
const COMPLETE = encodeHeaders([["grpc-status", "0"]]);
const UNVOUCHED = statusOf(GRPC.INTERNAL, "ended before its verdict");
