import type { IssuerSettings } from "./authentication.ts";
import type { OnFailure } from "./posture.ts";

/** What is looked at of this machine and of callers' devices, and what follows. Paths are absolute. */
export interface PostureSettings {
  readonly intervalMs: number;
  /** What lies there has to be encrypted. */
  readonly diskPaths: readonly string[];
  /** Those that are looked at, by name. */
  readonly checks: ReadonlyMap<string, OnFailure>;
  /** Null where nobody outside is asked. */
  readonly source: PostureSourceSettings | null;
}

/** Somebody outside who knows more of this host, or of callers' devices. */
export interface PostureSourceSettings {
  readonly url: string;
  readonly caFile: string | null;
  /** Sent as a bearer token, read anew each time; null for none. */
  readonly tokenFile: string | null;
  readonly deadlineMs: number;
  readonly pollIntervalMs: number;
  readonly signer: PostureSigner;
  /** The claim of a caller that names their device; null where none does. */
  readonly deviceClaim: string | null;
  /** Of what it says about this host. */
  readonly checks: ReadonlyMap<string, OnFailure>;
  /** Of what it says about a caller's device. */
  readonly deviceChecks: ReadonlyMap<string, OnFailure>;
}

/** Whose signature is taken, and for how long. */
export interface PostureSigner
  extends Pick<
    IssuerSettings,
    | ("issuer" | "algorithms" | "types" | "clockSkewMs" | "tokenMaxAgeMs")
    | ("keys" | "keysMaxAgeMs" | "keysCooldownMs")
  > {
  readonly audience: string;
  readonly tokenMaxAgeMs: number;
}

/** Files that are to stay what they are. */
export interface IntegritySettings {
  /** Between two looks at inode, size and times. */
  readonly lookIntervalMs: number;
  /** A file is hashed whole at the latest after so long. */
  readonly fullIntervalMs: number;
  readonly readMaxBytesPerSecond: number;
  readonly fileMaxBytes: number;
  /** What the policy's bundle has to be; null where nothing is asked. */
  readonly bundle: Vouchers | null;
  /** By name. */
  readonly files: ReadonlyMap<string, IntegrityFile>;
}

/** What vouches for a file: at least one of the two. */
export interface Vouchers {
  /** In hexadecimal. */
  readonly sha256: string | null;
  readonly verifier: { readonly command: readonly string[]; readonly deadlineMs: number } | null;
  readonly onFailure: OnFailure;
}

export interface IntegrityFile extends Vouchers {
  readonly path: string;
}
