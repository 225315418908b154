import { readFile } from "node:fs/promises";
import type { Config, RedisConfig } from "../config/config.ts";
import { isShared } from "../config/redis.ts";
import type { Clock, RateStore } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { SharedKind } from "../core/shared.ts";
import { createReplayMemory } from "../identity/jwt/replays.ts";
import { APPROVAL_DEFAULTS } from "../state/approvals.ts";
import { connectRedis, type RedisConnection } from "../state/redis.ts";
import { createRedisRates } from "../state/redis-rates.ts";
import { createSessionBook } from "../state/sessions.ts";
import { approvalNames } from "../state/shared/approval-records.ts";
import { createRedisBatch, type RedisBatch } from "../state/shared/batch.ts";
import { createRedisAliases } from "../state/shared/redis-aliases.ts";
import { createRedisApprovals } from "../state/shared/redis-approvals.ts";
import { createRedisBrake } from "../state/shared/redis-brake.ts";
import { createRedisDesk } from "../state/shared/redis-desk.ts";
import { createRedisReplays } from "../state/shared/redis-replays.ts";
import { createRedisSessions } from "../state/shared/redis-sessions.ts";
import { createRedisTools } from "../state/shared/redis-tools.ts";
import { createStateSeal, type StateSeal } from "../state/shared/seal.ts";
import { SharedStores } from "../state/shared/shared-state.ts";
import { ADDRESSES_MAX, digestWith } from "./rates.ts";
import type { OpenedState, SharedStoresOf } from "./stores.ts";

/** How long the start waits for Redis; without it, it goes on as while Redis is away. */
const START_WAIT_MS = 1_000;
/** A definition that nobody listed for so long is a new one. */
const TOOLS_TTL_MS = 30 * 86_400_000;

export interface Surroundings {
  /** Counts rates in this process. */
  readonly local: RateStore;
  readonly clock: Clock;
  readonly onRedis: (isUp: boolean) => void;
}

/** One connection for all that this process has in common with others. */
export async function openRedisState(
  config: Config,
  redis: RedisConfig,
  { local, clock, onRedis }: Surroundings,
): Promise<Result<OpenedState, string>> {
  const ca = redis.caFile === null ? null : await readFile(redis.caFile, "utf8").catch(() => "");
  if (ca === "") return err(`state.redis.ca_file: ${redis.caFile} cannot be read`);
  const connection = connectRedis({ ...addressOf(redis), ca, onChange: onRedis });
  await connection.waitUntilUp(START_WAIT_MS);
  const stores = redis.key === null ? null : storesOf(config, redis, connection, clock);
  return ok({
    rateStore: isShared(config, "limits") ? ratesOf(config, redis, connection, local) : local,
    shared: stores?.shared ?? null,
    close() {
      stores?.close();
      connection.close();
    },
  });
}

function addressOf({ address, username, password, commandDeadlineMs }: RedisConfig) {
  const secret = password === null ? null : Buffer.from(password.reveal()).toString("utf8");
  return { address, username, password: secret, commandDeadlineMs };
}

function ratesOf(
  { audit }: Config,
  { keyPrefix, onFailure }: RedisConfig,
  connection: RedisConnection,
  local: RateStore,
): RateStore {
  return createRedisRates({
    connection,
    keyPrefix,
    fallback: onFailure.limits === "local" ? local : null,
    digest: digestWith(audit.subjectKey?.reveal() ?? null),
  });
}

function storesOf(
  config: Config,
  redis: RedisConfig,
  connection: RedisConnection,
  clock: Clock,
): { readonly shared: SharedStoresOf; close(): void } {
  const seal = createStateSeal(redis.key?.reveal() ?? new Uint8Array(0), redis.keyPrefix);
  const batch = createRedisBatch(connection);
  const journal = new SharedStores(batch);
  const common = { batch, seal, clock, journal };
  const closing: Disposable[] = [];
  const { onFailure } = redis;
  const wants = (kind: SharedKind) => isShared(config, kind);

  function sharedTools() {
    const tools = createRedisTools({ ...common, ttlMs: TOOLS_TTL_MS, onFailure: onFailure.tools });
    journal.join(tools);
    return tools;
  }

  function sharedApprovals() {
    const names = approvalNames(seal);
    const bounds = { ...APPROVAL_DEFAULTS, onFailure: onFailure.approvals };
    const approvals = createRedisApprovals({ ...common, ...bounds, names });
    journal.join(approvals);
    const desk = createRedisDesk({ ...common, ...bounds, names });
    return { approvals, desk };
  }

  const shared: SharedStoresOf = {
    state: journal,
    aliases: !wants("aliases")
      ? null
      : (local) => {
          const failing = { onFailure: onFailure.aliases, ttlMs: redis.aliasTtlMs };
          const aliases = createRedisAliases({ ...common, ...failing, local });
          journal.join(aliases);
          return aliases;
        },
    sessions: !wants("sessions")
      ? null
      : (log) => {
          const settings = { ...config.sessions, clock, log };
          const fallback = onFailure.sessions === "local" ? createSessionBook(settings) : null;
          const sessions = createRedisSessions({ ...common, ...settings, fallback });
          closing.push(sessions);
          return sessions;
        },
    approvals: wants("approvals") && config.approvals.token !== null ? sharedApprovals() : null,
    tools: wants("tools") ? sharedTools() : null,
    replays: wants("replays") ? replaysOf(batch, seal, clock, redis) : null,
    failures: !wants("failures")
      ? null
      : (local) => {
          const { max, seconds } = config.authenticationFailures;
          return createRedisBrake({ ...common, local, max, seconds, addressesMax: ADDRESSES_MAX });
        },
  };
  const close = () => {
    for (const one of closing) one[Symbol.dispose]();
  };
  return { shared, close };
}

function replaysOf(batch: RedisBatch, seal: StateSeal, clock: Clock, { onFailure }: RedisConfig) {
  const fallback = onFailure.replays === "local" ? createReplayMemory({ clock }) : null;
  return createRedisReplays({ batch, seal, clock, fallback });
}
