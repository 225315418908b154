import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { err, ok, type Result } from "../core/result.ts";

/** Signs checkpoints. */
export interface Signer {
  /** Of the public key; a verifier finds the right one by it. */
  readonly keyId: string;
  /** Base64 of the Ed25519 signature. */
  sign(body: string): string;
}

/** Public keys by their ids. */
export type PublicKeys = ReadonlyMap<string, KeyObject>;

const SEED_BYTES = 32;
const KEY_ID_LENGTH = 16;
/** A PKCS#8 header for an Ed25519 seed (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PEM_BLOCK = /-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----/g;

/**
 * A signer of a private Ed25519 key: PEM (PKCS#8), or its seed of 32 bytes as they are, in
 * hexadecimal or in base64. The error says what is wrong and holds nothing of the key.
 */
export function createSigner(key: Uint8Array): Result<Signer, string> {
  const read = readPrivateKey(Buffer.from(key));
  if (!read.ok) return read;
  const privateKey = read.value;
  if (privateKey.asymmetricKeyType !== "ed25519") return err("is no Ed25519 key");
  const keyId = keyIdOf(createPublicKey(privateKey));
  return ok({
    keyId,
    sign: (body) => sign(null, Buffer.from(body), privateKey).toString("base64"),
  });
}

function readPrivateKey(bytes: Buffer): Result<KeyObject, string> {
  const text = bytes.toString("latin1").trim();
  try {
    if (text.startsWith("-----BEGIN")) return ok(createPrivateKey(text));
    const seed = seedOf(bytes, text);
    if (seed === null) return err("is neither a PEM key (PKCS#8) nor a seed of 32 bytes");
    const der = Buffer.concat([PKCS8_PREFIX, seed]);
    return ok(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  } catch {
    return err("is no private key that can be read");
  }
}

function seedOf(bytes: Buffer, text: string): Buffer | null {
  if (bytes.length === SEED_BYTES) return bytes;
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, "hex");
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return Buffer.from(text, "base64");
  return null;
}

/** Reads one or several public keys in PEM; null when there is none, or one is no Ed25519 key. */
export function readPublicKeys(pem: string): PublicKeys | null {
  const keys = new Map<string, KeyObject>();
  try {
    for (const [block] of pem.matchAll(PEM_BLOCK)) {
      const key = createPublicKey(block);
      if (key.asymmetricKeyType !== "ed25519") return null;
      keys.set(keyIdOf(key), key);
    }
  } catch {
    return null;
  }
  return keys.size === 0 ? null : keys;
}

export function isSignedBy(key: KeyObject, signed: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, signed, key, signature);
}

/** A fresh pair, in PEM. */
export function generateKeys(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privateKey: String(privateKey.export({ format: "pem", type: "pkcs8" })),
    publicKey: String(publicKey.export({ format: "pem", type: "spki" })),
  };
}

/** The first digits of the SHA-256 of the key in DER (SubjectPublicKeyInfo). */
function keyIdOf(key: KeyObject): string {
  const der = key.export({ format: "der", type: "spki" });
  return createHash("sha256").update(der).digest("hex").slice(0, KEY_ID_LENGTH);
}
