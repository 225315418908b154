/**
 * What a host's name stands for, as DNS says: addresses as text, none where there is no such name;
 * null where nobody could tell, or not in time.
 */
export type NameAnswer = readonly string[] | null;

/** By name, in ASCII and lower case. */
export type NameAnswers = ReadonlyMap<string, NameAnswer>;

/** How names are looked up. */
export interface ResolverSettings {
  /** `address:port`; none for those of the machine. */
  readonly servers: readonly string[];
  /** Nobody waits longer for an answer. */
  readonly deadlineMs: number;
}

/** Asks DNS. Never throws, answers within a bounded time, and remembers a bounded number of names. */
export interface NameResolver {
  /** Without a promise where the answer is known. */
  resolve(name: string): NameAnswer | Promise<NameAnswer>;
}
