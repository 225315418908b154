import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import type { SealedArguments } from "../core/audit.ts";
import { err, ok, type Result } from "../core/result.ts";

/** Seals arguments for one analyst: who writes the log cannot read them again. */
export interface AnalystSeal {
  /** Null for what is too long to be kept. `decisionId` binds the text to its line. */
  seal(text: Uint8Array, decisionId: string): SealedArguments | null;
}

/** Opens what was sealed for the holder of a private key; null for what is not theirs, or forged. */
export interface AnalystKey {
  open(sealed: SealedArguments, decisionId: string): Uint8Array | null;
}

const ALGORITHM = "X25519-HKDF-SHA256-A256GCM";
const TEXT_MAX_BYTES = 65_536;
/** An agreement costs a hundred times what a text does: one serves so many texts. */
const TEXTS_PER_AGREEMENT = 65_536;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * X25519 (RFC 7748) with a key of our own that is forgotten, HKDF-SHA-256 (RFC 5869) over both
 * public keys, AES-256-GCM with a counter. `key` is the analyst's public key, PEM (SPKI).
 */
export function createAnalystSeal(key: Uint8Array): Result<AnalystSeal, string> {
  // From a private key a public one could be made, and then the gateway could read what it sealed.
  if (readKey(() => createPrivateKey(Buffer.from(key))) !== null) {
    return err("is the private key, which stays with the analyst; give the public one (FILE.pub)");
  }
  const analyst = readKey(() => createPublicKey(Buffer.from(key)));
  if (analyst === null) return err("is no X25519 public key (PEM)");
  let agreement = agree(analyst);
  let sealed = 0;
  return ok({
    seal(text, decisionId) {
      if (text.length > TEXT_MAX_BYTES) return null;
      if (sealed === TEXTS_PER_AGREEMENT) {
        agreement = agree(analyst);
        sealed = 0;
      }
      const iv = Buffer.alloc(IV_BYTES);
      iv.writeUInt32BE(sealed, IV_BYTES - 4);
      sealed += 1;
      const cipher = createCipheriv("aes-256-gcm", agreement.secret, iv);
      cipher.setAAD(Buffer.from(decisionId));
      const data = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
      return {
        alg: ALGORITHM,
        epk: agreement.publicKey,
        iv: iv.toString("base64url"),
        data: data.toString("base64url"),
      };
    },
  });
}

/** `key` is the private X25519 key, PEM (PKCS#8). */
export function createAnalystKey(key: Uint8Array): Result<AnalystKey, string> {
  const own = readKey(() => createPrivateKey(Buffer.from(key)));
  if (own === null) return err("is no X25519 private key (PEM)");
  const secrets = new Map<string, Buffer>();
  return ok({
    open({ alg, epk, iv, data }, decisionId) {
      if (alg !== ALGORITHM) return null;
      try {
        const secret = secrets.get(epk) ?? secretOf(own, fromRaw(epk), epk, rawOf(own));
        if (secrets.size < 1_024) secrets.set(epk, secret);
        const bytes = Buffer.from(data, "base64url");
        const decipher = createDecipheriv("aes-256-gcm", secret, Buffer.from(iv, "base64url"));
        decipher.setAAD(Buffer.from(decisionId));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
      } catch {
        return null;
      }
    },
  });
}

/** A fresh pair, in PEM. */
export function generateAnalystKeys(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync("x25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
}

interface Agreement {
  readonly secret: Buffer;
  readonly publicKey: string;
}

function agree(analyst: KeyObject): Agreement {
  const { privateKey } = generateKeyPairSync("x25519");
  const publicKey = rawOf(privateKey);
  return { secret: secretOf(privateKey, analyst, publicKey, rawOf(analyst)), publicKey };
}

/** Both public keys go into the derivation, so that a secret belongs to this pair alone. */
function secretOf(own: KeyObject, other: KeyObject, ephemeral: string, analyst: string): Buffer {
  const shared = diffieHellman({ privateKey: own, publicKey: other });
  const info = `impedance arguments ${ephemeral} ${analyst}`;
  return Buffer.from(hkdfSync("sha256", shared, Buffer.alloc(0), info, 32));
}

/** The public key's 32 bytes, in base64url, as JSON Web Keys have it (RFC 8037). */
function rawOf(key: KeyObject): string {
  return String(key.export({ format: "jwk" }).x);
}

function fromRaw(x: string): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
}

function readKey(read: () => KeyObject): KeyObject | null {
  try {
    const key = read();
    return key.asymmetricKeyType === "x25519" ? key : null;
  } catch {
    return null;
  }
}
