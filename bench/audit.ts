/**
 * What the decision log costs: the pipeline with a signed, chained log file against the same
 * pipeline that neither builds nor writes an event. Pairs run in one process, one after the other,
 * in an order that is reversed each time; CPU time is that of all threads, so what the disk's
 * threads do counts.
 *
 *   node bench/audit.ts [--pairs N] [--exchanges N] [--format text|json] [--gate PERCENT]
 *   node bench/audit.ts --end-to-end [--pairs N] [--seconds S] [--connections N] [--format …]
 *
 * `--end-to-end` measures the pair behind real Envoys instead (`bench/audit-end-to-end.ts`).
 * One exchange is two decisions. `--gate` ends with 1 when a thousand decisions a second would take
 * more of one core than that.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { generateKeys, readPublicKeys } from "../src/audit/signing.ts";
import type { ManagedAuditSink } from "../src/audit/sink.ts";
import { expand, verifyFiles } from "../src/audit/verify-files.ts";
import { measureEndToEnd } from "./audit-end-to-end.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { type BenchFirewall, createBenchFirewall } from "./pipeline.ts";
import { openSignedLog } from "./signed-log.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import { exchangeOf } from "./traffic.ts";

const REQUEST_BYTES = 400;
const RESPONSE_BYTES = 600;
const DECISIONS_PER_EXCHANGE = 2;
const RATE = 1_000;
const WARM_UP = 2_000;
const NO_EVENT = Object.freeze({}) as never;
/** As the service: one turn of the event loop for so many exchanges that come together. */
const TOGETHER = 8;

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "10" },
    exchanges: { type: "string", default: "3000" },
    format: { type: "string", default: "text" },
    gate: { type: "string" },
    "end-to-end": { type: "boolean", default: false },
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "16" },
  },
});

const folder = await mkdtemp(join(tmpdir(), "impedance-bench-audit-"));
try {
  process.exitCode = values["end-to-end"] ? await endToEnd() : await main();
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Microseconds for one decision: of the clock, and of all threads' CPU time. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

async function main(): Promise<number> {
  const keys = generateKeys();
  const path = join(folder, "decisions.jsonl");
  const sink = openSignedLog(path, keys.privateKey);
  const off = await createBenchFirewall((real) => ({
    ...real,
    events: { ...real.events, build: () => NO_EVENT },
    audit: { record: () => true, omit: () => true },
  }));
  const on = await createBenchFirewall((real) => ({ ...real, audit: sink }));

  await run(off, null, WARM_UP);
  await run(on, sink, WARM_UP);
  const pairs: { readonly off: Cost; readonly on: Cost }[] = [];
  for (let round = 0; round < Number(values.pairs); round++)
    pairs.push(await pair(off, on, sink, round));

  await sink.close();
  const publicKeys = readPublicKeys(keys.publicKey);
  const options = { keys: publicKeys, isLive: false, isPartial: false };
  const verified = await timed(() => verifyFiles(expand(path), options));
  if (!verified.value.ok) throw new Error("the log that was written is not whole");
  return report(pairs, verified.value.lines / verified.seconds);
}

async function pair(off: BenchFirewall, on: BenchFirewall, sink: ManagedAuditSink, round: number) {
  const count = Number(values.exchanges);
  if (round % 2 === 0) {
    const first = await run(off, null, count);
    return { off: first, on: await run(on, sink, count) };
  }
  const first = await run(on, sink, count);
  return { off: await run(off, null, count), on: first };
}

async function run(
  firewall: BenchFirewall,
  sink: ManagedAuditSink | null,
  count: number,
): Promise<Cost> {
  const exchange = exchangeOf(REQUEST_BYTES, RESPONSE_BYTES);
  const bodies = {
    request: Buffer.from(exchange.request),
    response: Buffer.from(exchange.response),
  };
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let done = 0; done < count; done++) {
    await firewall.pass(bodies);
    if (done % TOGETHER === 0) await new Promise(setImmediate);
  }
  await sink?.settled();
  const { user, system } = process.cpuUsage(cpu);
  const decisions = count * DECISIONS_PER_EXCHANGE;
  const wall = ((performance.now() - start) * 1_000) / decisions;
  return { wall, cpu: (user + system) / decisions };
}

function report(
  pairs: readonly { readonly off: Cost; readonly on: Cost }[],
  verifiedPerSecond: number,
): number {
  const spread = (value: (pair: (typeof pairs)[number]) => number) => spreadOf(pairs.map(value));
  const figures = {
    decision_us: { off: spread(({ off }) => off.wall), on: spread(({ on }) => on.wall) },
    log_wall_us: spread(({ off, on }) => on.wall - off.wall),
    log_cpu_us: spread(({ off, on }) => on.cpu - off.cpu),
    /** Of one core, at a thousand decisions a second. */
    share_percent: spread(({ off, on }) => ((on.cpu - off.cpu) * RATE) / 1e4),
    verified_lines_per_second: Math.round(verifiedPerSecond),
  };
  if (values.format === "json") {
    process.stdout.write(`${JSON.stringify({ machine: describeMachine(), ...figures })}\n`);
  } else {
    process.stdout.write(text(figures));
  }
  const gate = values.gate === undefined ? Number.POSITIVE_INFINITY : Number(values.gate);
  return figures.share_percent.median <= gate ? 0 : 1;
}

async function endToEnd(): Promise<number> {
  const { pairs, seconds, connections, format } = values;
  const figures = await measureEndToEnd({
    rounds: Number(pairs),
    seconds: Number(seconds),
    connections: Number(connections),
    decisionsPerSecond: RATE,
  });
  if (format === "json") {
    process.stdout.write(`${JSON.stringify({ machine: describeMachine(), ...figures })}\n`);
    return 0;
  }
  const { calls_per_second: calls, cpu_us_per_call: cpu } = figures;
  const lines = [
    machineLine(describeMachine()),
    `${pairs} rounds of ${seconds} s each, ${connections} connections, ${REQUEST_BYTES} B / ${RESPONSE_BYTES} B`,
    `calls a second without the log     ${shown(calls.off, "")}`,
    `calls a second with the log        ${shown(calls.on, "")}`,
    `throughput that the log takes      ${shown(figures.lost_percent, "%")}`,
    `CPU of a call without the log      ${shown(cpu.off, "µs")}`,
    `CPU of a call with the log         ${shown(cpu.on, "µs")}`,
    `CPU that the log adds to a call    ${shown(figures.added_cpu_us_per_call, "µs")}`,
    `at ${RATE} decisions a second       ${shown(figures.share_percent, "% of one core")}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

function shown({ median, min, max }: Spread, unit: string): string {
  return `${median.toFixed(1)} ${unit} (${min.toFixed(1)} … ${max.toFixed(1)})`;
}

function text(figures: {
  readonly decision_us: { readonly off: Spread; readonly on: Spread };
  readonly log_wall_us: Spread;
  readonly log_cpu_us: Spread;
  readonly share_percent: Spread;
  readonly verified_lines_per_second: number;
}): string {
  return [
    machineLine(describeMachine()),
    `${values.pairs} pairs, ${values.exchanges} exchanges each, ${REQUEST_BYTES} B / ${RESPONSE_BYTES} B`,
    `a decision without the log   ${shown(figures.decision_us.off, "µs")}`,
    `a decision with the log      ${shown(figures.decision_us.on, "µs")}`,
    `the log, by the clock        ${shown(figures.log_wall_us, "µs")}`,
    `the log, CPU of all threads  ${shown(figures.log_cpu_us, "µs")}`,
    `at 1,000 decisions a second  ${shown(figures.share_percent, "% of one core")}`,
    `verified                     ${figures.verified_lines_per_second} lines a second`,
    "",
  ].join("\n");
}

async function timed<T>(task: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const start = performance.now();
  const value = await task();
  return { value, seconds: (performance.now() - start) / 1_000 };
}
