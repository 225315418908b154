import { Buffer } from "node:buffer";
import type { PaddingScheme } from "../../core/padding.ts";
import { paddedLength } from "./bucket.ts";

const SPACE = 0x20;

/**
 * The same JSON text with spaces behind its value, up to its bucket. White space there means
 * nothing (RFC 8259 section 2): whoever parses it reads the same value. Returns the same array when
 * there is nothing to add.
 */
export function padJson(body: Uint8Array, scheme: PaddingScheme, maxBytes: number): Uint8Array {
  if (scheme.kind === "off") return body;
  const length = paddedLength(body.length, scheme, maxBytes);
  if (length === body.length) return body;
  const padded = Buffer.allocUnsafe(length);
  padded.set(body);
  return padded.fill(SPACE, body.length);
}
