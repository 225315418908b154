import type { Headers } from "../core/exchange.ts";

/** Which layers looked at the message. */
const LAYERS = "L1,L2";

/** Many servers and clients read `-` and `_` in a header's name as one. */
const FORGED = /^x[-_]zta[-_]/;
const LETTER_X = 0x78;

export type Outcome = "allow" | "deny" | "redact";

/** Headers towards the server (design.md §7). */
export function serverHeaders(decisionId: string, revision: string): [string, string][] {
  return [
    ["x-zta-security-layer", LAYERS],
    ["x-zta-decision-id", decisionId],
    ["x-zta-policy", revision],
  ];
}

/** Headers towards the client; the time is ours alone, in whole microseconds. */
export function clientHeaders(
  decisionId: string,
  revision: string,
  outcome: Outcome,
  milliseconds: number,
): [string, string][] {
  return [
    ["x-zta-security-layer", LAYERS],
    ["x-zta-decision-id", decisionId],
    ["x-zta-policy", revision],
    ["x-zta-decision", outcome],
    ["x-zta-processing-time", String(Math.round(milliseconds * 1000))],
  ];
}

/** What the other side claims to be ours: each is removed, or overwritten by the real one. */
export function forgedHeaders(headers: Headers): string[] {
  const forged: string[] = [];
  for (const name of headers.keys()) {
    if (name.charCodeAt(0) === LETTER_X && FORGED.test(name)) forged.push(name);
  }
  return forged;
}

/** Names to be removed, but for those that are set: Envoy removes after it sets. */
export function except(
  names: readonly string[],
  set: readonly (readonly [name: string, value: string])[],
): string[] {
  if (names.length === 0) return [];
  return names.filter((name) => !set.some(([other]) => other === name));
}
