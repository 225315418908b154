import { createHmac, createSecretKey, type KeyObject } from "node:crypto";

/** A key is prepared once: to prepare it costs five times as much as to use it. */
const prepared = new WeakMap<Uint8Array, KeyObject>();

/** HMAC-SHA-256. */
export function hmac(key: Uint8Array, data: string | Uint8Array): Buffer {
  return createHmac("sha256", preparedKey(key)).update(data).digest();
}

export function preparedKey(key: Uint8Array): KeyObject {
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const fresh = createSecretKey(key);
  prepared.set(key, fresh);
  return fresh;
}
