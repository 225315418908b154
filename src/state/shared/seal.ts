import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from "node:crypto";

import { createRecent } from "../../core/recent.ts";

/** What keeps names and values from whoever reads the store. */
export interface StateSeal {
  /** The name of a key: `parts` are hashed with a key. */
  name(kind: string, ...parts: readonly string[]): string;
  /** A keyed hash, for what is compared and never read. */
  digest(text: string): string;
  /** `context` is where the value stands: at another place it cannot be opened. */
  seal(text: string, context: string): string;
  /** Null for whatever `seal` did not make with this key for this place. */
  open(sealed: string, context: string): string | null;
}

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const DIGEST_LENGTH = 22;
/** The same few callers and sessions come again and again. */
const DIGESTS_MAX = 8_192;
const DIGESTED_MAX_LENGTH = 512;

/** All keys come of `key`, which all replicas have in common. */
export function createStateSeal(key: Uint8Array, prefix: string): StateSeal {
  const digestKey = derived(createSecretKey(key), "impedance state names 1");
  const cipherKey = derived(createSecretKey(key), "impedance state values 1");
  const remembered = createRecent<string>(DIGESTS_MAX);
  const work = (text: string) =>
    createHmac("sha256", digestKey).update(text).digest("base64url").slice(0, DIGEST_LENGTH);
  const digest = (text: string) =>
    text.length > DIGESTED_MAX_LENGTH ? work(text) : remembered.of(text, () => work(text));
  return {
    digest,
    name: (kind, ...parts) => `${prefix}${kind}:${digest(JSON.stringify([kind, ...parts]))}`,
    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES);
      // A key for each place: random nonces of one key would run out after 2^32 values.
      const cipher = createCipheriv(CIPHER, derived(cipherKey, context), nonce);
      const sealed = [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(sealed).toString("base64url");
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, "base64url");
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, derived(cipherKey, context), nonce, {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([text, decipher.final()]).toString("utf8");
      } catch {
        return null;
      }
    },
  };
}

function derived(key: KeyObject, purpose: string): KeyObject {
  return createSecretKey(createHmac("sha256", key).update(purpose).digest());
}
