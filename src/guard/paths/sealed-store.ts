import { Buffer, isUtf8 } from "node:buffer";
import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import type { AliasScope, OpenedAlias } from "../../core/alias.ts";
import type { AliasStore } from "../../core/ports.ts";
import { decodeBase32, encodeBase32 } from "./base32.ts";
import { hmac, preparedKey } from "./hmac.ts";

const TAG_BYTES = 16;
const CIPHER = "aes-256-ctr";
const FOREIGN: OpenedAlias = { kind: "foreign" };

/**
 * Keeps nothing: the code is the path itself, encrypted. It is SIV (Rogaway and Shrimpton, 2006)
 * of HMAC-SHA-256 and AES-256-CTR: the tag is a keyed hash of the path, and the counter's start.
 * Deterministic by intent (a path must have one alias), and safe to be so: no nonce can repeat for
 * two different paths.
 */
export function createSealedStore(): AliasStore {
  const keys = createKeyRing();
  return {
    codeOf(text, scope) {
      const { tagKey, cipherKey } = keys(scope);
      const plain = Buffer.from(text, "utf8");
      const tag = tagOf(tagKey, plain);
      const sealed = createCipheriv(CIPHER, preparedKey(cipherKey), tag).update(plain);
      return encodeBase32(Buffer.concat([tag, sealed]));
    },
    open(code, scope) {
      const bytes = decodeBase32(code);
      if (bytes === null || bytes.length <= TAG_BYTES) return FOREIGN;
      const { tagKey, cipherKey } = keys(scope);
      const tag = bytes.subarray(0, TAG_BYTES);
      const decipher = createDecipheriv(CIPHER, preparedKey(cipherKey), tag);
      const plain = decipher.update(bytes.subarray(TAG_BYTES));
      const isOurs = timingSafeEqual(tag, tagOf(tagKey, plain)) && isUtf8(plain);
      return isOurs ? { kind: "known", text: plain.toString("utf8") } : FOREIGN;
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
function createKeyRing(): (scope: AliasScope) => Keys {
  const ring = new WeakMap<AliasScope, Keys>();
  return (scope) => {
    const known = ring.get(scope);
    if (known !== undefined) return known;
    const keys = {
      tagKey: hmac(scope.key, "sealed\0tag"),
      cipherKey: hmac(scope.key, "sealed\0cipher"),
    };
    ring.set(scope, keys);
    return keys;
  };
}
