import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Config, RedisConfig } from "../config/config.ts";
import type { AuthLog } from "../core/auth-log.ts";
import type { Clock, FailureBrake, RateStore, Telemetry } from "../core/ports.ts";
import type { RateLimit } from "../core/rate-limit.ts";
import { err, ok, type Result } from "../core/result.ts";
import { createRateGate, type RateGate } from "../pipeline/limiting.ts";
import { createFailureBrake } from "../state/failure-brake.ts";
import { createOccupancy } from "../state/occupancy.ts";
import { BUCKETS_MAX, createTokenBuckets } from "../state/token-buckets.ts";

/** Counts that outlive a call, wherever they are kept. */
export interface OpenedRates {
  readonly store: RateStore;
  close(): void;
}

/** How long the start waits for Redis; without it, it goes on as while Redis is away. */
const START_WAIT_MS = 1_000;
const DIGEST_LENGTH = 22;

/** Where counts are kept: in this process, or in Redis, whose changes `onRedis` is told once each. */
export async function openRates(
  config: Pick<Config, "redis" | "audit">,
  clock: Clock,
  onRedis: (isUp: boolean) => void,
): Promise<Result<OpenedRates, string>> {
  const local = createTokenBuckets({ clock, keysMax: BUCKETS_MAX });
  const { redis } = config;
  if (redis === null) return ok({ store: local, close() {} });
  const ca = redis.caFile === null ? null : await readFile(redis.caFile, "utf8").catch(() => "");
  if (ca === "") return err(`state.redis.ca_file: ${redis.caFile} cannot be read`);
  // Only who uses Redis pays for its client at the start.
  const [{ connectRedis }, { createRedisRates }] = await Promise.all([
    import("../state/redis.ts"),
    import("../state/redis-rates.ts"),
  ]);
  const connection = connectRedis({ ...addressOf(redis), ca, onChange: onRedis });
  await connection.waitUntilUp(START_WAIT_MS);
  const store = createRedisRates({
    connection,
    keyPrefix: redis.keyPrefix,
    fallback: redis.onFailure === "local" ? local : null,
    digest: digestWith(config.audit.subjectKey?.reveal() ?? null),
  });
  return ok({ store, close: () => connection.close() });
}

function addressOf({ address, username, password, commandDeadlineMs }: RedisConfig) {
  const secret = password === null ? null : Buffer.from(password.reveal()).toString("utf8");
  return { address, username, password: secret, commandDeadlineMs };
}

/** The same on every replica that has the same key; the text itself goes nowhere. */
function digestWith(key: Uint8Array | null): (text: string) => string {
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

const ADDRESSES_MAX = 65_536;

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
