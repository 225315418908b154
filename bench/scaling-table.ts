import { type Machine, machineLine } from "./machine.ts";
import {
  fitModel,
  forecast,
  predictCalls,
  type ScalingModel,
  type ScalingRound,
} from "./scaling-model.ts";
import { spreadOf } from "./statistics.ts";

/** What `bench/scaling.ts` found; `raw` is every round. */
export interface ScalingResult {
  readonly machine: Machine;
  /** Processes that wanted to run before there was any of ours: where it is not small, doubt it all. */
  readonly load_before: number;
  readonly cores: number;
  readonly connections: number;
  readonly seconds: number;
  readonly raw: readonly ScalingRound[];
}

const NONE = "–";
const REPLICAS = [1, 10, 100, 1_000];
const WORKERS_OF_A_REPLICA = 4;
/** Of each worker's core: above it, what comes in bursts waits. */
const LOAD = 0.6;

export function printScaling(result: ScalingResult): void {
  const { machine, load_before: loadBefore, cores, connections, seconds, raw } = result;
  console.log(machineLine(machine));
  console.log(
    `rounds of ${seconds} s, ${connections} connections, Envoy concurrency ${cores}; ` +
      `load before it ${loadBefore.toFixed(1)}; median (least–most)\n`,
  );
  printMeasured(raw);
  const model = fitModel(raw);
  if (model === null) return;
  printModel(model);
  printChecked(result, model);
  printForecast(model);
}

function printMeasured(raw: readonly ScalingRound[]): void {
  console.log(
    "| workers | calls/s | p50 ms | p99 ms | CPU µs a call: service | Envoy | server and load | " +
      "Redis | Redis commands a call | memory of the service, MiB |",
  );
  console.log(`|--:|${"--:|".repeat(9)}`);
  for (const rounds of waysOf(raw)) {
    const [{ workers, has_redis: hasRedis } = { workers: 0, has_redis: false }] = rounds;
    const of = (pick: (round: ScalingRound) => number | null, digits: number) => {
      const values = rounds.map(pick).filter((value) => value !== null);
      return values.length === 0 ? NONE : spreadText(values, digits);
    };
    const cells = [
      `${workers}${hasRedis ? ", a limit in Redis" : ""}`,
      of((round) => round.calls_per_second, 0),
      of((round) => round.p50_ms, 1),
      of((round) => round.p99_ms, 1),
      of((round) => round.cpu_us.service, 0),
      of((round) => round.cpu_us.envoy, 0),
      of((round) => round.cpu_us.rest, 0),
      of((round) => round.cpu_us.redis, 0),
      of((round) => round.redis_commands, 2),
      of((round) => round.rss_mib, 0),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

function printModel({ workerUs, envoyUs, restUs, busy, logBytes, redis }: ScalingModel): void {
  console.log(`\n**The model**, fitted to one worker: a call takes ${whole(workerUs)} µs of a`);
  console.log(`worker's core, ${whole(envoyUs)} µs of Envoy's and, on this machine only,`);
  console.log(`${whole(restUs)} µs of the server's and the load generator's. A core bears`);
  console.log(`${whole(1e6 / workerUs)} calls/s at most; one worker could use ${percent(busy)} of`);
  console.log(`its own. A call writes ${whole(logBytes)} bytes of log.`);
  if (redis === null) return;
  const more = whole(redis.workerUs - workerUs);
  console.log(`A limit in Redis takes ${redis.commands.toFixed(2)} round trips a call,`);
  console.log(`${whole(redis.us)} µs of Redis and ${more} µs more of the worker.`);
}

function printChecked({ raw, cores }: ScalingResult, model: ScalingModel): void {
  console.log("\n| workers | the model says, calls/s | measured | off by |");
  console.log("|--:|--:|--:|--:|");
  for (const rounds of waysOf(raw.filter(({ has_redis }) => !has_redis))) {
    const workers = rounds[0]?.workers ?? 0;
    const said = predictCalls(model, { workers, cores });
    const { median } = spreadOf(rounds.map((round) => round.calls_per_second));
    const off = percent(median / said - 1);
    console.log(`| ${workers} | ${whole(said)} | ${whole(median)} | ${off} |`);
  }
}

function printForecast(model: ScalingModel): void {
  console.log(
    `\nReplicas of ${WORKERS_OF_A_REPLICA} workers, their cores used to ${percent(LOAD)}:\n`,
  );
  console.log(
    "| replicas | calls/s | cores for workers | for Envoys | memory, GiB | log, MB/s | " +
      "Redis commands/s, one limit for every call | cores for Redis |",
  );
  console.log(`|--:|${"--:|".repeat(7)}`);
  for (const replicas of REPLICAS) {
    const found = forecast(model, { replicas, workers: WORKERS_OF_A_REPLICA, load: LOAD });
    const cells = [
      replicas,
      whole(found.callsPerSecond),
      whole(found.workerCores),
      found.envoyCores.toFixed(1),
      found.memoryGib.toFixed(1),
      found.logMbPerSecond.toFixed(1),
      found.redisPerSecond === null ? NONE : whole(found.redisPerSecond),
      found.redisCores === null ? NONE : found.redisCores.toFixed(1),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

function waysOf(raw: readonly ScalingRound[]): readonly (readonly ScalingRound[])[] {
  const key = ({ workers, has_redis }: ScalingRound) => `${workers} ${has_redis}`;
  return [...Map.groupBy(raw, key).values()];
}

function spreadText(values: readonly number[], digits: number): string {
  const { median, min, max } = spreadOf(values);
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

function whole(value: number): string {
  return value.toFixed(0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
