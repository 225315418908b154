import { Buffer } from "node:buffer";
import {
  ERROR,
  type ErrorCode,
  FLAG,
  FRAME_HEAD_BYTES,
  FRAME_MAX_BYTES,
  PREFACE,
} from "./protocol.ts";

const NO_BYTES = Buffer.alloc(0);
const STREAM_ID = 0x7fff_ffff;

/** One frame (RFC 9113, section 4.1), in the bytes that it came in. */
export class Frame {
  type = 0;
  flags = 0;
  /** 0: the connection itself. */
  stream = 0;
  bytes: Buffer = NO_BYTES;
  /** Of the payload. */
  start = 0;
  end = 0;

  get length(): number {
    return this.end - this.start;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Leaves the payload without its padding; false where there is more of that than payload. */
  stripPadding(): boolean {
    if (!this.has(FLAG.padded)) return true;
    const padding = this.bytes[this.start] ?? 0;
    if (padding >= this.length) return false;
    this.start += 1;
    this.end -= padding;
    return true;
  }
}

/** Cuts what comes into frames, behind the preface. Holds less than one frame. */
export class FrameReader {
  /** The same for all: a frame is done with before the next one is read. */
  readonly #frame = new Frame();
  #bytes: Buffer = NO_BYTES;
  #at = 0;
  /** The beginning of a frame, in the pieces in which it came, and the bytes that it lacks. */
  #kept: Buffer[] = [];
  #missing = 0;
  #hasPreface = false;

  push(chunk: Buffer): void {
    this.#at = 0;
    if (this.#kept.length === 0) {
      this.#bytes = chunk;
    } else if (chunk.length < this.#missing) {
      // Put together once, however many pieces there are.
      this.#kept.push(Buffer.from(chunk));
      this.#missing -= chunk.length;
    } else {
      this.#bytes = Buffer.concat([...this.#kept, chunk]);
      this.#kept = [];
    }
  }

  /** Null where no more is whole, a code where the peer does not keep to the protocol. */
  next(): Frame | ErrorCode | null {
    if (!this.#hasPreface) {
      const fault = this.#preface();
      if (fault !== null || !this.#hasPreface) return fault;
    }
    const bytes = this.#bytes;
    const start = this.#at + FRAME_HEAD_BYTES;
    if (start > bytes.length) return this.#keepRest(start);
    const length = bytes.readUIntBE(this.#at, 3);
    if (length > FRAME_MAX_BYTES) return ERROR.frameSize;
    if (start + length > bytes.length) return this.#keepRest(start + length);
    const frame = this.#frame;
    frame.type = bytes[this.#at + 3] ?? 0;
    frame.flags = bytes[this.#at + 4] ?? 0;
    frame.stream = bytes.readUInt32BE(this.#at + 5) & STREAM_ID;
    frame.bytes = bytes;
    frame.start = start;
    frame.end = start + length;
    this.#at = frame.end;
    return frame;
  }

  #preface(): ErrorCode | null {
    const length = Math.min(this.#bytes.length, PREFACE.length);
    if (this.#bytes.toString("latin1", 0, length) !== PREFACE.slice(0, length)) {
      return ERROR.protocol;
    }
    this.#hasPreface = length === PREFACE.length;
    return this.#hasPreface ? this.#skip(length) : this.#keepRest(PREFACE.length);
  }

  #skip(bytes: number): null {
    this.#at = bytes;
    return null;
  }

  /** What was not read; it needs to reach to `end`. A copy: all that came with it would be kept, too. */
  #keepRest(end: number): null {
    const rest = this.#bytes.subarray(this.#at);
    if (rest.length > 0) {
      this.#kept = [Buffer.from(rest)];
      this.#missing = end - this.#bytes.length;
    }
    this.#bytes = NO_BYTES;
    this.#frame.bytes = NO_BYTES;
    this.#at = 0;
    return null;
  }
}
