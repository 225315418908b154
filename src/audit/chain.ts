import { createHash, hash as digest } from "node:crypto";

/** Where a chain stands: the next line has the next number, and names this hash. */
export interface Position {
  /** One worker's chain; each has numbers of its own. */
  readonly lane: string;
  readonly seq: number;
  readonly hash: string;
}

/** The `prev_hash` of the first line of a lane. */
export const GENESIS = "0".repeat(64);

/** `,"hash":"` + 64 digits + `"}`: what stands behind the bytes that are hashed. */
const SUFFIX_LENGTH = 75;
const SUFFIX = /^,"hash":"([0-9a-f]{64})"\}$/;
const PREFIX =
  /^\{"seq":([1-9]\d{0,14}),"lane":"([\w-]{1,64})","prev_hash":"([0-9a-f]{64})","kind":"(\w{1,32})"/;
const PREFIX_MAX_LENGTH = 256;
/** `,"signature":"` + 88 characters of base64 + `"`: what stands behind the bytes that are signed. */
const SIGNATURE_LENGTH = 103;
const SIGNATURE = /^,"signature":"([A-Za-z0-9+/]{86}==)"$/;

/**
 * A record as the next line of the chain, without its line break. The hash is SHA-256 over all
 * bytes of the line before `,"hash":"`; `prev_hash` is among them.
 */
export function linkLine(position: Position, record: string, sign?: (body: string) => string) {
  const seq = position.seq + 1;
  const opened = `{"seq":${seq},"lane":"${position.lane}","prev_hash":"${position.hash}",`;
  const unsigned = opened + record.slice(1, -1);
  const body = sign === undefined ? unsigned : `${unsigned},"signature":"${sign(unsigned)}"`;
  const hash = digest("sha256", body, "hex");
  return { line: `${body},"hash":"${hash}"}`, position: { lane: position.lane, seq, hash } };
}

/** A line as it was read: what it claims, and whether its bytes are those it was hashed from. */
export interface ReadLink extends Position {
  readonly prevHash: string;
  readonly kind: string;
  readonly isIntact: boolean;
}

/** Reads a line, without its line break; null when it has not the form of one. Never throws. */
export function readLink(line: Uint8Array): ReadLink | null {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  const start = Math.max(0, bytes.length - SUFFIX_LENGTH);
  const suffix = SUFFIX.exec(bytes.toString("latin1", start));
  const prefix = PREFIX.exec(bytes.toString("latin1", 0, PREFIX_MAX_LENGTH));
  if (suffix === null || prefix === null) return null;
  const [, seq = "", lane = "", prevHash = "", kind = ""] = prefix;
  const hash = suffix[1] ?? "";
  const isIntact = createHash("sha256").update(bytes.subarray(0, start)).digest("hex") === hash;
  return { seq: Number(seq), lane, prevHash, kind, hash, isIntact };
}

/** What a checkpoint's line was signed over, and the signature; null where it has none. */
export function readSignature(
  line: Uint8Array,
): { readonly signed: Uint8Array; readonly signature: Uint8Array } | null {
  const body = line.subarray(0, Math.max(0, line.length - SUFFIX_LENGTH));
  const start = Math.max(0, body.length - SIGNATURE_LENGTH);
  const found = SIGNATURE.exec(Buffer.from(body.subarray(start)).toString("latin1"));
  if (found === null) return null;
  return { signed: body.subarray(0, start), signature: Buffer.from(found[1] ?? "", "base64") };
}
