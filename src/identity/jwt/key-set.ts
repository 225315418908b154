import { type CryptoKey, importJWK, type JWK } from "jose";

/** One of them, with the id that its issuer gave it, whatever a token says. */
export interface IssuerKey {
  readonly key: CryptoKey;
  readonly id: string | null;
}

/** The public keys of an issuer that can verify signatures, each for the algorithms it fits. */
export interface KeySet {
  /** Those that may have made a signature: by id where the token names one. */
  candidates(keyId: string | null, algorithm: string): Promise<readonly IssuerKey[]>;
  /** Whether there is a key of this id, for whatever algorithm. */
  has(keyId: string): boolean;
}

const KEYS_MAX = 100;
/** As many signatures as one token may make us verify. */
const CANDIDATES_MAX = 4;

/** Which key an algorithm takes (RFC 7518 section 3.1, RFC 8037 section 3.1): no other is tried. */
const KEY_OF: { readonly [algorithm: string]: { readonly kty: string; readonly crv?: string } } = {
  ...Object.fromEntries(
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map((name) => [name, { kty: "RSA" }]),
  ),
  ES256: { kty: "EC", crv: "P-256" },
  ES384: { kty: "EC", crv: "P-384" },
  ES512: { kty: "EC", crv: "P-521" },
  EdDSA: { kty: "OKP", crv: "Ed25519" },
  Ed25519: { kty: "OKP", crv: "Ed25519" },
};

/** Null for what is no JWK set (RFC 7517 section 5). Keys that cannot be used are left out. */
export function readKeySet(value: unknown): KeySet | null {
  if (typeof value !== "object" || value === null) return null;
  const { keys } = value as { readonly keys?: unknown };
  if (!Array.isArray(keys) || keys.length > KEYS_MAX) return null;
  const usable = keys.filter(isUsable);
  const imported = new Map<string, Promise<CryptoKey | null>>();

  function imports(index: number, key: JWK, algorithm: string): Promise<CryptoKey | null> {
    const name = `${index}:${algorithm}`;
    const known = imported.get(name) ?? importPublic(key, algorithm);
    imported.set(name, known);
    return known;
  }

  return {
    has: (keyId) => usable.some(({ kid }) => kid === keyId),
    async candidates(keyId, algorithm) {
      const fitting = [...usable.entries()].filter(
        ([, key]) => (keyId === null || key.kid === keyId) && fits(key, algorithm),
      );
      const chosen = fitting.slice(0, CANDIDATES_MAX);
      const all = await Promise.all(
        chosen.map(async ([at, jwk]) => {
          return { key: await imports(at, jwk, algorithm), id: jwk.kid ?? null };
        }),
      );
      return all.filter((one): one is IssuerKey => one.key !== null);
    },
  };
}

/** Public, and for signatures. A key whose private half is there for all to see vouches for none. */
function isUsable(value: unknown): value is JWK {
  if (typeof value !== "object" || value === null) return false;
  const { kty, use, key_ops: operations, d, k } = value as { readonly [name: string]: unknown };
  if (typeof kty !== "string" || d !== undefined || k !== undefined) return false;
  if (use !== undefined && use !== "sig") return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes("verify"));
}

function fits(key: JWK, algorithm: string): boolean {
  const wanted = Object.hasOwn(KEY_OF, algorithm) ? KEY_OF[algorithm] : undefined;
  if (wanted === undefined || key.kty !== wanted.kty) return false;
  if (wanted.crv !== undefined && key.crv !== wanted.crv) return false;
  return key.alg === undefined || key.alg === algorithm || isSameCurve(key.alg, algorithm);
}

/** RFC 9864 gave EdDSA with this curve a name of its own. */
function isSameCurve(one: string, other: string): boolean {
  const names = ["EdDSA", "Ed25519"];
  return names.includes(one) && names.includes(other);
}

async function importPublic(key: JWK, algorithm: string): Promise<CryptoKey | null> {
  try {
    const { alg: _, ...bare } = key;
    const made = await importJWK(bare, algorithm);
    return made instanceof Uint8Array || made.type !== "public" ? null : made;
  } catch {
    return null;
  }
}
