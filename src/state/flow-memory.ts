import { hash, randomBytes } from "node:crypto";
import type { Clock, FlowMemory } from "../core/ports.ts";
import { distinctiveTokens } from "../core/tokens.ts";

export interface FlowOptions {
  readonly clock: Clock;
  /** How long a value is remembered. */
  readonly maxAgeMs: number;
  /** Values of one caller; beyond, the oldest are forgotten. */
  readonly valuesMax: number;
  /** Callers; beyond, the one heard of least recently is forgotten. */
  readonly principalsMax: number;
}

export const FLOW_DEFAULTS = {
  maxAgeMs: 3_600_000,
  valuesMax: 16_384,
  principalsMax: 1_024,
} as const;

/** Tokens of one message; more say no more. */
const TOKENS_MAX = 1_024;

interface Value {
  /** The server it was first seen from; null where the caller had it before any server. */
  readonly server: string | null;
  readonly at: number;
}

/**
 * Remembers in this process who said what first, as keyed hashes: the values themselves are not
 * kept, and the key ends with the process. Nothing here is a ground to allow.
 */
export function createFlowMemory({
  clock,
  maxAgeMs,
  valuesMax,
  principalsMax,
}: FlowOptions): FlowMemory {
  const key = randomBytes(32).toString("base64");
  const principals = new Map<string, Map<string, Value>>();

  function valuesOf(principal: string): Map<string, Value> {
    const values = principals.get(principal) ?? new Map<string, Value>();
    // Who was heard of last stands last.
    principals.delete(principal);
    principals.set(principal, values);
    if (principals.size > principalsMax) forgetFirst(principals);
    return values;
  }

  function note(values: Map<string, Value>, token: string, server: string | null): void {
    const print = hash("sha256", `${key}${token}`, "base64").slice(0, 16);
    const known = values.get(print);
    if (known !== undefined && clock.monotonic() - known.at <= maxAgeMs) return;
    values.delete(print);
    values.set(print, { server, at: clock.monotonic() });
    if (values.size > valuesMax) forgetFirst(values);
  }

  return {
    returned(principal, server, texts) {
      const values = valuesOf(principal);
      for (const token of tokensOf(texts)) note(values, token, server);
    },
    sent(principal, server, text) {
      const values = valuesOf(principal);
      const now = clock.monotonic();
      let from: { readonly server: string; readonly ageMs: number } | null = null;
      for (const token of distinctiveTokens(text, TOKENS_MAX)) {
        const print = hash("sha256", `${key}${token}`, "base64").slice(0, 16);
        const known = values.get(print);
        const isOver = known === undefined || now - known.at > maxAgeMs;
        if (isOver) note(values, token, null);
        else if (known.server !== null && known.server !== server) {
          from ??= { server: known.server, ageMs: now - known.at };
        }
      }
      return from;
    },
  };
}

function tokensOf(texts: Iterable<string>): ReadonlySet<string> {
  const tokens = new Set<string>();
  for (const text of texts) {
    for (const token of distinctiveTokens(text, TOKENS_MAX - tokens.size)) tokens.add(token);
    if (tokens.size >= TOKENS_MAX) break;
  }
  return tokens;
}

/** Maps keep the order of insertion. */
function forgetFirst(entries: Map<string, unknown>): void {
  const [first] = entries.keys();
  if (first !== undefined) entries.delete(first);
}
