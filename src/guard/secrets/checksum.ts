import { crc32 } from "node:zlib";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECKSUM_LENGTH = 6;

/**
 * Whether the last six characters of `body` are the CRC-32 of the others in base 62, as in the
 * tokens of GitHub and npm ("Behind GitHub's new authentication token formats", 2021).
 */
export function hasBase62Checksum(body: string): boolean {
  const payload = body.slice(0, -CHECKSUM_LENGTH);
  return base62(crc32(payload)) === body.slice(-CHECKSUM_LENGTH);
}

/** `payload` with its checksum behind it. */
export function withBase62Checksum(payload: string): string {
  return payload + base62(crc32(payload));
}

function base62(value: number): string {
  let digits = "";
  for (let rest = value; digits.length < CHECKSUM_LENGTH; rest = Math.floor(rest / 62)) {
    digits = BASE62.charAt(rest % 62) + digits;
  }
  return digits;
}
