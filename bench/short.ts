/**
 * The benchmark as CI runs it, in less than a minute. It fails on a wrong answer and on growth, and
 * never on speed, for the machine may have other things to do: the ratio of this run, ours to the
 * same service with everything off, is printed beside the one that is checked in.
 *
 *   node bench/short.ts [--calls N] [--rounds N] [--seconds S] [--save FILE]
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import autocannon from "autocannon";

import { type Growth, type Held, measureGrowth, watchWasmMemory } from "./growth.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { createBenchFirewall } from "./pipeline.ts";
import { cpuUsOf, openFiles } from "./process-facts.ts";
import { spreadOf } from "./statistics.ts";
import { exchangeOf, padded } from "./traffic.ts";
import { startWays, type Way } from "./ways.ts";

/** Ours to everything off, in one run. */
interface Ratios {
  readonly throughput: number;
  /** CPU time of the service for a call. */
  readonly cpu: number;
}

interface Sample {
  readonly perSecond: number;
  readonly cpuUs: number;
}

const BASELINE = fileURLToPath(new URL("results/short.json", import.meta.url));
const EXCHANGE = exchangeOf(400, 600);
const CONNECTIONS = 16;
const WARM_UP_CALLS = 10_000;
/** Less than one small object for each call, over 50,000 calls. */
const HEAP_GROWTH_MAX_MIB = 2;
/** Envoy opens another connection when it needs one; what leaks with each call is thousands. */
const FILES_GROWTH_MAX = CONNECTIONS;
/** What the allocator keeps, and the collector has not asked back yet. */
const RSS_GROWTH_MAX_MIB = 96;

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "50000" },
    rounds: { type: "string", default: "2" },
    seconds: { type: "string", default: "2" },
    save: { type: "string" },
  },
});

const failures: string[] = [];
watchWasmMemory();
console.log(machineLine(describeMachine()));
const ratios = await measureRatios();
report(ratios);
const growth = await measureGrowth(await createBenchFirewall(), {
  ...{ warmUp: WARM_UP_CALLS, calls: Number(values.calls) },
});
judgeGrowth(growth);
if (values.save !== undefined) writeFileSync(values.save, `${JSON.stringify(ratios)}\n`);
for (const failure of failures) console.log(`FAILED: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function measureRatios(): Promise<Ratios> {
  await using ways = await startWays({
    upstream: { script: "upstream.ts", env: { BENCH_RESPONSE: EXCHANGE.response } },
    ...{ names: ["wire", "impedance"], peers: [], concurrency: 1 },
  });
  const order = [...ways.started];
  for (const way of order) await load(way, Number(values.seconds));
  const filesBefore = order.map(({ service }) => openFiles(service ?? 0));
  const samples = new Map<string, Sample[]>(order.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const way of round % 2 === 0 ? order : order.toReversed()) {
      samples.get(way.name)?.push(await load(way, Number(values.seconds)));
    }
  }
  for (const [index, { name, service }] of order.entries()) {
    const [before = 0, after] = [filesBefore[index], openFiles(service ?? 0)];
    if (after > before + FILES_GROWTH_MAX) {
      failures.push(`${name} has ${after} open files, and had ${before}`);
    }
  }
  return ratiosOf(samples.get("impedance") ?? [], samples.get("wire") ?? []);
}

async function load({ name, url, isPadded, service }: Way, duration: number): Promise<Sample> {
  const before = cpuUsOf(service);
  const result = await autocannon({
    ...{ url, method: "POST", connections: CONNECTIONS, duration, body: EXCHANGE.request },
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    expectBody: isPadded ? padded(EXCHANGE.response) : EXCHANGE.response,
  });
  const { non2xx, mismatches, errors, timeouts } = result;
  const wrong = non2xx + mismatches + errors + timeouts;
  if (wrong > 0)
    failures.push(`${name}: ${JSON.stringify({ non2xx, mismatches, errors, timeouts })}`);
  const calls = Math.max(1, result["2xx"]);
  return { perSecond: calls / result.duration, cpuUs: (cpuUsOf(service) - before) / calls };
}

function ratiosOf(ours: readonly Sample[], wire: readonly Sample[]): Ratios {
  const ratio = (pick: (sample: Sample) => number) => {
    const pairs = ours.map((sample, at) => pick(sample) / pick(wire[at] ?? sample));
    return Math.round(spreadOf(pairs).median * 1000) / 1000;
  };
  return { throughput: ratio(({ perSecond }) => perSecond), cpu: ratio(({ cpuUs }) => cpuUs) };
}

function report(found: Ratios): void {
  const checkedIn: Ratios | null = readBaseline();
  const beside = (name: keyof Ratios) =>
    `${found[name]} (checked in: ${checkedIn === null ? "none" : checkedIn[name]})`;
  console.log(`ours to everything off, ${CONNECTIONS} connections, 400 B / 600 B:`);
  console.log(`  throughput ${beside("throughput")}`);
  console.log(`  CPU time of the service for a call ${beside("cpu")}`);
}

function readBaseline(): Ratios | null {
  try {
    return JSON.parse(readFileSync(BASELINE, "utf8"));
  } catch {
    return null;
  }
}

function judgeGrowth({ calls, before, after }: Growth): void {
  const grown = (name: keyof Held) => after[name] - before[name];
  const line = (name: keyof Held) => `${before[name].toFixed(1)} → ${after[name].toFixed(1)}`;
  console.log(`what ${calls} calls in the process leave behind:`);
  console.log(`  heap, MiB: ${line("heapMib")}; RSS, MiB: ${line("rssMib")}`);
  console.log(`  WebAssembly, MiB: ${line("wasmMib")}; handles: ${line("handles")}`);
  if (grown("heapMib") > HEAP_GROWTH_MAX_MIB) failures.push("the heap has grown");
  if (grown("rssMib") > RSS_GROWTH_MAX_MIB) failures.push("the process has grown");
  if (grown("wasmMib") > 0) failures.push("the policy's memory has grown");
  if (grown("handles") > 0) failures.push("handles are left open");
  if (after.wasmMib === 0) failures.push("no memory of a policy was seen");
}
