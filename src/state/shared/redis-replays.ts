import type { Clock } from "../../core/ports.ts";
import { plain, type RedisBatch } from "./batch.ts";
import type { StateSeal } from "./seal.ts";

/** As `identity/jwt/replays.ts` asks for it. */
interface SharedReplays {
  use(name: string, endsAtMs: number): Promise<"first" | "used" | "full">;
}

/**
 * Tokens that are good for one request, at whichever replica. FAIL CLOSED: while Redis does not
 * answer nobody can tell what was used, unless `fallback` is to remember it here.
 */
export function createRedisReplays(options: {
  readonly batch: RedisBatch;
  readonly seal: StateSeal;
  readonly clock: Pick<Clock, "now">;
  readonly fallback: SharedReplays | null;
}): SharedReplays {
  const { batch, seal, clock, fallback } = options;
  return {
    async use(name, endsAtMs) {
      const forMs = Math.max(1, Math.ceil(endsAtMs - clock.now()));
      const key = seal.name("token", name);
      const replies = await batch.send([plain("set", key, "1", "px", forMs, "nx")]);
      if (replies === null) return fallback?.use(name, endsAtMs) ?? "full";
      return replies[0] === "OK" ? "first" : "used";
    },
  };
}
