import type { Config } from "../config/config.ts";
import type { ApprovalDesk, Approvals } from "../core/approvals.ts";
import type { AuthLog } from "../core/auth-log.ts";
import type { AliasStore, Clock, FailureBrake, RateStore } from "../core/ports.ts";
import { ok, type Result } from "../core/result.ts";
import type { SessionBook } from "../core/session.ts";
import type { SeenTools, SharedState } from "../core/shared.ts";
import type { ReplayMemory } from "../identity/jwt/replays.ts";
import { BUCKETS_MAX, createTokenBuckets } from "../state/token-buckets.ts";

/** What outlives a call, where it is kept outside of this process; null or absent: in it. */
export interface SharedStoresOf {
  readonly state: SharedState;
  /** Of what `local` remembers, all replicas know. */
  readonly aliases: ((local: AliasStore) => AliasStore) | null;
  readonly sessions: ((log: AuthLog) => SessionBook) | null;
  readonly approvals: { readonly approvals: Approvals; readonly desk: ApprovalDesk } | null;
  readonly tools: SeenTools | null;
  readonly replays: ReplayMemory | null;
  readonly failures: ((local: FailureBrake) => FailureBrake) | null;
}

/** What outlives a call, wherever it is kept. */
export interface OpenedState {
  readonly rateStore: RateStore;
  /** Null where nothing but counts of rates is shared. */
  readonly shared: SharedStoresOf | null;
  close(): void;
}

/** In this process, or in Redis, whose changes `onRedis` is told once each. */
export async function openState(
  config: Config,
  clock: Clock,
  onRedis: (isUp: boolean) => void,
): Promise<Result<OpenedState, string>> {
  const local = createTokenBuckets({ clock, keysMax: BUCKETS_MAX });
  const { redis } = config;
  if (redis === null) return ok({ rateStore: local, shared: null, close() {} });
  // Only who uses Redis pays for its client at the start.
  const { openRedisState } = await import("./redis-state.ts");
  return openRedisState(config, redis, { local, clock, onRedis });
}
