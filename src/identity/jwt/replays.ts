import type { Clock } from "../../core/ports.ts";

/** Remembers what was used, where each token is good for one request. */
export interface ReplayMemory {
  /**
   * Notes a token by what names it. `used`: it was noted before, and has not ended since. `full`:
   * it cannot be noted, and nobody can tell.
   */
  use(name: string, endsAtMs: number): Promise<"first" | "used" | "full">;
}

export interface ReplayMemoryOptions {
  readonly clock: Pick<Clock, "now">;
  /** Tokens remembered at once. FAIL CLOSED: when there are more, none of them is forgotten. */
  readonly entriesMax?: number;
}

const ENTRIES_MAX = 100_000;

/** In this process: where several stand side by side, each has a memory of its own. */
export function createReplayMemory({ clock, entriesMax = ENTRIES_MAX }: ReplayMemoryOptions) {
  const endByName = new Map<string, number>();
  let sweptAtMs = Number.NEGATIVE_INFINITY;

  /** At most once a second: it looks at all of them. */
  function sweep(now: number): void {
    if (now - sweptAtMs < 1_000) return;
    sweptAtMs = now;
    for (const [name, endsAtMs] of endByName) {
      if (endsAtMs <= now) endByName.delete(name);
    }
  }

  const memory: ReplayMemory = {
    async use(name, endsAtMs) {
      const now = clock.now();
      if ((endByName.get(name) ?? 0) > now) return "used";
      if (endByName.size >= entriesMax) sweep(now);
      if (endByName.size >= entriesMax) return "full";
      endByName.set(name, endsAtMs);
      return "first";
    },
  };
  return memory;
}
