import type { ApprovalDesk, Approvals } from "../core/approvals.ts";
import type { AuthLog } from "../core/auth-log.ts";
import type { AliasStore, FailureBrake, RateStore } from "../core/ports.ts";
import type { SessionBook } from "../core/session.ts";
import type { SeenTools, SharedState } from "../core/shared.ts";
import type { ReplayMemory } from "../identity/jwt/replays.ts";

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
