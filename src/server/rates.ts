import { hash } from "node:crypto";
import type { Config } from "../config/config.ts";
import type { AuthLog } from "../core/auth-log.ts";
import type { Clock, FailureBrake, RateStore, Telemetry } from "../core/ports.ts";
import type { RateLimit } from "../core/rate-limit.ts";
import { createRateGate, type RateGate } from "../pipeline/limiting.ts";
import { createFailureBrake } from "../state/failure-brake.ts";
import { createOccupancy } from "../state/occupancy.ts";
import { BUCKETS_MAX, createTokenBuckets } from "../state/token-buckets.ts";

const DIGEST_LENGTH = 22;

/** The same on every replica that has the same key; the text itself goes nowhere. */
export function digestWith(key: Uint8Array | null): (text: string) => string {
  const salt = key === null ? "" : Buffer.from(key).toString("base64");
  return (text) => hash("sha256", `${salt}\0${text}`, "base64url").slice(0, DIGEST_LENGTH);
}

export interface RatesOptions {
  readonly config: Config;
  /** Of the policy in force. */
  readonly policyLimits: () => readonly RateLimit[];
  readonly store: RateStore;
  readonly telemetry: Telemetry;
  readonly auth: AuthLog;
  readonly clock: Clock;
}

/** The account of who came has one line a minute of a caller that goes on and on. */
const TOLD = { points: 1, seconds: 60, burst: 1 };

/** Counts by the configuration's limits, and by those of the policy in force. */
export function createRates(options: RatesOptions): RateGate {
  const { config, store, telemetry, auth, clock } = options;
  const told = createTokenBuckets({ clock, keysMax: BUCKETS_MAX });
  let ofPolicy: readonly RateLimit[] = [];
  let all = config.rateLimits;
  return createRateGate({
    limits() {
      const current = options.policyLimits();
      if (current !== ofPolicy) {
        ofPolicy = current;
        all = [...config.rateLimits, ...current];
      }
      return all;
    },
    store,
    occupancy: createOccupancy(),
    telemetry,
    auth,
    isNews: (limit, key) => told.take([{ bucket: { limit, key, rate: TOLD }, cost: 1 }])[0] === 0,
    digest: digestWith(config.audit.subjectKey?.reveal() ?? null),
  });
}

export const ADDRESSES_MAX = 65_536;

/** Null where failures are not counted. */
export function failureBrakeOf(
  { authenticationFailures }: Pick<Config, "authenticationFailures">,
  clock: Clock,
): FailureBrake | null {
  const { max, seconds } = authenticationFailures;
  return max === 0
    ? null
    : createFailureBrake({ clock, max, seconds, addressesMax: ADDRESSES_MAX });
}
