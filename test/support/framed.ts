import type { FrameReader, Piece } from "../../src/envoy/grpc-frames.ts";
import type { GrpcStatus } from "../../src/envoy/grpc-status.ts";

const FRAME_HEAD_BYTES = 5;

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

/** The messages that are whole with a piece of the stream, or why one is refused. */
export function unframed(reader: FrameReader, chunk: Buffer): readonly Buffer[] | GrpcStatus {
  reader.push(chunk, 0, chunk.length);
  const messages: Buffer[] = [];
  for (let next = reader.next(); next !== null; next = reader.next()) {
    if (typeof next === "number") return next;
    messages.push(next.bytes.subarray(next.start, next.end));
  }
  return messages;
}

export function pieceOf(bytes: Buffer): Piece {
  return { bytes, start: 0, end: bytes.length };
}
