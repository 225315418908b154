/**
 * What the firewall costs over the network; `npm run bench` runs it. Two Envoys that differ in the
 * ext_proc filter alone, in front of one server; each round measures both, in turns first, so that a
 * change of the machine's mood falls on both. Every answer is compared with the one that must come.
 *
 *   node bench/load.ts [--rounds N] [--seconds S] [--connections A,B] [--concurrency N]
 *                      [--format text|json]
 *
 * Figures are printed, and nothing is asserted but the answers.
 */

import { parseArgs } from "node:util";

import autocannon from "autocannon";

import { describeMachine, machineLine } from "./machine.ts";
import { startWays, type Ways } from "./processes.ts";
import { quantile, type Spread, spreadOf } from "./statistics.ts";
import { type Exchange, exchangeOf, padded } from "./traffic.ts";

const REQUEST_BYTES = 400;
const RESPONSE_BYTES = 600;

type Way = "direct" | "firewall";

/** One way, one round. */
interface Sample {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Of the service, microseconds a call. */
  readonly cpu: number | null;
}

interface Row {
  readonly connections: number;
  readonly way: Way;
  readonly calls_per_second: Spread;
  readonly p50_ms: Spread;
  readonly p99_ms: Spread;
  readonly service_cpu_us_per_call: Spread | null;
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "1,16,64" },
    concurrency: { type: "string", default: "1" },
    format: { type: "string", default: "text" },
  },
});
await main();

async function main(): Promise<void> {
  const exchange = exchangeOf(REQUEST_BYTES, RESPONSE_BYTES);
  const ways = await startWays(exchange.response, Number(values.concurrency));
  try {
    const rows: Row[] = [];
    for (const connections of values.connections.split(",").map(Number)) {
      rows.push(...(await measure(ways, exchange, connections)));
    }
    print(rows);
  } finally {
    await ways.stop();
  }
}

async function measure(ways: Ways, exchange: Exchange, connections: number): Promise<Row[]> {
  const samples: { readonly [way in Way]: Sample[] } = { direct: [], firewall: [] };
  const order: Way[] = ["direct", "firewall"];
  for (const way of order) await load(ways, way, exchange, connections, 1);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const way of order) {
      const sample = await load(ways, way, exchange, connections, Number(values.seconds));
      samples[way].push(sample);
      progress(connections, round, way, sample);
    }
    order.reverse();
  }
  return (["direct", "firewall"] as const).map((way) => rowOf(connections, way, samples[way]));
}

async function load(
  ways: Ways,
  way: Way,
  { request, response }: Exchange,
  connections: number,
  duration: number,
): Promise<Sample> {
  const times: number[] = [];
  const cpuBefore = ways.serviceCpu();
  const run = autocannon({
    url: ways[way],
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: request,
    connections,
    duration,
    expectBody: way === "direct" ? response : padded(response),
  });
  run.on("response", (_client, _status, _bytes, milliseconds: number) => times.push(milliseconds));
  const result = await run;
  const { non2xx, mismatches, errors, timeouts } = result;
  if (non2xx + mismatches + errors + timeouts > 0 || times.length === 0) {
    throw new Error(
      `wrong answers: ${JSON.stringify({ way, non2xx, mismatches, errors, timeouts })}`,
    );
  }
  const cpuAfter = ways.serviceCpu();
  const cpu = cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore;
  const sorted = Float64Array.from(times).sort();
  return {
    perSecond: times.length / result.duration,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    cpu: way === "direct" || cpu === null ? null : cpu / times.length,
  };
}

function rowOf(connections: number, way: Way, samples: readonly Sample[]): Row {
  const cpu = samples.map((sample) => sample.cpu).filter((used) => used !== null);
  return {
    connections,
    way,
    calls_per_second: spreadOf(samples.map(({ perSecond }) => perSecond)),
    p50_ms: spreadOf(samples.map(({ p50 }) => p50)),
    p99_ms: spreadOf(samples.map(({ p99 }) => p99)),
    service_cpu_us_per_call: cpu.length === 0 ? null : spreadOf(cpu),
  };
}

function progress(connections: number, round: number, way: Way, { perSecond }: Sample): void {
  const at = `${connections} connections, round ${round + 1} of ${values.rounds}`;
  console.error(`${at}: ${way} ${Math.round(perSecond)} calls/s`);
}

function print(rows: readonly Row[]): void {
  const machine = describeMachine();
  const { rounds, seconds, concurrency } = values;
  const setup = {
    rounds: Number(rounds),
    seconds: Number(seconds),
    concurrency: Number(concurrency),
  };
  if (values.format === "json") {
    console.log(JSON.stringify({ machine, ...setup, rows }, null, 2));
    return;
  }
  console.log(machineLine(machine));
  console.log(
    `${rounds} rounds of ${seconds} s, Envoy concurrency ${concurrency}, ` +
      `${REQUEST_BYTES} B request, ${RESPONSE_BYTES} B answer; median (least–most)\n`,
  );
  console.log("| connections | way | calls/s | p50 ms | p99 ms | CPU of the service, µs a call |");
  console.log("|--:|---|--:|--:|--:|--:|");
  for (const row of rows) {
    const cells = [
      String(row.connections),
      row.way === "direct" ? "Envoy alone" : "Envoy + Impedance",
      shown(row.calls_per_second, 0),
      shown(row.p50_ms, 2),
      shown(row.p99_ms, 2),
      row.service_cpu_us_per_call === null ? "–" : shown(row.service_cpu_us_per_call, 0),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

function shown({ median, min, max }: Spread, digits: number): string {
  const text = (value: number) => value.toFixed(digits);
  return `${text(median)} (${text(min)}–${text(max)})`;
}
