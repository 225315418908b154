/**
 * `npm run bench:growth`: what a million calls leave behind in the process, once all that is bounded
 * is full: heap, memory of the policy, handles. `npm run bench:short` has the short form for CI.
 *
 *   node bench/growth-long.ts [--calls N] [--warm-up N] [--every N]
 */

import { parseArgs } from "node:util";

import { type Held, measureGrowth, watchWasmMemory } from "./growth.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { createBenchFirewall } from "./pipeline.ts";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "1000000" },
    "warm-up": { type: "string", default: "10000" },
    every: { type: "string", default: "100000" },
  },
});

watchWasmMemory();
console.log(`${machineLine(describeMachine())}\n`);
console.log("| calls | heap, MiB | RSS, MiB | WebAssembly, MiB | handles |");
console.log("|--:|--:|--:|--:|--:|");
await measureGrowth(await createBenchFirewall(), {
  warmUp: Number(values["warm-up"]),
  calls: Number(values.calls),
  every: Number(values.every),
  onHeld: (calls, held) => console.log(row(calls, held)),
});

function row(calls: number, { heapMib, rssMib, wasmMib, handles }: Held): string {
  const sizes = [heapMib, rssMib, wasmMib].map((mib) => mib.toFixed(2));
  return `| ${[calls, ...sizes, handles].join(" | ")} |`;
}
