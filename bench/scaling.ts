/**
 * `npm run bench:scaling`: what one worker bears, and whether two and four bear so much more; what a
 * limit costs that is counted in Redis. All ways run beside each other, each with an Envoy of its own,
 * and rounds measure them in turn, every second round the other way about. Every answer is compared.
 * Printed are the rounds, the model that is fitted to one worker, how far it is off for the others,
 * and what it says of many machines (docs/scaling.md).
 *
 *   node bench/scaling.ts [--workers 1,2,4] [--connections N] [--rounds N] [--seconds S]
 *                         [--save FILE] [--format text|json]
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { locateEnvoy } from "../src/cli/envoy/locate.ts";
import { startEnvoy } from "../src/cli/envoy/process.ts";
import { closedLoop, type Script, WARM_CALLS, warmUp, writeScript } from "./generators.ts";
import { describeMachine } from "./machine.ts";
import { childrenCpuUs, childrenOf, cpuUsOf, factsOf, sizeOfFiles } from "./process-facts.ts";
import { configurationOf, endOf, startScript, startService } from "./processes.ts";
import { type RedisProcess, startRedis } from "./redis.ts";
import type { ScalingRound } from "./scaling-model.ts";
import { printScaling } from "./scaling-table.ts";
import { exchangeOf, padded } from "./traffic.ts";

interface ScalingWay {
  readonly workers: number;
  readonly url: string;
  readonly folder: string;
  /** The service with all its workers. */
  readonly pids: () => readonly number[];
  readonly envoy: number;
  readonly redis: RedisProcess | null;
}

const REQUEST_BYTES = 400;
const RESPONSE_BYTES = 600;

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "1,2,4" },
    connections: { type: "string", default: "64" },
    rounds: { type: "string", default: "4" },
    seconds: { type: "string", default: "4" },
    save: { type: "string" },
    format: { type: "string", default: "text" },
  },
});
const cores = availableParallelism();
// Several workers share the key of their aliases; it is no secret of anybody's.
process.env.BENCH_ALIASES_KEY = "the-key-of-a-benchmark-and-of-nothing-else";
await main();

async function main(): Promise<void> {
  await using building = new AsyncDisposableStack();
  const [loadBefore = 0] = loadavg();
  const folder = await mkdtemp(join(tmpdir(), "impedance-bench-"));
  building.defer(() => rm(folder, { recursive: true, force: true }));
  const exchange = exchangeOf(REQUEST_BYTES, RESPONSE_BYTES);
  const answer = { ...exchange, response: padded(exchange.response) };
  const script = await writeScript(folder, "padded", answer);
  const env = { BENCH_RESPONSE: exchange.response };
  const { child, firstLine } = await startScript("upstream.ts", [], env);
  building.defer(() => endOf(child));
  const upstream = { url: `http://127.0.0.1:${firstLine}/mcp`, pid: child.pid ?? 0 };
  const redis = await startRedis(join(folder, "redis"));
  if (redis === null) console.error("there is no redis-server: its rows stay empty");
  else building.defer(() => redis.stop());

  const ways: ScalingWay[] = [];
  for (const workers of values.workers.split(",").map(Number)) {
    ways.push(await startWay({ folder, upstream: upstream.url, workers, redis: null, building }));
  }
  if (redis !== null) {
    ways.push(await startWay({ folder, upstream: upstream.url, workers: 1, redis, building }));
  }
  const rounds = await measure(ways, script, upstream.pid);
  const result = {
    ...{ machine: describeMachine(), load_before: loadBefore },
    ...{ cores, connections: Number(values.connections), seconds: Number(values.seconds) },
    raw: rounds,
  };
  if (values.save !== undefined) await writeFile(values.save, `${JSON.stringify(result)}\n`);
  if (values.format === "json") console.log(JSON.stringify(result, null, 2));
  else printScaling(result);
}

interface WayOptions {
  readonly folder: string;
  readonly upstream: string;
  readonly workers: number;
  readonly redis: RedisProcess | null;
  readonly building: AsyncDisposableStack;
}

async function startWay(options: WayOptions): Promise<ScalingWay> {
  const { upstream, workers, redis, building } = options;
  const folder = join(options.folder, `${workers}${redis === null ? "" : "-redis"}`);
  const settings = {
    aliases: { key: "env:BENCH_ALIASES_KEY", store: "sealed" },
    ...(redis === null ? {} : limitedIn(redis)),
  };
  const { child, sockets } = await startService(folder, settings, workers);
  building.defer(() => endOf(child));
  const envoy = await startEnvoy({
    binary: locateEnvoy(),
    configuration: await configurationOf(upstream, sockets, true),
    log: () => undefined,
    concurrency: cores,
  });
  building.defer(() => envoy.stop());
  return {
    ...{ workers, folder, redis, envoy: envoy.pid },
    url: `http://${envoy.listener.host}:${envoy.listener.port}/mcp`,
    pids: () => [child.pid ?? 0, ...childrenOf(child.pid ?? 0)],
  };
}

/** One limit, which nobody comes near: each call is counted. */
function limitedIn({ url }: RedisProcess): object {
  const limit = { name: "all", key: ["global"], methods: ["tools/call"], per_minute: 1_000_000 };
  return { rate_limits: [limit], state: { redis: { url, command_deadline_ms: 5_000 } } };
}

async function measure(
  ways: readonly ScalingWay[],
  script: Script,
  upstream: number,
): Promise<readonly ScalingRound[]> {
  // Each worker is compiled apart.
  for (const { url, workers } of ways) await warmUp(url, script, workers * WARM_CALLS);
  const rounds: ScalingRound[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      const measured = await measureRound(way, script, upstream);
      rounds.push(measured);
      const name = `${way.workers} workers${way.redis === null ? "" : " and Redis"}`;
      console.error(`round ${round + 1}: ${name} ${Math.round(measured.calls_per_second)} calls/s`);
    }
  }
  return rounds;
}

async function measureRound(
  way: ScalingWay,
  script: Script,
  upstream: number,
): Promise<ScalingRound> {
  const before = await countsOf(way, upstream);
  const shape = { connections: Number(values.connections), seconds: Number(values.seconds) };
  const { calls, seconds, p50Ms, p99Ms } = await closedLoop(way.url, script, shape);
  const after = await countsOf(way, upstream);
  const each = (name: keyof Counts) => (after[name] - before[name]) / calls;
  return {
    workers: way.workers,
    has_redis: way.redis !== null,
    ...{ calls_per_second: calls / seconds, p50_ms: p50Ms, p99_ms: p99Ms },
    cpu_us: {
      ...{ service: each("service"), envoy: each("envoy"), rest: each("rest") },
      redis: way.redis === null ? null : each("redis"),
    },
    redis_commands: way.redis === null ? null : each("commands"),
    log_bytes: each("logBytes"),
    rss_mib: way.pids().reduce((sum, pid) => sum + (factsOf(pid)?.rssKib ?? 0), 0) / 1024,
  };
}

interface Counts {
  readonly service: number;
  readonly envoy: number;
  /** The server and the load generator, which a real machine has elsewhere. */
  readonly rest: number;
  readonly redis: number;
  readonly commands: number;
  readonly logBytes: number;
}

async function countsOf(way: ScalingWay, upstream: number): Promise<Counts> {
  return {
    service: way.pids().reduce((sum, pid) => sum + cpuUsOf(pid), 0),
    envoy: cpuUsOf(way.envoy),
    rest: cpuUsOf(upstream) + childrenCpuUs(),
    redis: way.redis === null ? 0 : cpuUsOf(way.redis.pid),
    commands: way.redis === null ? 0 : await way.redis.commands(),
    logBytes: sizeOfFiles(way.folder, ".jsonl"),
  };
}
