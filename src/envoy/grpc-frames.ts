import { status } from "@grpc/grpc-js";

/** Length-prefixed messages ("gRPC over HTTP2", "Requests"): a flag, a length, and the message. */
export interface FrameReader {
  /**
   * The messages that are whole with this piece of the stream. An error status in place of them if
   * one is longer than allowed, or compressed; nothing that follows is to be read then.
   */
  push(chunk: Buffer): readonly Buffer[] | status;
}

const FRAME_HEAD_BYTES = 5;

const NONE: readonly Buffer[] = [];

/** Takes time in proportion to what it is given, and keeps at most one message. */
export function createFrameReader(maxBytes: number): FrameReader {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  /** Bytes without which no message can be whole. */
  let needed = FRAME_HEAD_BYTES;

  /** A copy: what came with it in one read of the socket would be kept with it. */
  function keep(rest: Buffer): void {
    kept.push(Buffer.from(rest));
    keptBytes += rest.length;
  }

  function takeAll(chunk: Buffer): Buffer {
    if (keptBytes === 0) return chunk;
    const all = Buffer.concat([...kept, chunk]);
    kept = [];
    keptBytes = 0;
    return all;
  }

  return {
    push(chunk) {
      if (keptBytes + chunk.length < needed) {
        keep(chunk);
        return NONE;
      }
      const bytes = takeAll(chunk);
      const messages: Buffer[] = [];
      for (let start = 0; ; ) {
        const end = endOfFrame(bytes, start, maxBytes);
        if (typeof end !== "number") return end.refused;
        if (end > bytes.length) {
          needed = end - start;
          if (start < bytes.length) keep(bytes.subarray(start));
          return messages;
        }
        messages.push(bytes.subarray(start + FRAME_HEAD_BYTES, end));
        start = end;
      }
    },
  };
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

/** Messages behind one another, each with the head of its frame. */
export function framed(messages: readonly Uint8Array[]): Buffer {
  const size = messages.reduce((sum, { length }) => sum + FRAME_HEAD_BYTES + length, 0);
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const message of messages) {
    out[at] = 0;
    out.writeUInt32BE(message.length, at + 1);
    out.set(message, at + FRAME_HEAD_BYTES);
    at += FRAME_HEAD_BYTES + message.length;
  }
  return out;
}
