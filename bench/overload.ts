/**
 * What is left of the capacity when three times as much comes, and what becomes of the memory:
 *
 *   npm run bench:overload [-- --times N] [--rounds N] [--seconds S] [--connections N]
 *
 * Capacity is what a closed loop gets through. Then calls come in an open loop, so many a second
 * whatever becomes of those before; each must be answered by 200 or 503. Goodput is how many of
 * them a second were answered by 200.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { closedLoop, flood, writeScript } from "./generators.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { factsOf } from "./process-facts.ts";
import { quantile } from "./statistics.ts";
import { exchangeOf, padded } from "./traffic.ts";
import { startWays, type Way } from "./ways.ts";

const { values } = parseArgs({
  options: {
    times: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "8" },
    connections: { type: "string", default: "32" },
  },
});

const EXCHANGE = exchangeOf(400, 600);
const WARM_UP_SECONDS = 4;
const HEAD =
  "capacity, p99 closed, sent/s, good/s, ratio, shed, others, good p50/p99/max, shed p50/p99/max, rss, cpu s";

const folder = await mkdtemp(join(tmpdir(), "impedance-bench-"));
try {
  await main();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  await using ways = await startWays({
    upstream: { script: "upstream.ts", env: { BENCH_RESPONSE: EXCHANGE.response } },
    ...{ names: ["impedance"], peers: [], concurrency: 1 },
  });
  const [way] = ways.started;
  if (way === undefined) throw new Error("the service did not start");
  const script = await writeScript(folder, "padded", {
    request: EXCHANGE.request,
    response: padded(EXCHANGE.response),
  });
  const load = { connections: Number(values.connections), seconds: Number(values.seconds) };
  await closedLoop(way.url, script, { ...load, seconds: WARM_UP_SECONDS });
  console.log(`${machineLine(describeMachine())}\n`);
  console.log(HEAD);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const closed = await closedLoop(way.url, script, load);
    const capacity = closed.calls / closed.seconds;
    const before = rssOf(way);
    const cpu = factsOf(way.service ?? 0)?.cpuUs ?? 0;
    const { answers, seconds } = await flood(way.url, script, {
      rate: capacity * Number(values.times),
      seconds: load.seconds,
    });
    const used = ((factsOf(way.service ?? 0)?.cpuUs ?? 0) - cpu) / 1e6;
    const good = answers.filter(({ status }) => status === 200);
    const shed = answers.filter(({ status }) => status === 503);
    const others = answers.length - good.length - shed.length;
    const cells = [
      capacity.toFixed(0),
      closed.p99Ms.toFixed(1),
      (answers.length / seconds).toFixed(0),
      (good.length / seconds).toFixed(0),
      (good.length / seconds / capacity).toFixed(2),
      shed.length,
      others,
      timesOf(good),
      timesOf(shed),
      `${before} → ${rssOf(way)}`,
      used.toFixed(1),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

function timesOf(answers: readonly { readonly ms: number }[]): string {
  const times = Float64Array.from(answers, ({ ms }) => ms).sort();
  return [0.5, 0.99, 1].map((part) => quantile(times, part).toFixed(1)).join(" / ");
}
function rssOf(way: Way): number {
  return Math.round((factsOf(way.service ?? 0)?.rssKib ?? 0) / 1_024);
}
