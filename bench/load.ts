/**
 * What the firewall costs over the network, beside the same without it and beside its peers;
 * `npm run bench` runs it. Every way has an Envoy and a service of its own, in front of one server.
 * Rounds measure each way in turn, and every second round goes the other way about, so that a change
 * of the machine's mood falls on all; each block starts all processes anew. Every answer is compared
 * with the one that must come.
 *
 *   node bench/load.ts [--ways A,B] [--peer 'name=command,port']… [--sizes 400B,4KB,64KB,1MB]
 *                      [--connections A,B] [--rate N] [--blocks N] [--rounds N] [--seconds S]
 *                      [--concurrency N] [--keep-awake] [--save FILE] [--format text|json]
 *
 * `--rate` is of the open loop, calls a second; 0 leaves it out. `--keep-awake` is for virtual
 * machines, where it takes longer to wake a core than to answer a call. Figures are printed, and nothing is
 * asserted but the answers.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { keepAwake } from "./awake.ts";
import {
  closedLoop,
  type Load,
  openLoop,
  type Script,
  WARM_CALLS,
  warmUp,
  writeScript,
} from "./generators.ts";
import { printLoad } from "./load-table.ts";
import { describeMachine } from "./machine.ts";
import { type Facts, factsOf, forgetPeak } from "./process-facts.ts";
import { type Exchange, exchangeOf, padded } from "./traffic.ts";
import { OWN_WAYS, peerOf, startWays, type Way } from "./ways.ts";

/** One way, one round. */
export interface Round {
  readonly size: string;
  /** Of the closed loop; null for the open one. */
  readonly connections: number | null;
  readonly block: number;
  readonly way: string;
  readonly calls_per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Microseconds a call, by the system's count; null where there is no such process. */
  readonly cpu_us: { readonly [process in ProcessName]: number | null };
  /** Of the service: now, and the most in the round. */
  readonly rss_mib: number | null;
  readonly peak_mib: number | null;
}

export type ProcessName = "service" | "envoy" | "server";

const SIZES: { readonly [name: string]: readonly [request: number, response: number] } = {
  "400B": [400, 600],
  "4KB": [4_000, 4_000],
  "64KB": [64_000, 64_000],
  "1MB": [1_000_000, 1_000_000],
};
/** At once, of bodies of a megabyte: more would measure the machine's memory. */
const LARGE_CONNECTIONS_MAX = 16;
/** Of large bodies fewer calls will do. */
const WARM_BYTES = 400_000_000;

const { values } = parseArgs({
  options: {
    ways: { type: "string", default: OWN_WAYS.join(",") },
    peer: { type: "string", multiple: true, default: [] },
    sizes: { type: "string", default: "400B,4KB,64KB,1MB" },
    connections: { type: "string", default: "1,16,64" },
    rate: { type: "string", default: "400" },
    blocks: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2" },
    concurrency: { type: "string", default: "1" },
    "keep-awake": { type: "boolean", default: false },
    save: { type: "string" },
    format: { type: "string", default: "text" },
  },
});

const peers = values.peer.map(peerOf);
const names = [...values.ways.split(","), ...peers.map(({ name }) => name)];
const absent = new Map<string, string>();
const starts: { way: string; ms: number }[] = [];
const rounds: Round[] = [];
await main();

async function main(): Promise<void> {
  await using _awake = values["keep-awake"] ? await keepAwake() : undefined;
  const folder = await mkdtemp(join(tmpdir(), "impedance-bench-"));
  try {
    for (const size of values.sizes.split(",")) {
      for (let block = 0; block < Number(values.blocks); block += 1) {
        await measureBlock(folder, size, block);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { blocks, seconds, concurrency, rate } = values;
  const result = {
    machine: describeMachine(),
    ...{ blocks: Number(blocks), rounds: Number(values.rounds), seconds: Number(seconds) },
    ...{ concurrency: Number(concurrency), rate: Number(rate), awake: values["keep-awake"] },
    ...{ ways: names, absent: Object.fromEntries(absent), starts, raw: rounds },
  };
  if (values.save !== undefined) await writeFile(values.save, `${JSON.stringify(result)}\n`);
  if (values.format === "json") console.log(JSON.stringify(result, null, 2));
  else printLoad(result);
}

/** Fresh processes, and then each number of connections. */
async function measureBlock(folder: string, size: string, block: number): Promise<void> {
  const [request, response] = SIZES[size] ?? [];
  if (request === undefined || response === undefined) throw new Error(`no size is called ${size}`);
  const exchange = exchangeOf(request, response);
  const plain = await writeScript(folder, "plain", exchange);
  const withPadding = await writeScript(folder, "padded", paddedAnswer(exchange));
  await using ways = await startWays({
    upstream: { script: "upstream.ts", env: { BENCH_RESPONSE_FILE: plain.answer } },
    ...{ names, peers, concurrency: Number(values.concurrency) },
  });
  for (const { name, why } of ways.absent) absent.set(name, why);
  for (const { name, startMs } of ways.started) {
    if (startMs !== null) starts.push({ way: name, ms: Math.round(startMs) });
  }
  const scripts = new Map(
    ways.started.map((way) => [way, way.isPadded ? withPadding : plain] as const),
  );
  for (const [way, script] of scripts) {
    const calls = Math.min(WARM_CALLS, WARM_BYTES / (request + response));
    await naming(way, warmUp(way.url, script, calls));
  }
  const loops: (number | null)[] = values.connections.split(",").map(Number);
  if (Number(values.rate) > 0 && request < 50_000) loops.push(null);
  for (const connections of loops) {
    if (request > 500_000 && (connections ?? 0) > LARGE_CONNECTIONS_MAX) continue;
    await measureLoop([...scripts], ways.upstream, { size, connections, block });
  }
}

/** A failure says whose it is. */
async function naming<T>({ name }: Way, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new Error(`${name} does not answer as it should`, { cause });
  }
}

async function measureLoop(
  order: (readonly [Way, Script])[],
  upstream: number,
  about: Pick<Round, "size" | "connections" | "block">,
): Promise<void> {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [way, script] of order) {
      const measured = await naming(way, measureRound(way, script, upstream, about));
      rounds.push(measured);
      const loop = about.connections === null ? "open loop" : `${about.connections} connections`;
      const rate = Math.round(measured.calls_per_second);
      console.error(`${about.size}, ${loop}, round ${round + 1}: ${way.name} ${rate} calls/s`);
    }
    order.reverse();
  }
}

async function measureRound(
  way: Way,
  script: Script,
  upstream: number,
  about: Pick<Round, "size" | "connections" | "block">,
): Promise<Round> {
  const { connections } = about;
  const pids = { service: way.service, envoy: way.envoy, server: upstream };
  if (way.service !== null) forgetPeak(way.service);
  const before = factsOfAll(pids);
  const load =
    connections === null
      ? await openLoop(way.url, script, {
          ...{ rate: Number(values.rate), seconds: Number(values.seconds) },
        })
      : await closedLoop(way.url, script, { connections, seconds: Number(values.seconds) });
  const after = factsOfAll(pids);
  return { ...about, way: way.name, ...figuresOf(load, before, after) };
}

type AllFacts = { readonly [process in ProcessName]: Facts | null };

function factsOfAll(pids: { readonly [process in ProcessName]: number | null }): AllFacts {
  const facts = (pid: number | null) => (pid === null ? null : factsOf(pid));
  return { service: facts(pids.service), envoy: facts(pids.envoy), server: facts(pids.server) };
}

function figuresOf(load: Load, before: AllFacts, after: AllFacts) {
  const cpu = (name: ProcessName) => {
    const [from, to] = [before[name], after[name]];
    return from === null || to === null ? null : rounded((to.cpuUs - from.cpuUs) / load.calls);
  };
  const mib = (kib: number | undefined) => (kib === undefined ? null : rounded(kib / 1024));
  return {
    calls_per_second: rounded(load.calls / load.seconds),
    ...{ p50_ms: load.p50Ms, p99_ms: load.p99Ms },
    cpu_us: { service: cpu("service"), envoy: cpu("envoy"), server: cpu("server") },
    ...{ rss_mib: mib(after.service?.rssKib), peak_mib: mib(after.service?.peakKib) },
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function paddedAnswer({ request, response }: Exchange): Exchange {
  return { request, response: padded(response) };
}
