import type { Obligations } from "../core/policy.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import { type InputRequest, inputRequestsOf } from "../mcp/message/input-requests.ts";
import { SUBSCRIBE, type Subscription, subscriptionsOf } from "../mcp/message/subscriptions.ts";
import type { Dependencies } from "./dependencies.ts";
import { type Cleaned, leavesOf } from "./layer1.ts";
import { type Decision, decide, refused } from "./layer2.ts";
import { record } from "./record.ts";
import type { Scene } from "./scene.ts";
import { hideName } from "./unknown-name.ts";

/**
 * Layer 2's word on a message, and on every request inside it: what a server asks of the client
 * (design.md §4), and the resources that a client subscribes to. Each of those is judged as if it
 * had come by itself, and one that is denied denies the whole, since the other side would take all
 * of them or none. `at` is where the message stands in its document, for the pointers of its
 * findings.
 */
export function decideAll(
  cleaned: Cleaned,
  at: string,
  scene: Scene,
  dependencies: Dependencies,
): Decision {
  const decision = decide(cleaned, scene, dependencies);
  if (!decision.allow) return decision;
  const { parts, unreadable } = innerOf(cleaned, scene, dependencies);
  // FAIL CLOSED: what we cannot read, the other side may read all the same.
  if (parts === null) {
    const { decisionId, input, policyRevision } = decision;
    return refused(decisionId, unreadable, input, policyRevision);
  }
  if (parts.length === 0) return decision;
  return parts.reduce((whole, request) => {
    const part = partOf(cleaned, at, request);
    // Its findings are on record with the message around it, and count once.
    const entry = { findings: [], receipts: [], scene, timings: null };
    const decided = hideName(decide(part, scene, dependencies), part, scene, dependencies);
    return both(whole, record({ ...entry, decision: decided }, dependencies), placeOf(request));
  }, decision);
}

interface Inner {
  /** Null when they cannot be read. */
  readonly parts: readonly (InputRequest | Subscription)[] | null;
  readonly unreadable: RefusalCode;
}

function innerOf({ message }: Cleaned, { direction }: Scene, { limits }: Dependencies): Inner {
  const { batchMaxMessages } = limits;
  return direction === "request"
    ? {
        parts: subscriptionsOf(message, batchMaxMessages),
        unreadable: "subscriptions_unreadable",
      }
    : { parts: inputRequestsOf(message, batchMaxMessages), unreadable: "input_request_unreadable" };
}

/** The request by itself, with what was found in it. */
function partOf(cleaned: Cleaned, at: string, { message, pointer }: InputRequest): Cleaned {
  const prefix = `${at}${pointer}`;
  const findings = cleaned.findings
    .filter((finding) => finding.at.startsWith(`${prefix}/`))
    .map((finding) => ({ ...finding, at: finding.at.slice(prefix.length) }));
  const leaves = leavesOf(message, { leaves: cleaned.leaves, batch: true });
  return { ...cleaned, message, leaves, findings };
}

/** Where in the whole message a pointer into the part leads. */
type Place = (pointer: string) => string;

/** Of a subscription nothing but the URI is there. */
function placeOf({ message, pointer: at }: InputRequest): Place {
  const isSubscription = message.method === SUBSCRIBE;
  return (pointer) => (isSubscription && pointer === "/params/uri" ? at : `${at}${pointer}`);
}

function both(whole: Decision, part: Decision, place: Place): Decision {
  const { allow, reasons, told, rpcCode, httpStatus } = part;
  if (!allow) {
    const denial = { allow, reasons, rpcCode, httpStatus, ...(told === undefined ? {} : { told }) };
    return whole.allow ? { ...whole, ...denial } : whole;
  }
  return { ...whole, obligations: withThose(whole.obligations, part.obligations, place) };
}

function withThose(whole: Obligations, part: Obligations, place: Place): Obligations {
  return {
    ...whole,
    redact: [...whole.redact, ...part.redact.map(place)],
    remove: [...whole.remove, ...part.remove.map(place)],
  };
}
