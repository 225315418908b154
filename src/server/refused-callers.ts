import type { AuthLog } from "../core/auth-log.ts";
import type { AuthAttempt, AuthTelemetry } from "../core/identity.ts";
import type { Clock } from "../core/ports.ts";
import { networkOf } from "../pipeline/limiting.ts";
import { createTokenBuckets } from "../state/token-buckets.ts";

export interface RefusedCallersOptions {
  readonly log: AuthLog;
  readonly clock: Pick<Clock, "monotonic">;
  /** Hears of every attempt. */
  readonly telemetry: AuthTelemetry;
}

/** One line a minute of each network and code: whoever knows no token may try as often as they like. */
const OF_ONE = { points: 1, seconds: 60, burst: 1 };
/** From however many networks: ten lines a second, and no more than 600 at once. */
const OF_ALL = { points: 600, seconds: 60, burst: 600 };
/** Networks and codes that are told apart. Beyond, who was refused least recently is forgotten. */
const KEYS_MAX = 16_384;

/**
 * Puts refused callers on record: a line says how many of the same kind came since the one before
 * it. A line that the log cannot take lets nobody in.
 */
export function withRefusedOnRecord(options: RefusedCallersOptions): AuthTelemetry {
  const { log, clock, telemetry } = options;
  const told = createTokenBuckets({ clock, keysMax: KEYS_MAX });
  const untold = new Map<string, number>();

  function isTold(key: string): boolean {
    const own = { limit: "refused", key, rate: OF_ONE };
    const all = { limit: "all", key: "", rate: OF_ALL };
    if (told.peek(own) > 0 || told.peek(all) > 0) return false;
    return told.take([own, all].map((bucket) => ({ bucket, cost: 1 }))).every((wait) => wait === 0);
  }

  function keepCount(key: string): void {
    const count = (untold.get(key) ?? 0) + 1;
    untold.delete(key);
    untold.set(key, count);
    if (untold.size <= KEYS_MAX) return;
    const [oldest] = untold.keys();
    if (oldest !== undefined) untold.delete(oldest);
  }

  function refused({ method, server, source, requestId }: AuthAttempt, code: string): void {
    const key = `${code}\0${networkOf(source.ip ?? "")}`;
    if (!isTold(key)) {
      keepCount(key);
      return;
    }
    const before = untold.get(key) ?? 0;
    untold.delete(key);
    log.record({
      ...{ kind: "token_refused", method, code, before, server, requestId },
      ...{ sourceIp: source.ip, principal: null, session: null },
    });
  }

  return {
    accepted: (attempt, principal) => telemetry.accepted(attempt, principal),
    refused(attempt, code) {
      telemetry.refused(attempt, code);
      refused(attempt, code);
    },
  };
}
