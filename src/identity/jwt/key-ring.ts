import type { Clock } from "../../core/ports.ts";
import { type IssuerKey, type KeySet, readKeySet } from "./key-set.ts";
import type { KeySource } from "./key-source.ts";

/** The keys of one issuer, as fresh as the configuration wants them. */
export interface KeyRing {
  /** Null: the issuer's keys cannot be had, or are older than they may be. */
  candidates(keyId: string | null, algorithm: string): Promise<readonly IssuerKey[] | null>;
}

export interface KeyRingOptions {
  readonly source: KeySource;
  /** Keys that are older vouch for nothing. */
  readonly maxAgeMs: number;
  /** Between two looks for an unknown key, and after a look that failed. */
  readonly cooldownMs: number;
  readonly clock: Pick<Clock, "monotonic">;
  /** Hears why the keys could not be had. */
  readonly onFailure: (reason: string) => void;
}

/** After a look that failed: short, since nobody comes in until one succeeds. */
const RETRY_MS = 1_000;

/**
 * Keys are fetched when first needed, anew at half their greatest age while the old ones still
 * serve, and at once for a key that is not among them. FAIL CLOSED: at their greatest age they are
 * gone, whether or not the issuer can be reached.
 */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { source, maxAgeMs, cooldownMs, clock, onFailure } = options;
  let held: { readonly keys: KeySet; readonly since: number } | null = null;
  let failedAt = Number.NEGATIVE_INFINITY;
  let searchedAt = Number.NEGATIVE_INFINITY;
  let look: Promise<void> | null = null;

  async function fetchOnce(): Promise<void> {
    // Since before the question: what was taken back while it was answered counts as old.
    const since = clock.monotonic();
    try {
      const keys = readKeySet(await source());
      if (keys === null) throw new Error("has no JWK set");
      held = { keys, since };
    } catch (error) {
      failedAt = clock.monotonic();
      onFailure(error instanceof Error ? error.message : "failed");
    }
  }

  function fetchKeys(): Promise<void> {
    look ??= fetchOnce().finally(() => {
      look = null;
    });
    return look;
  }

  const ageMs = () => (held === null ? Number.POSITIVE_INFINITY : clock.monotonic() - held.since);
  const current = () => (ageMs() < maxAgeMs ? (held?.keys ?? null) : null);
  const mayTry = () => clock.monotonic() - failedAt >= Math.min(RETRY_MS, cooldownMs);

  async function fresh(): Promise<KeySet | null> {
    if (current() === null && mayTry()) await fetchKeys();
    else if (ageMs() >= maxAgeMs / 2 && mayTry()) void fetchKeys();
    return current();
  }

  return {
    async candidates(keyId, algorithm) {
      const keys = await fresh();
      if (keys === null) return null;
      if (keyId === null || keys.has(keyId)) return keys.candidates(keyId, algorithm);
      // An attacker can invent key ids: they must not make us ask the issuer each time.
      if (clock.monotonic() - searchedAt >= cooldownMs) {
        searchedAt = clock.monotonic();
        await fetchKeys();
      } else if (look !== null) {
        await look;
      }
      return (await current()?.candidates(keyId, algorithm)) ?? null;
    },
  };
}
