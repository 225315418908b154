import { status } from "@grpc/grpc-js";

const FRAME_HEAD_BYTES = 5;

const NONE: readonly Buffer[] = [];

/**
 * Length-prefixed messages ("gRPC over HTTP2", "Requests"): a flag, a length, and the message. Takes
 * time in proportion to what it is given, and keeps at most one message.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #kept: Buffer[] | null = null;
  #keptBytes = 0;
  /** Bytes without which no message can be whole. */
  #needed = FRAME_HEAD_BYTES;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The messages that are whole with this piece of the stream. An error status in place of them if
   * one is longer than allowed, or compressed; nothing that follows is to be read then.
   */
  push(chunk: Buffer): readonly Buffer[] | status {
    if (this.#keptBytes + chunk.length < this.#needed) {
      this.#keep(chunk);
      return NONE;
    }
    const bytes = this.#takeAll(chunk);
    const messages: Buffer[] = [];
    for (let start = 0; ; ) {
      const end = endOfFrame(bytes, start, this.#maxBytes);
      if (typeof end !== "number") return end.refused;
      if (end > bytes.length) {
        this.#needed = end - start;
        if (start < bytes.length) this.#keep(bytes.subarray(start));
        return messages;
      }
      messages.push(bytes.subarray(start + FRAME_HEAD_BYTES, end));
      start = end;
    }
  }

  /** A copy: what came with it in one read of the socket would be kept with it. */
  #keep(rest: Buffer): void {
    this.#kept ??= [];
    this.#kept.push(Buffer.from(rest));
    this.#keptBytes += rest.length;
  }

  #takeAll(chunk: Buffer): Buffer {
    if (this.#kept === null) return chunk;
    const all = Buffer.concat([...this.#kept, chunk]);
    this.#kept = null;
    this.#keptBytes = 0;
    return all;
  }
}

/** Where a frame ends, as far as its head tells: it may be beyond what is there. */
function endOfFrame(
  bytes: Buffer,
  start: number,
  maxBytes: number,
): number | { readonly refused: status } {
  const body = start + FRAME_HEAD_BYTES;
  if (bytes.length < body) return body;
  if (bytes[start] !== 0) return { refused: status.UNIMPLEMENTED };
  const length = bytes.readUInt32BE(start + 1);
  return length > maxBytes ? { refused: status.RESOURCE_EXHAUSTED } : body + length;
}
