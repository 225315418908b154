/**
 * A guard plugin: takes the numbers of an organisation's own tickets (`ACME-1234`) out of what
 * servers send, and reports those that clients send. In impedance.yaml:
 *
 *     plugins:
 *       - module: ./guard-plugin.ts
 *         options: { prefix: ACME }
 *
 * `createGuard` runs once, at start; what it throws is told to the operator, and nothing starts.
 * The guard is then asked about every string: it must not throw and must take linear time.
 */
import type { Hit } from "../../src/core/finding.ts";
import type { Guard } from "../../src/core/ports.ts";

export function createGuard(options: unknown): Guard {
  const pattern = new RegExp(`\\b${prefixOf(options)}-[0-9]{1,9}\\b`, "g");

  function hitsIn(text: string, replacement: string | null): readonly Hit[] {
    return Array.from(text.matchAll(pattern), ({ index, 0: ticket }) => ({
      kind: "ticket",
      severity: "low" as const,
      start: index,
      end: index + ticket.length,
      replacement,
    }));
  }

  return {
    name: "tickets",
    // `place` tells where the text stands: server, tool, method, session and direction.
    request: ({ text }, place) => (place.method === "tools/call" ? hitsIn(text, null) : []),
    response: ({ text }) => hitsIn(text, "[TICKET]"),
  };
}

function prefixOf(options: unknown): string {
  const prefix =
    typeof options === "object" && options !== null && "prefix" in options ? options.prefix : null;
  if (typeof prefix !== "string" || !/^[A-Z]{1,16}$/.test(prefix)) {
    throw new TypeError("options.prefix is up to 16 capital letters");
  }
  return prefix;
}
