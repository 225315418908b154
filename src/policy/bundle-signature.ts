import { createHash } from "node:crypto";
import { compactVerify, importSPKI } from "jose";
import type { Json } from "../core/policy.ts";
import { err, ok, type Result } from "../core/result.ts";
import { isRecord, parseRecord } from "./json.ts";

/** A public key in PEM, and the one algorithm that is taken with it. */
export interface VerificationKey {
  readonly pem: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
}

/** RFC 7518 section 3.1; a key that both sides know would let whoever verifies sign. */
type SignatureAlgorithm = `${"RS" | "PS" | "ES"}${256 | 384 | 512}`;

const SIGNATURES = "/.signatures.json";

/**
 * Whether a bundle is the one that was signed: its `.signatures.json` holds one JWT by this key,
 * which names every file with its hash, and no other (OPA, "Bundles", "Signing"). The error is for
 * the operator. Whatever the files are, it does not throw.
 */
export async function verifyBundle(
  files: ReadonlyMap<string, Uint8Array>,
  key: VerificationKey,
): Promise<Result<void, string>> {
  const signatures = files.get(SIGNATURES);
  if (signatures === undefined) return err("it is not signed, and policy.verification_key is set");
  const token = tokenOf(signatures);
  if (token === null) return err(".signatures.json does not hold exactly one signature");
  const signed = await payloadOf(token, key);
  if (signed === null) return err("its signature is not by policy.verification_key");

  const rest = new Map(signed.map((file) => [file.name, file]));
  for (const [path, bytes] of files) {
    if (path === SIGNATURES) continue;
    const name = path.slice(1);
    const hash = hashOf(name, bytes, rest.get(name)?.algorithm);
    if (hash === null || hash !== rest.get(name)?.hash)
      return err(`${name} is not what was signed`);
    rest.delete(name);
  }
  const [missing] = rest.keys();
  return missing === undefined ? ok(undefined) : err(`${missing} was signed and is missing`);
}

function tokenOf(bytes: Uint8Array): string | null {
  const record = parseRecord(bytes);
  if (!record.ok || !Array.isArray(record.value.signatures)) return null;
  const [token, another] = record.value.signatures;
  return typeof token === "string" && another === undefined ? token : null;
}

interface SignedFile {
  readonly name: string;
  readonly hash: string;
  readonly algorithm: string;
}

async function payloadOf(token: string, key: VerificationKey): Promise<SignedFile[] | null> {
  try {
    const { algorithm, pem } = key;
    const imported = await importSPKI(Buffer.from(pem).toString("utf8"), algorithm);
    const { payload } = await compactVerify(token, imported, { algorithms: [algorithm] });
    const claims = parseRecord(payload);
    return claims.ok ? filesOf(claims.value.files) : null;
  } catch {
    // FAIL CLOSED: a key, a token or a signature that is not right is one thing: not verified.
    return null;
  }
}

function filesOf(value: unknown): SignedFile[] | null {
  if (!Array.isArray(value)) return null;
  const files: SignedFile[] = [];
  for (const file of value) {
    if (!isRecord(file)) return null;
    const { name, hash, algorithm } = file;
    if (typeof name !== "string" || typeof hash !== "string") return null;
    files.push({ name, hash, algorithm: typeof algorithm === "string" ? algorithm : "" });
  }
  return files;
}

const HASHES: ReadonlyMap<string, string> = new Map([
  ["SHA-256", "sha256"],
  ["SHA-384", "sha384"],
  ["SHA-512", "sha512"],
]);

/** JSON is hashed as a value, with its keys in order, anything else as its bytes. */
function hashOf(name: string, bytes: Uint8Array, algorithm: string | undefined): string | null {
  const hash = HASHES.get(algorithm ?? "");
  if (hash === undefined) return null;
  const isStructured = /(^|\/)(data\.json|\.manifest)$/.test(name);
  if (!isStructured) return createHash(hash).update(bytes).digest("hex");
  const record = parseRecord(bytes);
  return record.ok ? createHash(hash).update(canonical(record.value)).digest("hex") : null;
}

/**
 * As OPA's `bundle/hash.go` walks a value. Numbers are written by ECMAScript: a bundle whose data
 * spells one otherwise (`1.0`) is refused, which is safe, and OPA itself does not write such.
 */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const members = Object.entries(value as { readonly [key: string]: Json })
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`);
  return `{${members.join(",")}}`;
}
