import { FRAME_HEAD_BYTES } from "./grpc-frames.ts";
import { clean } from "./headers.ts";
import { LENGTH_DELIMITED, VARINT, WIRE_TYPE_BITS } from "./wire-reader.ts";

/** What most replies fit into. */
const SCRATCH_BYTES = 16 * 1024;
/** Shorter texts are written here: a call out of JavaScript costs more than their characters. */
const SHORT = 128;
const SPACE = 0x20;
const DELETE = 0x7f;

/**
 * Writes protobuf from its end to its beginning, the last field first: a length stands before what it
 * is the length of, and is known by then. Fields have numbers below 16.
 */
export class WireWriter {
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #bytes = this.#scratch;
  #at = SCRATCH_BYTES;

  start(): void {
    this.#bytes = this.#scratch;
    this.#at = SCRATCH_BYTES;
  }

  /** How much there is. Whatever is written from now on, and ended with this, is one message. */
  get written(): number {
    return this.#bytes.length - this.#at;
  }

  /** The head of a field: all that was written since is the message in it. */
  end(field: number, since: number): void {
    this.#varint(this.written - since);
    this.#tag(field, LENGTH_DELIMITED);
  }

  /** The head of a frame ("gRPC over HTTP2"): all that was written since is the message in it. */
  endFrame(since: number): void {
    const length = this.written - since;
    this.#reserve(FRAME_HEAD_BYTES);
    this.#at -= FRAME_HEAD_BYTES;
    this.#bytes[this.#at] = 0;
    this.#bytes.writeUInt32BE(length, this.#at + 1);
  }

  text(field: number, value: string): void {
    const since = this.written;
    if (!this.#shortText(value, false)) this.#longText(value);
    this.end(field, since);
  }

  /** As bytes, as `clean` has it, and no longer than so many bytes. */
  headerValue(field: number, value: string, maxBytes: number): void {
    const since = this.written;
    if (!this.#shortText(value, true)) {
      this.#copy(Buffer.from(clean(value), "utf8").subarray(0, maxBytes));
    }
    this.end(field, since);
  }

  bytes(field: number, value: Uint8Array): void {
    const since = this.written;
    this.#copy(value);
    this.end(field, since);
  }

  /** An `int32` that is not negative. */
  number(field: number, value: number): void {
    this.#varint(value);
    this.#tag(field, VARINT);
  }

  bool(field: number, value: boolean): void {
    this.number(field, value ? 1 : 0);
  }

  /** All of it, in bytes of their own, of which nothing is kept here. */
  finish(): Buffer {
    const bytes = this.#bytes;
    const at = this.#at;
    this.start();
    // What did not fit has bytes of its own already.
    if (bytes !== this.#scratch) return bytes.subarray(at);
    const whole = Buffer.allocUnsafe(bytes.length - at);
    bytes.copy(whole, 0, at);
    return whole;
  }

  /** False for what is long or not ASCII: nothing was written then. */
  #shortText(value: string, isCleaned: boolean): boolean {
    const { length } = value;
    if (length > SHORT) return false;
    this.#reserve(length);
    const bytes = this.#bytes;
    const start = this.#at - length;
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code > DELETE) return false;
      bytes[start + index] = isCleaned && (code < SPACE || code === DELETE) ? SPACE : code;
    }
    this.#at = start;
    return true;
  }

  /** A lone surrogate, which no UTF-8 has, becomes U+FFFD. */
  #longText(value: string): void {
    const length = Buffer.byteLength(value, "utf8");
    this.#reserve(length);
    this.#at -= length;
    this.#bytes.write(value, this.#at, length, "utf8");
  }

  #copy(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#bytes.set(value, this.#at);
  }

  #tag(field: number, wire: number): void {
    this.#reserve(1);
    this.#at -= 1;
    this.#bytes[this.#at] = (field << WIRE_TYPE_BITS) | wire;
  }

  #varint(value: number): void {
    let size = 1;
    for (let left = value >>> 7; left > 0; left >>>= 7) size += 1;
    this.#reserve(size);
    this.#at -= size;
    let at = this.#at;
    for (let left = value; ; left >>>= 7) {
      if (left < 0x80) {
        this.#bytes[at] = left;
        return;
      }
      this.#bytes[at] = (left & 0x7f) | 0x80;
      at += 1;
    }
  }

  #reserve(length: number): void {
    if (length > this.#at) this.#grow(length);
  }

  #grow(length: number): void {
    const { written } = this;
    const size = Math.max(2 * this.#bytes.length, written + length + SCRATCH_BYTES);
    const larger = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(larger, size - written, this.#at);
    this.#bytes = larger;
    this.#at = size - written;
  }
}
