import type { Clock } from "../core/ports.ts";
import { createFollowedFile, readBounded } from "./followed-file.ts";

/** What can be taken back: by a token's key, by its own id, by its subject, and an API key. */
export type RevocationKind = "kid" | "jti" | "sub" | "key";

export interface RevocationList {
  /** `issuer` is the name that the configuration gives it; API keys have none. */
  has(kind: RevocationKind, issuer: string, value: string): boolean;
}

/** What was taken back before its end. */
export interface Revocations {
  /** Null: it cannot be told, and nobody may come in. */
  current(): RevocationList | null;
}

export const NO_REVOCATIONS: Revocations = { current: () => ({ has: () => false }) };

const FILE_MAX_BYTES = 16 * 1024 * 1024;
const KINDS: ReadonlySet<string> = new Set<RevocationKind>(["kid", "jti", "sub", "key"]);

export function createRevocations(path: string, clock: Pick<Clock, "monotonic">): Revocations {
  return createFollowedFile({ path, clock, maxBytes: FILE_MAX_BYTES, decode: decodeRevocations });
}

/** Whether a list can be read as it is now. */
export function canReadRevocations(path: string): boolean {
  const text = readBounded(path, FILE_MAX_BYTES);
  return text !== null && decodeRevocations(text) !== null;
}

/**
 * A line for each: `jti ISSUER VALUE`, with `*` for any issuer, and `key ID`. What stands behind
 * `#` at the start of a line is a remark. FAIL CLOSED: one line that cannot be understood, and
 * nobody knows what its author meant to take back: null.
 */
export function decodeRevocations(text: string): RevocationList | null {
  const entries = new Set<string>();
  for (const line of text.split("\n")) {
    const bare = line.trim();
    if (bare === "" || bare.startsWith("#")) continue;
    const entry = decodeLine(bare);
    if (entry === null) return null;
    entries.add(entry);
  }
  return {
    has: (kind, issuer, value) =>
      entries.has(entryOf(kind, issuer, value)) || entries.has(entryOf(kind, "*", value)),
  };
}

function decodeLine(line: string): string | null {
  const [kind = "", ...words] = line.split(/[ \t]+/);
  if (!KINDS.has(kind)) return null;
  if (kind === "key") return words.length === 1 ? entryOf(kind, "*", words[0] ?? "") : null;
  const [issuer, ...value] = words;
  if (issuer === undefined || value.length === 0) return null;
  // The value is all that is left of the line, as it stands there.
  const behind = line.slice(kind.length).trimStart().slice(issuer.length).trimStart();
  return entryOf(kind, issuer, behind);
}

function entryOf(kind: string, issuer: string, value: string): string {
  return `${kind}\0${issuer}\0${value}`;
}
