/**
 * What the decision log costs behind a real Envoy: two services that differ in the log alone, each
 * with an Envoy of its own, in front of one server. Each round measures both, every second round the
 * other one first: as many calls as go through, and calls at a fixed rate, for the CPU time of each.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import autocannon from "autocannon";

import { verifyFiles } from "../src/audit/verify-files.ts";
import { locateEnvoy } from "../src/cli/envoy/locate.ts";
import { startEnvoy } from "../src/cli/envoy/process.ts";
import { cpuUsOf } from "./process-facts.ts";
import { configurationOf, endOf, startScript } from "./processes.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import { type Exchange, exchangeOf, padded } from "./traffic.ts";

export interface EndToEndOptions {
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  readonly connections: number;
  /** Decisions a second, of the measurement at a fixed rate; a call is two of them. */
  readonly decisionsPerSecond: number;
}

type Way = "off" | "on";

/** One way, one round. */
interface Sample {
  readonly callsPerSecond: number;
  /** Of the service and all its threads, microseconds a call. */
  readonly cpu: number;
}

export interface EndToEnd {
  readonly calls_per_second: { readonly [way in Way]: Spread };
  /** Of throughput, by rounds: what the log takes of the calls that went through without it. */
  readonly lost_percent: Spread;
  readonly cpu_us_per_call: { readonly [way in Way]: Spread };
  /** At the fixed rate, by rounds: what the log adds to the service's CPU time. */
  readonly added_cpu_us_per_call: Spread;
  /** The same as a share of one core, at that rate. */
  readonly share_percent: Spread;
}

interface Service {
  readonly url: string;
  cpu(): number;
}

const DECISIONS_PER_CALL = 2;
const WARM_UP_SECONDS = 3;

export async function measureEndToEnd(options: EndToEndOptions): Promise<EndToEnd> {
  const exchange = exchangeOf(400, 600);
  const folder = await mkdtemp(join(tmpdir(), "impedance-bench-"));
  await using running = new AsyncDisposableStack();
  running.defer(() => rm(folder, { recursive: true, force: true }));
  const upstream = await startScript("upstream.ts", [], { BENCH_RESPONSE: exchange.response });
  running.defer(() => endOf(upstream.child));
  const log = join(folder, "decisions.jsonl");
  const services: { [way in Way]?: Service } = {};
  const url = `http://127.0.0.1:${upstream.firstLine}/mcp`;
  for (const way of ["off", "on"] as const) {
    const socket = join(folder, `${way}.sock`);
    const service = await startScript("logged-service.ts", [socket, way === "on" ? log : "off"]);
    running.defer(() => endOf(service.child));
    const configuration = await configurationOf(url, socket, true);
    const quiet = () => undefined;
    const envoy = await startEnvoy({
      ...{ binary: locateEnvoy(), configuration, concurrency: 1, log: quiet },
    });
    running.defer(() => envoy.stop());
    services[way] = {
      url: `http://${envoy.listener.host}:${envoy.listener.port}/mcp`,
      cpu: () => cpuUsOf(service.child.pid),
    };
  }
  const { off, on } = services;
  if (off === undefined || on === undefined) throw new Error("both services run");
  const found = await measure({ off, on }, exchange, options);
  // A long run rotates: what came before this file stands in another one.
  const verified = await verifyFiles([log], { keys: null, isLive: true, isPartial: true });
  if (!verified.ok) throw new Error("the log that was written is not whole");
  return found;
}

async function measure(
  services: { readonly [way in Way]: Service },
  exchange: Exchange,
  { rounds, seconds, connections, decisionsPerSecond }: EndToEndOptions,
): Promise<EndToEnd> {
  const order: Way[] = ["off", "on"];
  const full: { readonly [way in Way]: Sample[] } = { off: [], on: [] };
  const fixed: { readonly [way in Way]: Sample[] } = { off: [], on: [] };
  const rate = decisionsPerSecond / DECISIONS_PER_CALL;
  for (const way of order) await load(services[way], exchange, connections, WARM_UP_SECONDS, null);
  for (let round = 0; round < rounds; round++) {
    for (const way of order) {
      full[way].push(await load(services[way], exchange, connections, seconds, null));
      fixed[way].push(await load(services[way], exchange, connections, seconds, rate));
    }
    console.error(`round ${round + 1} of ${rounds}`);
    order.reverse();
  }
  const ofPairs = (samples: typeof full, value: (off: Sample, on: Sample) => number): Spread =>
    spreadOf(samples.off.map((off, index) => value(off, samples.on[index] ?? off)));
  const each = (samples: typeof full, value: (sample: Sample) => number) => ({
    off: spreadOf(samples.off.map(value)),
    on: spreadOf(samples.on.map(value)),
  });
  return {
    calls_per_second: each(full, (sample) => sample.callsPerSecond),
    lost_percent: ofPairs(full, (off, on) => (1 - on.callsPerSecond / off.callsPerSecond) * 100),
    cpu_us_per_call: each(fixed, (sample) => sample.cpu),
    added_cpu_us_per_call: ofPairs(fixed, (off, on) => on.cpu - off.cpu),
    share_percent: ofPairs(fixed, (off, on) => ((on.cpu - off.cpu) * rate) / 1e4),
  };
}

/** Every answer is compared with the one that must come. */
async function load(
  { url, cpu }: Service,
  { request, response }: Exchange,
  connections: number,
  duration: number,
  rate: number | null,
): Promise<Sample> {
  const before = cpu();
  const result = await autocannon({
    ...{ url, method: "POST", body: request, connections, duration, expectBody: padded(response) },
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    ...(rate === null ? {} : { overallRate: rate }),
  });
  const { non2xx, mismatches, errors, timeouts } = result;
  const calls = result["2xx"];
  if (non2xx + mismatches + errors + timeouts > 0 || calls === 0) {
    throw new Error(`wrong answers: ${JSON.stringify({ non2xx, mismatches, errors, timeouts })}`);
  }
  return { callsPerSecond: calls / result.duration, cpu: (cpu() - before) / calls };
}
