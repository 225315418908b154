import { decodeMask } from "../audit/mask-policy.ts";
import type { DecisionEvent } from "../core/audit.ts";
import type { PolicyEngine } from "../core/ports.ts";

/** An event without a message, as an exchange leaves it that ends before a policy is asked. */
const EXAMPLE: DecisionEvent = {
  decision_id: "example",
  timestamp: "1970-01-01T00:00:00.000Z",
  labels: {},
  bundles: {},
  path: "mcp/firewall/decision",
  input: { server: { id: "example" } },
  result: { allow: false, reasons: [] },
  erased: [],
  masked: [],
  request_id: null,
  trace_id: null,
  findings: [],
  edits: [],
  metrics: {},
};

/**
 * What is wrong with the mask of a policy, as far as one event can tell; null for nothing. Asked at
 * load, so that a mask that is always malformed is refused there, and not with each message.
 */
export function maskFault({ mask }: PolicyEngine): string | null {
  const answer = mask?.(EXAMPLE);
  if (answer === undefined) return null;
  if (!answer.ok) return `data.system.log.mask: ${answer.error.detail}`;
  const rules = decodeMask(answer.value);
  if (rules.ok) return null;
  return (
    `data.system.log.mask: ${rules.error} is none: it is a set of pointers below /input and ` +
    "/result, or of {op: remove | upsert, path, value}; /result/allow stays as it is"
  );
}
