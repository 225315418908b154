import type { Obligations } from "../core/policy.ts";
import { type InputRequest, inputRequestsOf } from "../mcp/message/input-requests.ts";
import type { Dependencies } from "./dependencies.ts";
import { type Cleaned, leavesOf } from "./layer1.ts";
import { type Decision, decide, refused } from "./layer2.ts";
import { record } from "./record.ts";
import type { Scene } from "./scene.ts";

/**
 * Layer 2's word on a message, and on every request that a server put inside it (design.md §4):
 * each of those is judged as if it had come by itself, and one that is denied denies the whole,
 * since the client would answer all of them or none. `at` is where the message stands in its
 * document, for the pointers of its findings.
 */
export function decideAll(
  cleaned: Cleaned,
  at: string,
  scene: Scene,
  dependencies: Dependencies,
): Decision {
  const decision = decide(cleaned, scene, dependencies);
  if (scene.direction === "request" || !decision.allow) return decision;
  const asked = inputRequestsOf(cleaned.message, dependencies.limits.batchMaxMessages);
  // FAIL CLOSED: what we cannot read, the client may read all the same.
  if (asked === null) {
    const { decisionId, input, policyRevision } = decision;
    return refused(decisionId, "input_request_unreadable", input, policyRevision);
  }
  return asked.reduce((whole, request) => {
    const part = partOf(cleaned, at, request);
    // Its findings are on record with the message around it, and count once.
    const entry = { findings: [], receipts: [], scene, timings: {} };
    const decided = decide(part, scene, dependencies);
    return both(whole, record({ ...entry, decision: decided }, dependencies), request.pointer);
  }, decision);
}

/** The request by itself, with what was found in it. */
function partOf(cleaned: Cleaned, at: string, { message, pointer }: InputRequest): Cleaned {
  const prefix = `${at}${pointer}`;
  const findings = cleaned.findings
    .filter((finding) => finding.at.startsWith(`${prefix}/`))
    .map((finding) => ({ ...finding, at: finding.at.slice(prefix.length) }));
  return { ...cleaned, message, leaves: leavesOf(message, cleaned.leaves, true), findings };
}

function both(whole: Decision, part: Decision, pointer: string): Decision {
  const { allow, reasons, rpcCode, httpStatus } = part;
  if (!allow) return whole.allow ? { ...whole, allow, reasons, rpcCode, httpStatus } : whole;
  return { ...whole, obligations: withThose(whole.obligations, part.obligations, pointer) };
}

function withThose(whole: Obligations, part: Obligations, pointer: string): Obligations {
  const moved = (pointers: readonly string[]) => pointers.map((each) => `${pointer}${each}`);
  return {
    ...whole,
    redact: [...whole.redact, ...moved(part.redact)],
    remove: [...whole.remove, ...moved(part.remove)],
  };
}
