/** What a limit counts apart from each other; `global` is everything together. */
export const LIMIT_PARTS = [
  "principal",
  "session",
  "server",
  "tool",
  "source",
  "arguments",
  "global",
] as const;
export type LimitPart = (typeof LIMIT_PARTS)[number];

/** A bucket of points: it holds `burst`, and gets `points` again in each `seconds`. */
export interface Rate {
  readonly points: number;
  readonly seconds: number;
  readonly burst: number;
}

/** One limit as its author wrote it. Globs; a list that is null is about everything. */
export interface RateLimit {
  readonly name: string;
  readonly key: readonly LimitPart[];
  readonly servers: readonly string[] | null;
  /** Only calls of these tools. */
  readonly tools: readonly string[] | null;
  /** JSON-RPC methods, and the kinds of what has none (`open_stream`, `response`). */
  readonly methods: readonly string[] | null;
  readonly rate: Rate | null;
  /** What a message costs: one point, or one for each byte, of its answer too. */
  readonly cost: "calls" | "bytes";
  /** Exchanges at the same time; null for any number. */
  readonly concurrency: number | null;
  /** Whether our own policy denies what is over it; it is a fact to the policy either way. */
  readonly onExceed: "deny" | "report";
}

/** One count among those of a limit. */
export interface Bucket {
  /** The limit's name. */
  readonly limit: string;
  readonly key: string;
  readonly rate: Rate;
}

export interface RateAsk {
  readonly bucket: Bucket;
  /** In points; at least 1. */
  readonly cost: number;
}

/**
 * For each ask, the milliseconds after which it may be asked again, 0 where it was paid; null where
 * nobody can tell.
 */
export type RateAnswer = readonly number[] | null;

/** How many exchanges of one kind are open at the same time. */
export interface Place {
  readonly limit: string;
  readonly key: string;
}
