import { member, stringMember } from "../../core/json.ts";
import type { Message } from "../../core/message.ts";
import { decodeTraceparent, type TraceParent } from "../../core/trace.ts";

/**
 * What the first message that has one says of its trace: `params._meta.traceparent` (SEP-414). The
 * client's word, as good as its other headers.
 */
export function traceIn(messages: readonly Message[]): TraceParent | null {
  for (const { node } of messages) {
    const meta = member(member(node, "params"), "_meta");
    const parent = decodeTraceparent(stringMember(meta, "traceparent"));
    if (parent !== null) return parent;
  }
  return null;
}
