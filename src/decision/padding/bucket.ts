import assert from "node:assert/strict";
import type { PaddingScheme } from "../../core/padding.ts";
import { assertNever } from "../../core/result.ts";

/** The length on the wire of what is `length` bytes long: never less, and nothing stays nothing. */
export function bucketOf(length: number, scheme: PaddingScheme): number {
  assert(Number.isSafeInteger(length) && length >= 0, "a length is a whole number");
  if (length === 0) return 0;
  switch (scheme.kind) {
    case "off":
      return length;
    case "constant":
      return multipleOf(scheme.blockBytes, length);
    case "padme":
      return padme(length);
    case "step":
      return step(length, scheme.sizes);
    case "longest":
      return Math.max(length, ...scheme.of.map((one) => bucketOf(length, one)));
    default:
      return assertNever(scheme);
  }
}

/** The bucket, unless that is more than may be sent: then `maxBytes`, or what is there already. */
export function paddedLength(length: number, scheme: PaddingScheme, maxBytes: number): number {
  return Math.max(length, Math.min(bucketOf(length, scheme), maxBytes));
}

/**
 * Keeps as many leading bits of the length as its exponent has, and rounds the rest up (PURBs,
 * section 4): 9 to 10, 1000 to 1024, 1,000,000 to 1,015,808.
 */
function padme(length: number): number {
  const exponent = Math.floor(Math.log2(length));
  const keptBits = exponent === 0 ? 0 : Math.floor(Math.log2(exponent)) + 1;
  return multipleOf(2 ** (exponent - keptBits), length);
}

function step(length: number, sizes: readonly [number, ...number[]]): number {
  const largest = sizes.at(-1) ?? sizes[0];
  return sizes.find((size) => size >= length) ?? multipleOf(largest, length);
}

function multipleOf(bytes: number, length: number): number {
  return Math.ceil(length / bytes) * bytes;
}
