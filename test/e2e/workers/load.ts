import { setTimeout as delay } from "node:timers/promises";
import { openCall } from "../../support/client.ts";
import { canary, endingOf, toolCall, toolResult } from "../../support/faulty-firewall.ts";
import type { Gateway } from "../../support/gateway.ts";

/** What became of calls that were made one after the other, by several at once. */
export interface Load {
  readonly calls: number;
  /** Status and end of each that was not answered as it should. */
  readonly failures: readonly string[];
  /** Answers with the text of another call, or that let through what they should not. */
  readonly wrong: number;
  readonly slowestMs: number;
  stop(): Promise<void>;
}

/** Longer than a worker that leaves has for what is open: what hangs there is told from what waits. */
const END_DEADLINE_MS = 30_000;

/** Of a caller between two calls: other tests need the machine too. */
const PAUSE_MS = 25;

/** Calls through the gateway, `at` a time, until it is told to stop. */
export function startLoad(gateway: Gateway, at: number): Load {
  const load = { calls: 0, failures: [] as string[], wrong: 0, slowestMs: 0, isOver: false };
  const callOn = async (): Promise<void> => {
    while (!load.isOver) {
      const text = canary();
      const began = performance.now();
      const body = toolCall(text);
      const ending = await endingOf(
        openCall(gateway, { path: "/mcp", body }),
        END_DEADLINE_MS,
      ).catch(() => null);
      load.slowestMs = Math.max(load.slowestMs, performance.now() - began);
      load.calls += 1;
      if (ending === null) load.failures.push(`no end in ${END_DEADLINE_MS} ms`);
      else if (ending.status !== 200)
        load.failures.push(`${ending.status} ${ending.ended} ${ending.text.slice(0, 300)}`);
      else if (!ending.received.includes(text)) load.wrong += 1;
      await delay(PAUSE_MS);
    }
  };
  const all = Array.from({ length: at }, callOn);
  return {
    get calls() {
      return load.calls;
    },
    failures: load.failures,
    get wrong() {
      return load.wrong;
    },
    get slowestMs() {
      return load.slowestMs;
    },
    async stop() {
      load.isOver = true;
      await Promise.all(all);
    },
  };
}

/** The server's side of it: says what it was told. */
export function echo(body: string): object {
  const asked = JSON.parse(body) as { params: { arguments: { text?: string } } };
  return toolResult(JSON.stringify(asked.params.arguments));
}
