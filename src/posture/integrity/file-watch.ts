import type { Clock } from "../../core/ports.ts";
import type { PostureReading } from "../../core/posture.ts";
import { assertNever } from "../../core/result.ts";
import { type HashFault, type HashOptions, hashFile, markOf } from "./hash-file.ts";
import { runVerifier, type VerifierOutcome, type VerifierSettings } from "./verifier.ts";

/** A file that is to stay what it is. */
export interface WatchedFile {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** In hexadecimal; null where only a verifier vouches for it. */
  readonly sha256: string | null;
  readonly verifier: VerifierSettings | null;
}

/** Looks at a file again and again; looks at one file never overlap. */
export interface FileWatch {
  look(): Promise<PostureReading>;
}

export interface FileWatchOptions extends HashOptions {
  readonly clock: Pick<Clock, "monotonic">;
  /** After so long it is hashed whole, whatever its inode, size and times say. */
  readonly fullIntervalMs: number;
}

interface Seen extends PostureReading {
  readonly mark: string | null;
  readonly sinceMs: number;
}

const TRIES_MAX = 3;

export function createFileWatch(file: WatchedFile, options: FileWatchOptions): FileWatch {
  const { clock, fullIntervalMs } = options;
  /** The last hash that the verifier vouched for. */
  let vouched: string | null = null;
  let seen: Seen | null = null;

  async function vouchFor(sha256: string): Promise<VerifierOutcome> {
    if (file.verifier === null || vouched === sha256) return "verified";
    const outcome = await runVerifier(file.verifier, file.path, sha256);
    vouched = outcome === "verified" ? sha256 : null;
    return outcome;
  }

  async function readAnew(tries: number): Promise<Seen> {
    const sinceMs = clock.monotonic();
    const hashed = await hashFile(file.path, options);
    if (!hashed.ok) {
      if (hashed.error === "CHANGING" && tries > 1) return readAnew(tries - 1);
      return { ...withoutHash(file, hashed.error), mark: null, sinceMs };
    }
    const { sha256, mark } = hashed.value;
    const digests = { expected: file.sha256, found: sha256 };
    if (file.sha256 !== null && file.sha256 !== sha256) {
      return { state: "false", readFrom: file.path, digests, mark, sinceMs };
    }
    const outcome = await vouchFor(sha256);
    // What the verifier saw has to be what was hashed.
    if ((await markOf(file.path)) !== mark) {
      vouched = null;
      if (tries > 1) return readAnew(tries - 1);
      return { ...withoutHash(file, "CHANGING"), mark: null, sinceMs };
    }
    return { ...judged(file, outcome), digests, mark, sinceMs };
  }

  return {
    async look() {
      const isDue = seen === null || clock.monotonic() - seen.sinceMs >= fullIntervalMs;
      // A verifier that did not come to a word is asked again with the next look.
      const isKnown = seen !== null && seen.mark !== null && seen.state !== "unknown";
      if (isDue || !isKnown || (await markOf(file.path)) !== seen?.mark) {
        seen = await readAnew(TRIES_MAX);
      }
      const { mark: _, sinceMs: __, ...reading } = seen as Seen;
      return reading;
    },
  };
}

/** FAIL CLOSED: a file that is gone, or no file, is none that was expected. */
function withoutHash({ path, sha256 }: WatchedFile, fault: HashFault): PostureReading {
  const digests = { expected: sha256, found: null };
  const state = fault === "NO_FILE" || fault === "TOO_LARGE" ? "false" : "unknown";
  return { state, readFrom: `${path}: ${fault}`, digests };
}

function judged({ path }: WatchedFile, outcome: VerifierOutcome): PostureReading {
  switch (outcome) {
    case "verified":
      return { state: "true", readFrom: path };
    case "refused":
      return { state: "false", readFrom: `${path}: its verifier refused it` };
    case "late":
      return { state: "unknown", readFrom: `${path}: its verifier took too long` };
    case "not_started":
      return { state: "unknown", readFrom: `${path}: its verifier cannot be started` };
    default:
      return assertNever(outcome);
  }
}
