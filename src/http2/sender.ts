import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { Output } from "./output.ts";
import {
  type ErrorCode,
  FLAG,
  FRAME,
  FRAME_MAX_BYTES,
  WINDOW_DEFAULT_BYTES,
  WINDOW_MAX_BYTES,
} from "./protocol.ts";
import type { Stream } from "./stream.ts";

/** Of a peer that leaves more than this unread nothing more is read: it would ask for more. */
const UNREAD_MAX_BYTES = 4 * 1024 * 1024;

const COPIED_MAX_BYTES = 16 * 1024;

/** Some answers. */
const WORTH_FLUSHING_BYTES = 2 * 1024;

/** What one connection sends: frames, in the order in which they were written, as room comes about. */
export class Sender {
  readonly #socket: Duplex;
  readonly #onOutput: () => void;
  readonly #output = new Output();
  /** `onOutput` was told, and `flush` has not come yet. */
  #isDue = false;
  #isReadingStopped = false;
  /** The system had the last bytes as soon as they were written: with TLS it has them in a later turn. */
  #isTakenAtOnce = false;
  /** Streams that go on once the socket does. */
  readonly #forSocket = new Set<Stream>();
  /** Those that have room in their own window, and none in that of the connection. */
  readonly #forWindow = new Set<Stream>();
  /** Bytes that the peer takes still, of all streams together (RFC 9113, section 5.2). */
  #window = WINDOW_DEFAULT_BYTES;
  frameMaxBytes = FRAME_MAX_BYTES;
  /** The socket holds as much as it should: bodies wait with their streams, and all else waits here. */
  isCongested = false;

  constructor(socket: Duplex, onOutput: () => void) {
    this.#socket = socket;
    this.#onOutput = onOutput;
  }

  /** Whether the peer could have some of what waits by now, if there was a `flush`. */
  get isWorthFlushing(): boolean {
    return this.#output.length >= WORTH_FLUSHING_BYTES && this.#isTakenAtOnce;
  }

  get isSent(): boolean {
    return this.#output.length === 0 && this.#socket.writableLength === 0;
  }

  /** Gives the socket what there is. */
  flush(): void {
    this.#isDue = false;
    const socket = this.#socket;
    if (this.#output.length === 0 || socket.destroyed) return;
    if (this.isCongested) {
      this.#stopReading();
      return;
    }
    // Behind bytes that wait few others would wait, too: in a buffer of their size, and not in ours.
    const isCopied = socket.writableLength > 0 && this.#output.length < COPIED_MAX_BYTES;
    const goesOn = socket.write(isCopied ? this.#output.copy() : this.#output.view());
    const hasLeft = socket.writableLength === 0;
    if (isCopied || hasLeft) this.#output.shrink();
    else this.#output.leave();
    this.isCongested = !goesOn && !hasLeft;
    this.#isTakenAtOnce = hasLeft;
  }

  /** Once there is much: several reads may come in one turn, before `flush` is called. */
  relieve(): void {
    if (this.#output.length > UNREAD_MAX_BYTES) this.flush();
  }

  /** FAIL CLOSED on memory: who does not take answers is not asked what he wants next. */
  #stopReading(): void {
    if (this.#output.length <= UNREAD_MAX_BYTES || this.#isReadingStopped) return;
    this.#isReadingStopped = true;
    this.#socket.pause();
  }

  /** The socket has sent all that it had. */
  drained(): void {
    this.isCongested = false;
    if (this.#isReadingStopped) this.#socket.resume();
    this.#isReadingStopped = false;
    this.flush();
    // Then it drains once more.
    if (this.isCongested) return;
    const awaiting = [...this.#forSocket];
    this.#forSocket.clear();
    for (const stream of awaiting) stream.pump();
    this.#pumpForWindow();
  }

  /** More room for all streams together; false where that is more than there can be. */
  widen(more: number): boolean {
    this.#window += more;
    if (this.#window > WINDOW_MAX_BYTES) return false;
    this.#pumpForWindow();
    return true;
  }

  /** As long as each takes some of the window: many small updates are not told to all streams each. */
  #pumpForWindow(): void {
    for (const stream of this.#forWindow) {
      if (this.isCongested || this.#window <= 0) return;
      this.#forWindow.delete(stream);
      stream.pump();
    }
  }

  /** Has it told by `pump`. Of room in its own window it is told by those who give it. */
  awaitRoom(stream: Stream): void {
    if (this.isCongested) this.#forSocket.add(stream);
    else if (stream.sendWindow > 0) this.#forWindow.add(stream);
  }

  drop(stream: Stream): void {
    this.#forSocket.delete(stream);
    this.#forWindow.delete(stream);
  }

  headers(id: number, block: Buffer, isEnd: boolean): void {
    const flags = isEnd ? FLAG.endHeaders | FLAG.endStream : FLAG.endHeaders;
    this.#output.head(FRAME.headers, flags, id, block.length);
    this.#output.append(block, 0, block.length);
    this.#due();
  }

  /** As much as there is room for, from `start` on; gives back where it stopped. */
  data(stream: Stream, bytes: Buffer, start: number): number {
    if (this.isCongested) return start;
    let at = start;
    while (at < bytes.length) {
      const room = Math.min(this.#window, stream.sendWindow, this.frameMaxBytes);
      if (room <= 0) break;
      const end = Math.min(bytes.length, at + room);
      this.#output.head(FRAME.data, 0, stream.id, end - at);
      this.#output.append(bytes, at, end);
      this.#window -= end - at;
      stream.sendWindow -= end - at;
      at = end;
    }
    if (at > start) this.#due();
    return at;
  }

  settings(say: (output: Output) => void): void {
    say(this.#output);
    this.#due();
  }

  settingsAck(): void {
    this.#output.head(FRAME.settings, FLAG.ack, 0, 0);
    this.#due();
  }

  ping(): void {
    this.#output.head(FRAME.ping, 0, 0, 8);
    this.#output.number(0);
    this.#output.number(0);
    this.#due();
  }

  pingAck(bytes: Buffer, start: number, end: number): void {
    this.#output.head(FRAME.ping, FLAG.ack, 0, end - start);
    this.#output.append(bytes, start, end);
    this.#due();
  }

  windowUpdate(id: number, more: number): void {
    this.#output.head(FRAME.windowUpdate, 0, id, 4);
    this.#output.number(more);
    this.#due();
  }

  reset(id: number, code: ErrorCode): void {
    this.#output.head(FRAME.rstStream, 0, id, 4);
    this.#output.number(code);
    this.#due();
  }

  goAway(last: number, code: ErrorCode): void {
    this.#output.head(FRAME.goAway, 0, 0, 8);
    this.#output.number(last);
    this.#output.number(code);
    this.#due();
  }

  #due(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#onOutput();
  }
}
