import { spreadOf } from "./statistics.ts";

/** One way, one round. Times are CPU time a call, in microseconds, by the system's count. */
export interface ScalingRound {
  readonly workers: number;
  /** Whether each call is counted in Redis. */
  readonly has_redis: boolean;
  readonly calls_per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly cpu_us: {
    /** All workers and their supervisor. */
    readonly service: number;
    readonly envoy: number;
    /** The MCP server and the load generator. */
    readonly rest: number;
    readonly redis: number | null;
  };
  /** A call; null without Redis. */
  readonly redis_commands: number | null;
  readonly log_bytes: number;
  /** Of the whole service. */
  readonly rss_mib: number;
}

/** What is taken from one worker, and holds for many if they do not get in each other's way. */
export interface ScalingModel {
  readonly workerUs: number;
  readonly envoyUs: number;
  readonly restUs: number;
  /** Share of a core that one worker could use, when as much was asked of it as it bore. */
  readonly busy: number;
  readonly logBytes: number;
  readonly workerMib: number;
  /** Null where there was no Redis. */
  readonly redis: {
    readonly commands: number;
    readonly us: number;
    readonly workerUs: number;
  } | null;
}

export interface Forecast {
  readonly callsPerSecond: number;
  readonly workerCores: number;
  readonly envoyCores: number;
  readonly memoryGib: number;
  readonly logMbPerSecond: number;
  readonly redisPerSecond: number | null;
  readonly redisCores: number | null;
}

const US = 1e6;

/** Fitted to the rounds of one worker. Null where there are none. */
export function fitModel(raw: readonly ScalingRound[]): ScalingModel | null {
  const one = raw.filter(({ workers, has_redis }) => workers === 1 && !has_redis);
  if (one.length === 0) return null;
  const counted = raw.filter(({ has_redis }) => has_redis);
  const of = (rounds: readonly ScalingRound[], pick: (round: ScalingRound) => number) =>
    spreadOf(rounds.map(pick)).median;
  const redis = {
    commands: of(counted, (round) => round.redis_commands ?? 0),
    us: of(counted, (round) => round.cpu_us.redis ?? 0),
    workerUs: of(counted, (round) => round.cpu_us.service),
  };
  const workerUs = of(one, (round) => round.cpu_us.service);
  return {
    workerUs,
    envoyUs: of(one, (round) => round.cpu_us.envoy),
    restUs: of(one, (round) => round.cpu_us.rest),
    busy: Math.min(1, (of(one, (round) => round.calls_per_second) * workerUs) / US),
    logBytes: of(one, (round) => round.log_bytes),
    workerMib: of(one, (round) => round.rss_mib),
    redis: counted.length === 0 ? null : redis,
  };
}

/** Calls a second of so many workers on one machine: what they bear, or what the machine does. */
export function predictCalls(
  { workerUs, envoyUs, restUs, busy }: ScalingModel,
  { workers, cores }: { readonly workers: number; readonly cores: number },
): number {
  const theirs = (workers * busy * US) / workerUs;
  const machine = (cores * US) / (workerUs + envoyUs + restUs);
  return Math.min(theirs, machine);
}

/** What so many replicas bear and need, each worker with a core of its own that is used so far. */
export function forecast(
  model: ScalingModel,
  { replicas, workers, load }: Record<"replicas" | "workers" | "load", number>,
): Forecast {
  const processes = replicas * workers;
  const callsPerSecond = (processes * load * US) / model.workerUs;
  const { redis } = model;
  return {
    callsPerSecond,
    workerCores: processes,
    envoyCores: (callsPerSecond * model.envoyUs) / US,
    memoryGib: (processes * model.workerMib) / 1024,
    logMbPerSecond: (callsPerSecond * model.logBytes) / 1e6,
    redisPerSecond: redis && callsPerSecond * redis.commands,
    redisCores: redis && (callsPerSecond * redis.us) / US,
  };
}
