import { Buffer } from "node:buffer";

/**
 * Bytes with Node's own slice decoders. They stand on `Buffer.prototype` in every Node release but
 * not in its type definitions; `toString(encoding, …)` looks the encoding up at each call.
 */
export interface ByteText extends Uint8Array {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** The same bytes, or a view of them. */
export function byteText(bytes: Uint8Array): ByteText {
  const view: unknown = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view as ByteText;
}
