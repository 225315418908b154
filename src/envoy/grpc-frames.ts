import { GRPC, type GrpcStatus } from "./grpc-status.ts";

export const FRAME_HEAD_BYTES = 5;

/** Some of the bytes of a buffer. A view of them would be an object that is dear to make. */
export interface Piece {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * Length-prefixed messages ("gRPC over HTTP2", "Requests"): a flag, a length, and the message. Takes
 * time in proportion to what it is given, and keeps at most one message.
 */
export class FrameReader {
  readonly #maxBytes: number;
  /** What messages are taken of, and where the next one begins; null while none can be whole. */
  #bytes: Buffer | null = null;
  #at = 0;
  #end = 0;
  #kept: Buffer[] | null = null;
  #keptBytes = 0;
  /** Bytes without which no message can be whole. */
  #needed = FRAME_HEAD_BYTES;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes in a piece of the stream; `next` gives the messages that are whole with it. */
  push(bytes: Buffer, start: number, end: number): void {
    if (this.#keptBytes + end - start < this.#needed) this.#keep(bytes.subarray(start, end));
    else if (this.#kept === null) this.#takeFrom(bytes, start, end);
    else {
      const all = Buffer.concat([...this.#kept, bytes.subarray(start, end)]);
      this.#kept = null;
      this.#keptBytes = 0;
      this.#takeFrom(all, 0, all.length);
    }
  }

  /**
   * Null where no more is whole. An error status in place of a message that is longer than allowed,
   * or compressed; nothing that follows is to be read then.
   */
  next(): Piece | GrpcStatus | null {
    const bytes = this.#bytes;
    if (bytes === null) return null;
    const start = this.#at;
    const end = endOfFrame(bytes, start, this.#end, this.#maxBytes);
    if (typeof end !== "number") return end.refused;
    if (end <= this.#end) {
      this.#at = end;
      return { bytes, start: start + FRAME_HEAD_BYTES, end };
    }
    this.#needed = end - start;
    this.#bytes = null;
    if (start < this.#end) this.#keep(bytes.subarray(start, this.#end));
    return null;
  }

  /** Whether a message has begun that is not whole. */
  get isCut(): boolean {
    return this.#keptBytes > 0;
  }

  /** A copy: what came with it in one read of the socket would be kept with it. */
  #keep(rest: Buffer): void {
    this.#kept ??= [];
    this.#kept.push(Buffer.from(rest));
    this.#keptBytes += rest.length;
  }

  #takeFrom(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }
}

/** Where a frame ends, as far as its head tells: it may be beyond what is there. */
function endOfFrame(
  bytes: Buffer,
  start: number,
  available: number,
  maxBytes: number,
): number | { readonly refused: GrpcStatus } {
  const body = start + FRAME_HEAD_BYTES;
  if (available < body) return body;
  if (bytes[start] !== 0) return { refused: GRPC.UNIMPLEMENTED };
  const length = bytes.readUInt32BE(start + 1);
  return length > maxBytes ? { refused: GRPC.RESOURCE_EXHAUSTED } : body + length;
}
