import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { Backlog, type Workload } from "./backlog.ts";
import { type Frame, FrameReader } from "./frame.ts";
import { type HeaderBlock, HeaderBlocks } from "./header-block.ts";
import { HeaderDecoder } from "./hpack.ts";
import {
  ERROR,
  type ErrorCode,
  FLAG,
  FRAME,
  WINDOW_DEFAULT_BYTES,
  WINDOW_MAX_BYTES,
} from "./protocol.ts";
import { Sender } from "./sender.ts";
import {
  HEADER_LIST_MAX_BYTES,
  PeerSettings,
  STREAM_WINDOW_BYTES,
  STREAMS_MAX,
  saySettings,
} from "./settings.ts";
import { Stream, type StreamCarrier } from "./stream.ts";

export interface ConnectionListener {
  readonly load: Workload;
  /** Something came: to be read at once. */
  onRead(read: () => void): void;
  /** In the same turn it is to be listened to. */
  onStream(stream: Stream): void;
  /** Bytes are to be sent: `flush` is to be called in this turn of the event loop, or the next. */
  onOutput(connection: Connection): void;
  onClose(connection: Connection): void;
}

/** Of all streams together; it is given back at once, for each stream has its own. */
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
const FIRST_WORD_DEADLINE_MS = 10_000;
/** Answers to pings and settings that a peer may leave unread. */
const UNREAD_ANSWERS_MAX = 10_000;
/** Each changes the windows of all streams. A client that measures its network does it now and then. */
const WINDOW_CHANGES_MAX = 1_000;

/** The server's side of one connection (RFC 9113, with prior knowledge or after ALPN). */
export class Connection implements StreamCarrier {
  readonly #socket: Duplex;
  readonly #listener: ConnectionListener;
  readonly #streams = new Map<number, Stream>();
  readonly #frames = new FrameReader();
  readonly #blocks = new HeaderBlocks();
  readonly #decoder = new HeaderDecoder(HEADER_LIST_MAX_BYTES);
  readonly #peer = new PeerSettings();
  readonly #sender: Sender;
  readonly #backlog: Backlog;
  #hasSettings = false;
  #isClosed = false;
  #lastStream = 0;
  /** Since the window was given back. */
  #received = 0;
  #unreadAnswers = 0;
  #windowChanges = 0;
  readonly #firstWord: NodeJS.Timeout;

  constructor(socket: Duplex, listener: ConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
    this.#sender = new Sender(socket, () => listener.onOutput(this));
    this.#backlog = new Backlog(listener.load);
    this.#firstWord = setTimeout(() => this.destroy(), FIRST_WORD_DEADLINE_MS);
    socket.on("data", (chunk: Buffer) => listener.onRead(() => this.#receive(chunk)));
    // It is told by `close`, which follows.
    socket.on("error", () => undefined);
    socket.on("end", () => this.destroy());
    socket.on("close", () => this.#close());
    socket.on("drain", () => this.#drained());
    this.#greet();
  }

  /** At once: nothing of what it has brought already is read any more. */
  destroy(): void {
    this.#socket.destroy();
    this.#close();
  }

  get isCongested(): boolean {
    return this.#sender.isCongested;
  }

  /** So long, in milliseconds, what is being read now has waited, as far as anybody can tell. */
  get waitedMs(): number {
    return this.#backlog.waitedMs;
  }

  get isSent(): boolean {
    return this.#sender.isSent;
  }

  /** Whether the peer could have some of what waits by now, if there was a `flush`. */
  get isWorthFlushing(): boolean {
    return this.#sender.isWorthFlushing;
  }

  /** Sends what there is and ends it, with all streams that are open. */
  close(): void {
    this.#endWith(ERROR.noError);
  }

  /** Tells the peer to go elsewhere with new streams. Those that it has opened meanwhile are served. */
  goAway(): void {
    this.#sender.goAway(WINDOW_MAX_BYTES, ERROR.noError);
  }

  /** Sends what there is. */
  flush(): void {
    this.#askHowLong();
    this.#sender.flush();
  }

  #greet(): void {
    this.#sender.settings(saySettings);
    this.#sender.windowUpdate(0, CONNECTION_WINDOW_BYTES - WINDOW_DEFAULT_BYTES);
  }

  #receive(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#backlog.read(chunk.length);
    this.#frames.push(chunk);
    for (;;) {
      const frame = this.#frames.next();
      if (frame === null || this.#isClosed) break;
      const wrong = typeof frame === "number" ? frame : this.#take(frame);
      if (wrong === null) continue;
      // The peer broke the protocol: what it may mean from here on nobody can tell.
      this.#endWith(wrong);
      return;
    }
    this.#askHowLong();
    this.#sender.relieve();
  }

  #askHowLong(): void {
    if (!this.isCongested && this.#backlog.wantsPing()) this.#sender.ping();
  }

  /** Null, or what is wrong with the whole connection. */
  #take(frame: Frame): ErrorCode | null {
    const { type } = frame;
    if (!this.#hasSettings && type !== FRAME.settings) return ERROR.protocol;
    if (this.#blocks.hasBegun && type !== FRAME.continuation) return ERROR.protocol;
    switch (type) {
      case FRAME.data:
        return this.#data(frame);
      case FRAME.headers:
        return this.#headers(this.#blocks.begin(frame));
      case FRAME.continuation:
        return this.#headers(this.#blocks.goOn(frame));
      case FRAME.rstStream:
        return this.#rstStream(frame);
      case FRAME.settings:
        return this.#settings(frame);
      case FRAME.ping:
        return this.#ping(frame);
      case FRAME.windowUpdate:
        return this.#windowUpdate(frame);
      case FRAME.pushPromise:
        return ERROR.protocol;
      case FRAME.goAway:
        return frame.stream === 0 ? null : ERROR.protocol;
      case FRAME.priority:
        return frame.stream === 0 ? ERROR.protocol : null;
      default:
        // What is unknown says nothing here (section 5.5), nor do priorities (section 5.3.2).
        return null;
    }
  }

  #data(frame: Frame): ErrorCode | null {
    const { length, stream: id } = frame;
    if (this.#isIdle(id)) return ERROR.protocol;
    const wrong = this.#count(length);
    if (wrong !== null) return wrong;
    if (!frame.stripPadding()) return ERROR.protocol;
    const stream = this.#streams.get(id);
    // Of one that is over, something may be on its way still.
    if (stream === undefined) return null;
    stream.receiveWindow -= length;
    if (stream.hasPeerEnded) return this.#reset(stream, ERROR.streamClosed);
    if (stream.receiveWindow < 0) return this.#reset(stream, ERROR.flowControl);
    const isEnd = frame.has(FLAG.endStream);
    // Known before any of it is told: an answer to what is whole needs no reset behind it.
    stream.hasPeerEnded = isEnd;
    this.consumed(stream, length - frame.length);
    if (frame.length > 0) stream.receive(frame.bytes, frame.start, frame.end);
    if (isEnd) stream.receiveEnd();
    return null;
  }

  /** Section 5.1: nothing was said of it yet. Those of even numbers would be ours to open. */
  #isIdle(id: number): boolean {
    return id === 0 || id > this.#lastStream || id % 2 === 0;
  }

  /** Of the connection's window, which all streams share. */
  #count(bytes: number): ErrorCode | null {
    this.#received += bytes;
    if (this.#received > CONNECTION_WINDOW_BYTES) return ERROR.flowControl;
    if (this.#received >= CONNECTION_WINDOW_BYTES / 2) {
      this.#sender.windowUpdate(0, this.#received);
      this.#received = 0;
    }
    return null;
  }

  #headers(block: HeaderBlock | ErrorCode | null): ErrorCode | null {
    if (block === null || typeof block === "number") return block;
    // Also where nobody reads it: the next one may refer to what it says.
    const headers = this.#decoder.decode(block.bytes);
    if (headers === null) return ERROR.compression;
    const { stream: id, isEnd } = block;
    if (id <= this.#lastStream) return this.#trailers(id, isEnd);
    this.#lastStream = id;
    if (this.#streams.size >= STREAMS_MAX) {
      this.#sender.reset(id, ERROR.refusedStream);
      return null;
    }
    const windows = { send: this.#peer.streamWindowBytes, receive: STREAM_WINDOW_BYTES };
    const stream = new Stream(id, headers, this, windows);
    this.#streams.set(id, stream);
    stream.hasPeerEnded = isEnd;
    this.#listener.onStream(stream);
    if (isEnd) stream.receiveEnd();
    return null;
  }

  /** Nobody reads what they say. */
  #trailers(id: number, isEnd: boolean): null {
    const stream = this.#streams.get(id);
    if (stream === undefined) return null;
    if (stream.hasPeerEnded) return this.#reset(stream, ERROR.streamClosed);
    if (!isEnd) return this.#reset(stream, ERROR.protocol);
    stream.receiveEnd();
    return null;
  }

  #rstStream({ length, stream: id }: Frame): ErrorCode | null {
    if (length !== 4) return ERROR.frameSize;
    if (this.#isIdle(id)) return ERROR.protocol;
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#lose(stream);
    return null;
  }

  #settings(frame: Frame): ErrorCode | null {
    if (frame.stream !== 0) return ERROR.protocol;
    if (frame.has(FLAG.ack)) return frame.length === 0 ? null : ERROR.frameSize;
    const before = this.#peer.streamWindowBytes;
    const wrong = this.#peer.read(frame) ?? this.#changeWindows(before);
    if (wrong !== null) return wrong;
    clearTimeout(this.#firstWord);
    this.#hasSettings = true;
    this.#sender.frameMaxBytes = this.#peer.frameMaxBytes;
    // In front of what they let through: the peer counts with its old windows until it is told.
    this.#sender.settingsAck();
    const more = this.#peer.streamWindowBytes > before;
    if (more) for (const stream of this.#streams.values()) stream.pump();
    return this.#answered();
  }

  /** Section 6.9.2: those that are open change by as much, and may be less than nothing then. */
  #changeWindows(before: number): ErrorCode | null {
    const change = this.#peer.streamWindowBytes - before;
    if (change === 0) return null;
    this.#windowChanges += 1;
    if (this.#windowChanges > WINDOW_CHANGES_MAX) return ERROR.enhanceYourCalm;
    for (const stream of this.#streams.values()) {
      stream.sendWindow += change;
      if (stream.sendWindow > WINDOW_MAX_BYTES) return ERROR.flowControl;
    }
    return null;
  }

  #ping(frame: Frame): ErrorCode | null {
    if (frame.stream !== 0) return ERROR.protocol;
    if (frame.length !== 8) return ERROR.frameSize;
    if (frame.has(FLAG.ack)) {
      this.#backlog.answered();
      return null;
    }
    this.#sender.pingAck(frame.bytes, frame.start, frame.end);
    return this.#answered();
  }

  /** What a peer asks for without reading the answers is not kept for ever. */
  #answered(): ErrorCode | null {
    this.#unreadAnswers = this.isCongested ? this.#unreadAnswers + 1 : 0;
    return this.#unreadAnswers > UNREAD_ANSWERS_MAX ? ERROR.enhanceYourCalm : null;
  }

  #windowUpdate({ bytes, start, length, stream: id }: Frame): ErrorCode | null {
    if (length !== 4) return ERROR.frameSize;
    const more = bytes.readUInt32BE(start) & WINDOW_MAX_BYTES;
    if (id === 0) return this.#widen(more);
    if (this.#isIdle(id)) return ERROR.protocol;
    const stream = this.#streams.get(id);
    if (stream === undefined) return null;
    if (more === 0) return this.#reset(stream, ERROR.protocol);
    stream.sendWindow += more;
    if (stream.sendWindow > WINDOW_MAX_BYTES) return this.#reset(stream, ERROR.flowControl);
    stream.pump();
    return null;
  }

  #widen(more: number): ErrorCode | null {
    if (more === 0) return ERROR.protocol;
    return this.#sender.widen(more) ? null : ERROR.flowControl;
  }

  sendHeaders(stream: Stream, block: Buffer, isEnd: boolean): void {
    this.#sender.headers(stream.id, block, isEnd);
  }

  sendData(stream: Stream, bytes: Buffer, start: number): number {
    return this.#sender.data(stream, bytes, start);
  }

  consumed(stream: Stream, bytes: number): void {
    stream.consumedBytes += bytes;
    if (stream.consumedBytes < STREAM_WINDOW_BYTES / 2 || stream.hasPeerEnded) return;
    stream.receiveWindow += stream.consumedBytes;
    this.#sender.windowUpdate(stream.id, stream.consumedBytes);
    stream.consumedBytes = 0;
  }

  awaitRoom(stream: Stream): void {
    this.#sender.awaitRoom(stream);
  }

  forget(stream: Stream): void {
    this.#drop(stream);
    // Section 8.1: the answer is whole, and nobody reads what is still on its way.
    if (!stream.hasPeerEnded) this.#sender.reset(stream.id, ERROR.noError);
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream.id);
    this.#sender.drop(stream);
  }

  #reset(stream: Stream, code: ErrorCode): null {
    this.#sender.reset(stream.id, code);
    this.#lose(stream);
    return null;
  }

  #lose(stream: Stream): void {
    this.#drop(stream);
    stream.lose();
  }

  #drained(): void {
    this.#unreadAnswers = 0;
    this.#sender.drained();
  }

  #endWith(code: ErrorCode): void {
    if (this.#isClosed) return;
    this.#sender.goAway(this.#lastStream, code);
    this.flush();
    this.destroy();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#firstWord);
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) this.#lose(stream);
    this.#listener.onClose(this);
  }
}
