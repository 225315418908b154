/**
 * What the firewall costs a stream: the time to its first event, the delay of each event at a fixed
 * rate, and the memory of streams that are open and silent. The same ways, rounds and blocks as in
 * `bench/load.ts`; that every event comes, and in order, is checked.
 *
 *   node bench/streams.ts [--ways A,B] [--idle N] [--events PER_SECOND] [--streams N]
 *                         [--calls N] [--blocks N] [--rounds N] [--seconds S]
 *                         [--save FILE] [--format text|json]
 */

import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";

import { describeMachine, machineLine } from "./machine.ts";
import { factsOf, openFilesMax } from "./process-facts.ts";
import { quantile, type Spread, spreadOf } from "./statistics.ts";
import { openIdle, readStream } from "./stream-client.ts";
import { TOOL } from "./traffic.ts";
import { LABELS, startWays, type Way, type Ways } from "./ways.ts";

/** One way, one round; milliseconds. */
interface Round {
  readonly block: number;
  readonly way: string;
  readonly first_p50_ms: number;
  readonly first_p99_ms: number;
  readonly delay_p50_ms: number;
  readonly delay_p99_ms: number;
}

/** One way, one block; null where there is no such process. */
interface Idle {
  readonly block: number;
  readonly way: string;
  readonly streams: number;
  readonly service_mib: { readonly before: number; readonly open: number; readonly after: number };
  readonly envoy_mib: { readonly before: number; readonly open: number };
}

const OPENED_AT_ONCE = 50;
/** For what was freed to be given back, and for timers of the first seconds to have passed. */
const SETTLE_MS = 3_000;
const WARM_UP_CALLS = 200;
/** As many events as there are calls in `bench/load.ts`: until then V8 compiles what reads them. */
const WARM_UP = { streams: 20, everyMs: 5, count: 1_250 };
const OTHER_FILES = 500;

const { values } = parseArgs({
  options: {
    ways: { type: "string", default: "direct,wire,impedance" },
    idle: { type: "string", default: "5000" },
    events: { type: "string", default: "1000" },
    streams: { type: "string", default: "20" },
    calls: { type: "string", default: "200" },
    blocks: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    save: { type: "string" },
    format: { type: "string", default: "text" },
  },
});
const names = values.ways.split(",");
const rounds: Round[] = [];
const idle: Idle[] = [];
assertFilesEnough(Number(values.idle));
await main();

async function main(): Promise<void> {
  for (let block = 0; block < Number(values.blocks); block += 1) await measureBlock(block);
  const { idle: streams, events, save, format } = values;
  const about = { streams: Number(values.streams), events: Number(events), idle: Number(streams) };
  const result = { machine: describeMachine(), ...about, ways: names, raw: { rounds, idle } };
  if (save !== undefined) await writeFile(save, `${JSON.stringify(result)}\n`);
  if (format === "json") console.log(JSON.stringify(result, null, 2));
  else print(machineLine(result.machine));
}

async function measureBlock(block: number): Promise<void> {
  if (Number(values.rounds) > 0) await measureRounds(block);
  if (Number(values.idle) === 0) return;
  // In processes of their own: what streams of events leave behind would hide what silent ones take.
  await using ways = await warmWays();
  for (const way of ways.started) idle.push(await measureIdle(way, block));
}

async function measureRounds(block: number): Promise<void> {
  await using ways = await warmWays();
  const order = [...ways.started];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const way of order) rounds.push(await measureRound(way, block));
    order.reverse();
  }
}

async function warmWays(): Promise<Ways> {
  const upstream = { script: "stream-upstream.ts", env: {} };
  const ways = await startWays({ upstream, names, peers: [], concurrency: 1 });
  for (const { url } of ways.started) {
    await firsts(url, WARM_UP_CALLS);
    const { streams, ...each } = WARM_UP;
    await Promise.all(Array.from({ length: streams }, () => readStream(url, TOOL, each)));
  }
  return ways;
}

/** Envoy has two of them for each stream, its client's and its server's. */
function assertFilesEnough(streams: number): void {
  const limit = openFilesMax();
  const needed = 2 * streams + OTHER_FILES;
  if (limit >= needed) return;
  throw new Error(`${streams} streams need ulimit -n ${needed}; it is ${limit}`);
}

async function measureRound({ name, url }: Way, block: number): Promise<Round> {
  const first = await firsts(url, Number(values.calls));
  const everyMs = (Number(values.streams) * 1_000) / Number(values.events);
  const count = Math.round((Number(values.seconds) * 1_000) / everyMs);
  // One stream after the other, evenly: else the events of all would come at once.
  const seen = await Promise.all(
    Array.from({ length: Number(values.streams) }, async (_, index) => {
      await delay((index * everyMs) / Number(values.streams));
      return readStream(url, TOOL, { everyMs, count });
    }),
  );
  const delays = Float64Array.from(seen.flatMap(({ delaysMs }) => delaysMs)).sort();
  console.error(`block ${block + 1}: ${name}, event delay p99 ${quantile(delays, 0.99)} ms`);
  return {
    ...{ block, way: name },
    ...{ first_p50_ms: quantile(first, 0.5), first_p99_ms: quantile(first, 0.99) },
    ...{ delay_p50_ms: quantile(delays, 0.5), delay_p99_ms: quantile(delays, 0.99) },
  };
}

/** Milliseconds from each of `count` calls, one after the other, to its first event; sorted. */
async function firsts(url: string, count: number): Promise<Float64Array> {
  const times: number[] = [];
  for (let call = 0; call < count; call += 1) {
    times.push((await readStream(url, TOOL, { everyMs: 1, count: 1 })).firstMs);
  }
  return Float64Array.from(times).sort();
}

async function measureIdle({ name, url, service, envoy }: Way, block: number): Promise<Idle> {
  const streams = Number(values.idle);
  const before = { service: mib(service), envoy: mib(envoy) };
  const opened: { close(): void }[] = [];
  while (opened.length < streams) {
    const next = Math.min(OPENED_AT_ONCE, streams - opened.length);
    opened.push(...(await Promise.all(Array.from({ length: next }, () => openIdle(url)))));
  }
  await delay(SETTLE_MS);
  const open = { service: mib(service), envoy: mib(envoy) };
  for (const stream of opened) stream.close();
  await delay(SETTLE_MS);
  console.error(`block ${block + 1}: ${name}, ${streams} silent streams`);
  return {
    ...{ block, way: name, streams },
    service_mib: { before: before.service, open: open.service, after: mib(service) },
    envoy_mib: { before: before.envoy, open: open.envoy },
  };
}

function mib(pid: number | null): number {
  return pid === null ? 0 : Math.round((factsOf(pid)?.rssKib ?? 0) / 102.4) / 10;
}

function print(machine: string): void {
  const { idle: count } = values;
  console.log(machine);
  if (rounds.length > 0) printRounds();
  if (idle.length === 0) return;
  console.log(`\nMemory of ${count} silent streams, MiB:\n`);
  console.log(
    "| way | service before | open | grown by | KiB a stream | closed | Envoy grown by |",
  );
  console.log(`|---|${"--:|".repeat(6)}`);
  for (const way of names) console.log(idleRow(way));
}

function printRounds(): void {
  const { events, streams } = values;
  console.log(`${events} events/s in ${streams} streams; median (least–most)\n`);
  console.log("| way | first event, p50 ms | p99 ms | event delay, p50 ms | p99 ms |");
  console.log("|---|--:|--:|--:|--:|");
  for (const way of names) {
    const of = (pick: (round: Round) => number) =>
      shown(spreadOf(rounds.filter((round) => round.way === way).map(pick)), 2);
    const cells = [
      of((round) => round.first_p50_ms),
      of((round) => round.first_p99_ms),
      of((round) => round.delay_p50_ms),
      of((round) => round.delay_p99_ms),
    ];
    console.log(`| ${[LABELS[way] ?? way, ...cells].join(" | ")} |`);
  }
}

function idleRow(way: string): string {
  const seen = idle.filter((each) => each.way === way);
  const of = (pick: (each: Idle) => number) => shown(spreadOf(seen.map(pick)), 0);
  const grown = ({ service_mib }: Idle) => service_mib.open - service_mib.before;
  const cells = [
    of(({ service_mib }) => service_mib.before),
    of(({ service_mib }) => service_mib.open),
    of(grown),
    of((each) => (grown(each) * 1_024) / each.streams),
    of(({ service_mib }) => service_mib.after),
    of(({ envoy_mib }) => envoy_mib.open - envoy_mib.before),
  ];
  const isServed = seen.some(({ service_mib }) => service_mib.before > 0);
  const shownCells = isServed ? cells : ["–", "–", "–", "–", "–", cells.at(-1) ?? ""];
  return `| ${[LABELS[way] ?? way, ...shownCells].join(" | ")} |`;
}

function shown({ median, min, max }: Spread, digits: number): string {
  const text = (value: number) => value.toFixed(digits);
  return `${text(median)} (${text(min)}–${text(max)})`;
}
