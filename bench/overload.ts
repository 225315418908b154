/**
 * What is left of the capacity when three times as much comes, how long it then takes, and what
 * becomes of the memory.
 *
 *   npm run bench:overload [-- --times N] [--rounds N] [--seconds S] [--connections N]
 *                             [--concurrency N] [--guard-ms MS] [--format text|json]
 *
 * Capacity is what a closed loop gets through, before and after; between them calls come in an open
 * loop, so many a second whatever becomes of those before. Each must be answered by 200 or by 503.
 * Goodput is what is answered by 200. On a machine that has other things to do the same is said for
 * a second of the service's CPU time, which nobody takes away.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";

import { writeBusyGuard } from "./busy-guard.ts";
import { closedLoop, type Flood, flood, type Script, writeScript } from "./generators.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { cpuUsOf, factsOf, forgetPeak } from "./process-facts.ts";
import { quantile, spreadOf } from "./statistics.ts";
import { exchangeOf, padded } from "./traffic.ts";
import { startWays, type Way } from "./ways.ts";

interface Rate {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

interface Round {
  readonly capacity: Rate;
  readonly sent: number;
  readonly good: Rate;
  readonly shed: number;
  readonly others: number;
  readonly good_ms: readonly [p50: number, p99: number];
  readonly shed_ms: readonly [p50: number, p99: number];
  /** Of the service: before, and the most of it since. */
  readonly rss_mib: readonly [before: number, peak: number];
}

const { values } = parseArgs({
  options: {
    times: { type: "string", default: "3" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "32" },
    concurrency: { type: "string", default: "1" },
    "guard-ms": { type: "string", default: "3" },
    format: { type: "string", default: "text" },
  },
});

const EXCHANGE = exchangeOf(400, 600);
const WARM_UP_SECONDS = 4;
/** Envoy looks so far back, and a second more. */
const FORGOTTEN_MS = 3_500;

const folder = await mkdtemp(join(tmpdir(), "impedance-bench-"));
try {
  const rounds = await measure();
  if (values.format === "json") console.log(JSON.stringify(rounds, null, 2));
  else print(rounds);
  if (rounds.some(({ others }) => others > 0)) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<readonly Round[]> {
  const guard = { word: "harbour master", ms: Number(values["guard-ms"]) };
  const module = await writeBusyGuard(folder, guard);
  await using ways = await startWays({
    upstream: { script: "upstream.ts", env: { BENCH_RESPONSE: EXCHANGE.response } },
    ...{ names: ["impedance"], peers: [], concurrency: Number(values.concurrency) },
    // The default limits: patience is what is not wanted here.
    settings: { limits: {}, plugins: [{ module }] },
  });
  const [way] = ways.started;
  if (way === undefined) throw new Error("the service did not start");
  const answer = { request: EXCHANGE.request, response: padded(EXCHANGE.response) };
  const script = await writeScript(folder, "padded", answer);
  await capacityOf(way, script, WARM_UP_SECONDS);
  const rounds: Round[] = [];
  let before = await capacityOf(way, script, Number(values.seconds));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const flooded = await flooding(way, script, before.perSecond * Number(values.times));
    await delay(FORGOTTEN_MS);
    const after = await capacityOf(way, script, Number(values.seconds));
    rounds.push({ ...flooded, capacity: meanOf(before, after) });
    console.error(`round ${round + 1}: ${flooded.good.perSecond} of ${after.perSecond} calls/s`);
    before = after;
  }
  return rounds;
}

async function capacityOf(way: Way, script: Script, seconds: number): Promise<Rate> {
  const connections = Number(values.connections);
  const cpu = cpuUsOf(way.service);
  const { calls, seconds: took } = await closedLoop(way.url, script, { connections, seconds });
  return rateOf(calls, took, cpuUsOf(way.service) - cpu);
}

async function flooding(way: Way, script: Script, rate: number): Promise<Omit<Round, "capacity">> {
  const service = way.service ?? 0;
  forgetPeak(service);
  const before = factsOf(service);
  const cpu = cpuUsOf(service);
  const { answers, seconds } = await flood(way.url, script, {
    ...{ rate, seconds: Number(values.seconds) },
  });
  const used = cpuUsOf(service) - cpu;
  const good = answers.filter(({ status }) => status === 200);
  const shed = answers.filter(({ status }) => status === 503);
  return {
    sent: Math.round(answers.length / seconds),
    good: rateOf(good.length, seconds, used),
    shed: shed.length,
    others: answers.length - good.length - shed.length,
    good_ms: timesOf(good),
    shed_ms: timesOf(shed),
    rss_mib: [mib(before?.rssKib), mib(factsOf(service)?.peakKib)],
  };
}

function rateOf(calls: number, seconds: number, cpuUs: number): Rate {
  return {
    perSecond: Math.round(calls / seconds),
    perCpuSecond: Math.round((calls / cpuUs) * 1e6),
  };
}

function meanOf(one: Rate, other: Rate): Rate {
  return {
    perSecond: (one.perSecond + other.perSecond) / 2,
    perCpuSecond: (one.perCpuSecond + other.perCpuSecond) / 2,
  };
}

function timesOf(answers: Flood["answers"]): readonly [number, number] {
  const times = Float64Array.from(answers, ({ ms }) => ms).sort();
  return [quantile(times, 0.5), quantile(times, 0.99)];
}

function mib(kib: number | undefined): number {
  return Math.round((kib ?? 0) / 1_024);
}

function print(rounds: readonly Round[]): void {
  const of = (pick: (round: Round) => number, digits = 0) => {
    const { median, min, max } = spreadOf(rounds.map(pick));
    return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
  };
  console.log(machineLine(describeMachine()));
  console.log(`${values.times} × capacity, ${rounds.length} rounds; median (least–most)\n`);
  console.log("| | |\n|---|--:|");
  const rows: readonly (readonly [string, string])[] = [
    ["capacity, calls/s", of(({ capacity }) => capacity.perSecond)],
    ["calls sent/s", of(({ sent }) => sent)],
    ["goodput, calls/s", of(({ good }) => good.perSecond)],
    ["goodput / capacity", of((round) => round.good.perSecond / round.capacity.perSecond, 2)],
    [
      "the same for a second of the service's CPU time",
      of((round) => round.good.perCpuSecond / round.capacity.perCpuSecond, 2),
    ],
    ["answered by 503", of(({ shed }) => shed)],
    ["answered otherwise", of(({ others }) => others)],
    ["time to 200, p50 ms", of(({ good_ms: [p50] }) => p50, 1)],
    ["p99 ms", of(({ good_ms: [, p99] }) => p99, 1)],
    ["time to 503, p50 ms", of(({ shed_ms: [p50] }) => p50, 1)],
    ["p99 ms", of(({ shed_ms: [, p99] }) => p99, 1)],
    ["memory of the service before, MiB", of(({ rss_mib: [before] }) => before)],
    ["the most of it", of(({ rss_mib: [, peak] }) => peak)],
  ];
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
}
