import type { Buffer } from "node:buffer";
import { Output } from "./output.ts";
import type { Field } from "./static-table.ts";

export interface StreamListener {
  /** Bytes of the body, from `start` to `end`; the buffer holds others, too. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The peer has nothing more to say. */
  onEnd(): void;
  /** What was written is on its way; more may be written. */
  onDrain(): void;
  /** Our side has ended, and all that was said is on its way. */
  onFinish(): void;
  /** The peer gave it up, or its connection is gone, before that. */
  onReset(): void;
}

/** What a stream wants of its connection. */
export interface StreamCarrier {
  readonly isCongested: boolean;
  /** So long, in milliseconds, what is being read now has waited, as far as anybody can tell. */
  readonly waitedMs: number;
  sendHeaders(stream: Stream, block: Buffer, isEnd: boolean): void;
  /** As much as windows let through, from `start` on; gives back where it stopped. */
  sendData(stream: Stream, bytes: Buffer, start: number): number;
  /** Bytes were taken in: as many more may come. */
  consumed(stream: Stream, bytes: number): void;
  /** What was to be written waits, or the socket does: tell it by `pump`, once there is room. */
  awaitRoom(stream: Stream): void;
  /** Both sides are done with it, or ours is and does not care for the rest. */
  forget(stream: Stream): void;
}

interface Waiting {
  readonly bytes: Buffer;
  at: number;
}

/** One request and its response, on the server's side (RFC 9113, section 5). */
export class Stream {
  readonly id: number;
  readonly headers: readonly Field[];
  /** Bytes that the peer takes still (section 5.2), and that it may send. */
  sendWindow: number;
  receiveWindow: number;
  /** Taken in, and not given back to the window yet. */
  consumedBytes = 0;
  hasPeerEnded = false;
  readonly #carrier: StreamCarrier;
  #listener: StreamListener | null = null;
  /** What the windows hold back, and what ends the stream behind it. */
  readonly #waiting: Waiting[] = [];
  #trailers: Buffer | null = null;
  #isEnded = false;
  #isGone = false;
  #isPaused = false;
  /** What came while it was paused: no more than its window. A copy, all in one. */
  #held: Output | null = null;
  #mustDrain = false;
  #hasToldEnd = false;
  /** The listener is being told of bytes: what follows them has to wait for that. */
  #isTelling = false;

  constructor(
    id: number,
    headers: readonly Field[],
    carrier: StreamCarrier,
    windows: { readonly send: number; readonly receive: number },
  ) {
    this.id = id;
    this.headers = headers;
    this.#carrier = carrier;
    this.sendWindow = windows.send;
    this.receiveWindow = windows.receive;
  }

  /** In the turn in which the stream came. Nothing of what it carries is lost. */
  listen(listener: StreamListener): void {
    this.#listener = listener;
  }

  header(name: string): string | undefined {
    for (const [own, value] of this.headers) if (own === name) return value;
    return undefined;
  }

  /** So long, in milliseconds, what is being read of its connection now has waited. */
  get waitedMs(): number {
    return this.#carrier.waitedMs;
  }

  respond(block: Buffer, isEnd: boolean): void {
    if (this.#isEnded || this.#isGone) return;
    this.#carrier.sendHeaders(this, block, isEnd);
    if (isEnd) this.#finish();
  }

  /** False when no more is to be written before `onDrain`. */
  write(bytes: Buffer): boolean {
    if (this.#isEnded || this.#isGone) return true;
    const at = this.#waiting.length > 0 ? 0 : this.#carrier.sendData(this, bytes, 0);
    if (at < bytes.length) this.#waiting.push({ bytes, at });
    return !this.mustWait;
  }

  /** True when no more is to be written before `onDrain`, which follows for whoever has asked. */
  get mustWait(): boolean {
    if (this.#isGone || (this.#waiting.length === 0 && !this.#carrier.isCongested)) return false;
    this.#mustDrain = true;
    this.#carrier.awaitRoom(this);
    return true;
  }

  /** Ends our side once all that was written is out. */
  end(trailers: Buffer): void {
    if (this.#isEnded || this.#isGone) return;
    this.#isEnded = true;
    if (this.#waiting.length > 0) this.#trailers = trailers;
    else this.#endWith(trailers);
  }

  #endWith(trailers: Buffer): void {
    this.#carrier.sendHeaders(this, trailers, true);
    this.#finish();
  }

  #finish(): void {
    this.#isEnded = true;
    this.#isGone = true;
    this.#held = null;
    this.#carrier.forget(this);
    this.#listener?.onFinish();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#goOn();
  }

  /** Tells what was held, and the end behind it. Who is told may pause again, or end it. */
  #goOn(): void {
    if (this.#isPaused || this.#isTelling) return;
    const held = this.#held?.view();
    this.#held = null;
    if (held !== undefined) this.#deliver(held, 0, held.length);
    if (!this.#isPaused && this.hasPeerEnded) this.#tellEnd();
  }

  /** Room has come about: in a window, or in the socket. */
  pump(): void {
    if (this.#isGone) return;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      first.at = this.#carrier.sendData(this, first.bytes, first.at);
      if (first.at < first.bytes.length) {
        this.#carrier.awaitRoom(this);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#trailers !== null) {
      this.#endWith(this.#trailers);
      return;
    }
    if (!this.#mustDrain) return;
    this.#mustDrain = this.#carrier.isCongested;
    if (this.#mustDrain) this.#carrier.awaitRoom(this);
    else this.#listener?.onDrain();
  }

  /** Of the connection: a frame of data, whose place in the window is taken. */
  receive(bytes: Buffer, start: number, end: number): void {
    if (!this.#isPaused) {
      this.#deliver(bytes, start, end);
      return;
    }
    this.#held ??= new Output(end - start);
    this.#held.append(bytes, start, end);
  }

  /** Of the connection. */
  receiveEnd(): void {
    this.hasPeerEnded = true;
    this.#goOn();
  }

  #tellEnd(): void {
    // Behind the end of ours, or behind a reset, it is none any more.
    if (this.#isGone || this.#hasToldEnd) return;
    this.#hasToldEnd = true;
    this.#listener?.onEnd();
  }

  /** Of the connection: nothing more can be said or heard. */
  lose(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#isEnded = true;
    this.#waiting.length = 0;
    this.#trailers = null;
    this.#held = null;
    this.#listener?.onReset();
  }

  #deliver(bytes: Buffer, start: number, end: number): void {
    this.#carrier.consumed(this, end - start);
    this.#isTelling = true;
    this.#listener?.onData(bytes, start, end);
    this.#isTelling = false;
  }
}
