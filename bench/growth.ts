import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import type { BenchFirewall } from "./pipeline.ts";
import { exchangeWith } from "./traffic.ts";

/** What a process holds, garbage aside. */
export interface Held {
  readonly heapMib: number;
  readonly rssMib: number;
  readonly wasmMib: number;
  /** Timers, sockets, files: whatever keeps a process alive. */
  readonly handles: number;
}

export interface Growth {
  readonly calls: number;
  readonly before: Held;
  readonly after: Held;
}

const MEBIBYTE = 2 ** 20;
const memories: WeakRef<WebAssembly.Memory>[] = [];

/** From here on; a policy that is loaded before is not counted. */
export function watchWasmMemory(): void {
  WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
    construct(target, args, newTarget) {
      const memory: WebAssembly.Memory = Reflect.construct(target, args, newTarget);
      memories.push(new WeakRef(memory));
      return memory;
    },
  });
}

/** What `calls` exchanges leave behind, after as many as it takes to warm up; no two are alike. */
export async function measureGrowth(
  firewall: BenchFirewall,
  { warmUp, calls, every = calls, onHeld = () => undefined }: Course,
): Promise<Growth> {
  const collect = garbageCollector();
  await pass(firewall, 0, warmUp);
  const before = await held(collect);
  onHeld(0, before);
  let after = before;
  for (let done = 0; done < calls; ) {
    const next = Math.min(every, calls - done);
    await pass(firewall, warmUp + done, next);
    done += next;
    after = await held(collect);
    onHeld(done, after);
  }
  return { calls, before, after };
}

/** How many calls, and after how many of them it is looked at what is held. */
export interface Course {
  readonly warmUp: number;
  readonly calls: number;
  readonly every?: number;
  readonly onHeld?: (calls: number, held: Held) => void;
}

async function pass(firewall: BenchFirewall, first: number, count: number): Promise<void> {
  for (let call = first; call < first + count; call += 1) {
    const { request, response } = exchangeWith({
      title: `Day ${call}`,
      text: "of the list ".repeat(20),
    });
    await firewall.pass({ request: Buffer.from(request), response: Buffer.from(response) });
  }
}

async function held(collect: () => void): Promise<Held> {
  // What finalizers free is garbage of the next round.
  for (let round = 0; round < 3; round += 1) {
    collect();
    await new Promise(setImmediate);
  }
  const { heapUsed, rss } = process.memoryUsage();
  const wasm = memories.reduce((sum, ref) => sum + (ref.deref()?.buffer.byteLength ?? 0), 0);
  return {
    heapMib: heapUsed / MEBIBYTE,
    rssMib: rss / MEBIBYTE,
    wasmMib: wasm / MEBIBYTE,
    handles: process.getActiveResourcesInfo().length,
  };
}

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("this Node does not show its collector");
  return () => collect();
}
