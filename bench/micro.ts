/**
 * `npm run bench:micro`: what one exchange costs inside the process, by phase, without a network:
 * the real pipeline with the default guards, a policy that allows the tool, and the decision log
 * up to its line of text. A request and its answer count as one exchange.
 *
 *   node bench/micro.ts [--seconds S] [--save FILE] [--format text|json]
 *
 * `layers` is reading and Layers 1 and 2 together: what a message has to wait for. Below the table,
 * one decision of the policy, on an input with every fact and 1 KB of arguments: its evaluation in
 * WebAssembly, all of it, then remembered, then with its input built. Last, what it costs to filter a
 * listing: cold, when the policy has to be asked about each tool, and warm, when it was asked a moment
 * ago.
 *
 * Figures are printed, and nothing is asserted but that every byte passes unchanged.
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { describeMachine, machineLine } from "./machine.ts";
import { createBenchFirewall, PHASES, type Phase } from "./pipeline.ts";
import { type Evaluation, measureEvaluation } from "./policy-evaluation.ts";
import { quantile } from "./statistics.ts";
import { type Exchange, exchangeOf, listingOf } from "./traffic.ts";

const SIZES = [
  { name: "400 B / 600 B", request: 400, response: 600 },
  { name: "4 KiB / 4 KiB", request: 4_096, response: 4_096 },
  { name: "64 KiB / 64 KiB", request: 65_536, response: 65_536 },
  { name: "1 MB / 1 MB", request: 1_000_000, response: 1_000_000 },
] as const;

const WARM_UP_EXCHANGES = 1_500;
/** Large bodies are slow, and warm soon. */
const WARM_UP_BYTES_MAX = 200_000_000;
const LISTED_TOOLS_COUNT = 500;
/** How often one listing is asked for again: clients do so within the five seconds. */
const WARM_LISTINGS = 10;
const LISTING_ROUNDS = 60;

type Column = Phase | "layers" | "all";

const COLUMNS: readonly Column[] = [...PHASES, "layers", "all"];

/** Microseconds. */
interface Row {
  readonly size: string;
  readonly exchanges: number;
  readonly p50: { readonly [column in Column]: number };
  readonly p99: { readonly [column in Column]: number };
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    save: { type: "string" },
    format: { type: "string", default: "text" },
  },
});

const rows: Row[] = [];
for (const size of SIZES) rows.push(await measure(size));
print(rows, await measureEvaluation(Number(values.seconds)), await measureListing());

async function measure({ name, request, response }: (typeof SIZES)[number]): Promise<Row> {
  const exchange = exchangeOf(request, response);
  const bodies = bytesOf(exchange);
  const firewall = await createBenchFirewall();
  const warmUp = Math.min(WARM_UP_EXCHANGES, WARM_UP_BYTES_MAX / (request + response));
  for (let count = 0; count < warmUp; count += 1) await firewall.pass(bodies);

  const columns = new Map<Column, number[]>(COLUMNS.map((name) => [name, []]));
  const end = performance.now() + Number(values.seconds) * 1_000;
  let exchanges = 0;
  for (; performance.now() < end; exchanges += 1) {
    const { phases, all } = await firewall.pass(bodies);
    columns.get("all")?.push(all);
    columns.get("layers")?.push(phases.read + phases.guard + phases.policy);
    for (const phase of PHASES) columns.get(phase)?.push(phases[phase]);
  }
  return { size: name, exchanges, p50: shares(columns, 0.5), p99: shares(columns, 0.99) };
}

/** Milliseconds of the policy's phase, and of everything; medians. */
interface Listing {
  readonly cold: number;
  readonly warm: number;
  readonly warmAll: number;
}

async function measureListing(): Promise<Listing> {
  const firewall = await createBenchFirewall();
  const [cold, warm, warmAll]: [number[], number[], number[]] = [[], [], []];
  for (let edition = 0; edition < LISTING_ROUNDS; edition += 1) {
    const bodies = bytesOf(listingOf(LISTED_TOOLS_COUNT, edition));
    cold.push((await firewall.pass(bodies)).phases.policy);
    for (let again = 0; again < WARM_LISTINGS; again += 1) {
      const { phases, all } = await firewall.pass(bodies);
      warm.push(phases.policy);
      warmAll.push(all);
    }
  }
  const median = (samples: readonly number[]) => quantile(Float64Array.from(samples).sort(), 0.5);
  return { cold: median(cold), warm: median(warm), warmAll: median(warmAll) };
}

function bytesOf({ request, response }: Exchange) {
  return { request: Buffer.from(request), response: Buffer.from(response) };
}

function shares(columns: ReadonlyMap<Column, number[]>, share: number): Row["p50"] {
  const entries = [...columns].map(([name, samples]) => {
    const microseconds = quantile(Float64Array.from(samples).sort(), share) * 1_000;
    return [name, Math.round(microseconds * 10) / 10];
  });
  return Object.fromEntries(entries) as Row["p50"];
}

function print(measured: readonly Row[], evaluation: Evaluation, listing: Listing): void {
  const machine = describeMachine();
  const result = { machine, seconds: Number(values.seconds), rows: measured, evaluation, listing };
  if (values.save !== undefined) writeFileSync(values.save, `${JSON.stringify(result)}\n`);
  if (values.format === "json") {
    console.log(JSON.stringify(result, null, 2));
    return;
  }
  console.log(machineLine(machine));
  console.log("µs for a request and its answer, one after the other: p50 (p99)\n");
  console.log(`| request / answer | ${COLUMNS.join(" | ")} | exchanges |`);
  console.log(`|---|${"--:|".repeat(COLUMNS.length + 1)}`);
  for (const { size, exchanges, p50, p99 } of measured) {
    const cells = COLUMNS.map((name) => `${p50[name].toFixed(1)} (${p99[name].toFixed(1)})`);
    console.log(`| ${size} | ${cells.join(" | ")} | ${exchanges} |`);
  }
  const { bytes, evaluate, decide, decideAgain, buildAndDecideAgain } = evaluation;
  const quantiles = ({ p50, p99 }: Evaluation["decide"]) => `${p50.toFixed(1)} (${p99.toFixed(1)})`;
  console.log(
    `\none evaluation of the policy in WebAssembly, on an input of ${bytes} B, µs: ${quantiles(evaluate)}; ` +
      `a decision with it, never asked before: ${quantiles(decide)}; again, remembered: ${quantiles(decideAgain)}, with its input built ${quantiles(buildAndDecideAgain)}`,
  );
  const { cold, warm, warmAll } = listing;
  console.log(
    `\na listing of ${LISTED_TOOLS_COUNT} tools, ms for the policy: cold ${cold.toFixed(2)}, warm ${warm.toFixed(2)}` +
      ` (the whole exchange, warm: ${warmAll.toFixed(2)})`,
  );
}
