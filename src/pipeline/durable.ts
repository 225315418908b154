import type { Exchange, Firewall, Verdict } from "../core/exchange.ts";
import { around } from "./around.ts";

/** Resolves to whether all decisions so far are on the disk. */
export type Settled = () => Promise<boolean>;

/**
 * A firewall whose word stands once the disk has it (`audit.sync`). FAIL CLOSED: what passes waits
 * for its decision, and does not pass when that cannot be written. Refusals do not wait: who is
 * refused gets nothing that would have to be vouched for.
 */
export function createDurableFirewall(firewall: Firewall, settled: Settled): Firewall {
  return { open: (head) => durable(firewall.open(head), settled) };
}

function durable(exchange: Exchange, settled: Settled): Exchange {
  const stands = async (verdict: Verdict): Promise<Verdict> => {
    if (verdict.kind === "deny" || (await settled())) return verdict;
    return { kind: "deny", denial: exchange.abort("audit_unavailable") };
  };
  return around(exchange, {
    request: async (body) => stands(await exchange.request(body)),
    response: async (body) => stands(await exchange.response(body)),
    streamChunk: async (chunk, last) => {
      const output = await exchange.streamChunk(chunk, last);
      if (output.bytes.length === 0 || (await settled())) return output;
      return { bytes: exchange.abortStream("audit_unavailable"), end: true };
    },
  });
}
