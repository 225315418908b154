import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Tells scanners and people what it is; the rest is 256 random bits. */
const PREFIX = "imp_";
const RANDOM_BYTES = 32;
const FORM = /^imp_[A-Za-z0-9_-]{43}$/;

/** A fresh key, to be shown once, and what is kept of it. */
export function createApiKey(): { readonly key: string; readonly hash: string } {
  const key = `${PREFIX}${randomBytes(RANDOM_BYTES).toString("base64url")}`;
  return { key, hash: hashApiKey(key).toString("hex") };
}

/** Whether a text has the form of a key of ours: 256 bits that nobody chose. */
export function isApiKey(text: string): boolean {
  return FORM.test(text);
}

/**
 * SHA-256 suffices: a key is 256 random bits, which nobody finds by trying, however fast the hash.
 * A slow hash would protect what people choose, at the price of a request that is slow to refuse.
 */
export function hashApiKey(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

/** In a time that does not depend on where they differ. */
export function isSameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
