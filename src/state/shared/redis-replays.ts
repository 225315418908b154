import type { Clock } from "../../core/ports.ts";
import { plain, type RedisBatch } from "./batch.ts";
import type { StateSeal } from "./seal.ts";

/** As `identity/jwt/replays.ts` asks for it. */
interface SharedReplays {
  use(name: string, endsAtMs: number): Promise<"first" | "used" | "full">;
}

/** How far the clocks of replicas may be apart: one that is ahead must not have a token forgotten. */
const CLOCKS_APART_MAX_MS = 5 * 60_000;

/**
 * Tokens that are good for one request, at whichever replica. FAIL CLOSED: while Redis does not
 * answer nobody can tell what was used, unless `fallback` is to remember it here: then it is told
 * of every token, for what Redis knew it does not know while it is away.
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
      const here = (await fallback?.use(name, endsAtMs)) ?? null;
      if (here === "used") return here;
      const forMs = Math.max(0, Math.ceil(endsAtMs - clock.now())) + CLOCKS_APART_MAX_MS;
      const key = seal.name("token", name);
      const replies = await batch.send([plain("set", key, "1", "px", forMs, "nx")]);
      if (replies === null) return here ?? "full";
      return replies[0] === "OK" ? "first" : "used";
    },
  };
}
