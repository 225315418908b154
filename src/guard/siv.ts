import { Buffer, isUtf8 } from "node:buffer";
import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import type { AliasScope } from "../core/alias.ts";
import { hmac, preparedKey } from "./paths/hmac.ts";

const TAG_BYTES = 16;
const CIPHER = "aes-256-ctr";

/** Deterministic authenticated encryption of text, for one scope and one purpose. */
export interface Siv {
  seal(text: string, scope: AliasScope): Uint8Array;
  /** Null for whatever `seal` did not make of a text in this scope and for this purpose. */
  open(sealed: Uint8Array, scope: AliasScope): string | null;
}

/**
 * SIV (Rogaway and Shrimpton, 2006) of HMAC-SHA-256 and AES-256-CTR: the tag is a keyed hash of the
 * text, and the counter's start. Deterministic by intent (a text must always be sealed alike), and
 * safe to be so: no nonce can repeat for two different texts. What has another `purpose` has other
 * keys.
 */
export function createSiv(purpose: string): Siv {
  const keys = createKeyRing(purpose);
  return {
    seal(text, scope) {
      const { tagKey, cipherKey } = keys(scope);
      const plain = Buffer.from(text, "utf8");
      const tag = tagOf(tagKey, plain);
      const sealed = createCipheriv(CIPHER, preparedKey(cipherKey), tag).update(plain);
      return Buffer.concat([tag, sealed]);
    },
    open(sealed, scope) {
      if (sealed.length <= TAG_BYTES) return null;
      const { tagKey, cipherKey } = keys(scope);
      const tag = sealed.subarray(0, TAG_BYTES);
      const decipher = createDecipheriv(CIPHER, preparedKey(cipherKey), tag);
      const plain = decipher.update(sealed.subarray(TAG_BYTES));
      const isOurs = timingSafeEqual(tag, tagOf(tagKey, plain)) && isUtf8(plain);
      return isOurs ? plain.toString("utf8") : null;
    },
  };
}

function tagOf(key: Uint8Array, plain: Uint8Array): Buffer {
  return hmac(key, plain).subarray(0, TAG_BYTES);
}

interface Keys {
  readonly tagKey: Uint8Array;
  readonly cipherKey: Uint8Array;
}

/** Two keys for each scope, derived once. */
function createKeyRing(purpose: string): (scope: AliasScope) => Keys {
  const ring = new WeakMap<AliasScope, Keys>();
  return (scope) => {
    const known = ring.get(scope);
    if (known !== undefined) return known;
    const keys = {
      tagKey: hmac(scope.key, `${purpose}\0tag`),
      cipherKey: hmac(scope.key, `${purpose}\0cipher`),
    };
    ring.set(scope, keys);
    return keys;
  };
}
