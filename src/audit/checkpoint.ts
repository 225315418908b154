import { readSignature } from "./chain.ts";
import type { RawLine } from "./read-lines.ts";
import { isSignedBy, type PublicKeys } from "./signing.ts";

/** What is wrong with the signature of a checkpoint; null when it holds. */
export function faultOf(
  raw: RawLine,
  keyId: string,
  keys: PublicKeys,
): { readonly code: "unsigned" | "signature"; readonly detail: string } | null {
  const read = readSignature(raw.bytes);
  if (read === null) return { code: "unsigned", detail: "the checkpoint is not signed" };
  const key = keys.get(keyId);
  if (key === undefined) {
    return { code: "signature", detail: "it is signed with a key that is not among those given" };
  }
  if (isSignedBy(key, read.signed, read.signature)) return null;
  return { code: "signature", detail: "the signature is not of this checkpoint" };
}

/** A line that is intact was written by us: it is JSON. */
export function fieldsOf(raw: RawLine): { readonly [field: string]: unknown } {
  try {
    const json: unknown = JSON.parse(raw.bytes.toString("utf8"));
    return typeof json === "object" && json !== null ? { ...json } : {};
  } catch {
    return {};
  }
}

export function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}
