import { Buffer } from "node:buffer";
import { FRAME_HEAD_BYTES } from "./protocol.ts";

const INITIAL_BYTES = 32 * 1024;
/** A larger one is not kept. */
const KEPT_MAX_BYTES = 256 * 1024;

/** Frames behind one another, in one buffer, which is used again once its bytes have left. */
export class Output {
  #bytes: Buffer;
  #length = 0;

  constructor(initialBytes = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** The head of a frame (RFC 9113, section 4.1). */
  head(type: number, flags: number, stream: number, payloadBytes: number): void {
    this.#room(FRAME_HEAD_BYTES);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = payloadBytes >>> 16;
    bytes[at++] = (payloadBytes >>> 8) & 0xff;
    bytes[at++] = payloadBytes & 0xff;
    bytes[at++] = type;
    bytes[at++] = flags;
    this.#length = bytes.writeUInt32BE(stream, at);
  }

  number(value: number): void {
    this.#room(4);
    this.#length = this.#bytes.writeUInt32BE(value >>> 0, this.#length);
  }

  setting(name: number, value: number): void {
    this.#room(6);
    this.#length = this.#bytes.writeUInt16BE(name, this.#length);
    this.number(value);
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#room(end - start);
    const whole = start === 0 && end === bytes.length;
    this.#bytes.set(whole ? bytes : bytes.subarray(start, end), this.#length);
    this.#length += end - start;
  }

  /** All that there is. Its buffer is filled again from the beginning by what comes next. */
  view(): Buffer {
    const all = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return all;
  }

  /** All that there is, in a buffer of its own. */
  copy(): Buffer {
    return Buffer.from(this.view());
  }

  /** What was seen last is still needed. */
  leave(): void {
    this.#bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  /** A buffer that one large message made grow is let go. */
  shrink(): void {
    if (this.#bytes.length > KEPT_MAX_BYTES) this.leave();
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
